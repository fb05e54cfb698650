using System.Diagnostics;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace CsiTcmu.Grpc;

/// <summary>Sets Grpc.AspNetCore up.</summary>
internal static class OfficialServer
{
    /// <summary>Makes what it needs.</summary>
    /// <param name="options">The limits, and the log.</param>
    /// <param name="interceptor">Runs around every call.</param>
    /// <returns>To be disposed after Kestrel.</returns>
    public static ServiceProvider MakeServices(GrpcServerOptions options, CallInterceptor interceptor)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(options.LoggerFactory);
        // Routing writes its diagnostics there; a web host would bring it.
        services.AddSingleton<DiagnosticListener>(_ => new DiagnosticListener("CsiTcmu.Grpc"));
        services.AddSingleton(interceptor);
        services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = options.MaxReceiveMessageSize;
            grpc.MaxSendMessageSize = options.MaxSendMessageSize;
            grpc.Interceptors.Add<CallInterceptor>();
        });
        // A message is unpacked without a limit, so that a small request could take all memory.
        services.PostConfigure<GrpcServiceOptions>(grpc => grpc.CompressionProviders.Clear());
        return services.BuildServiceProvider();
    }

    /// <summary>Maps services.</summary>
    /// <param name="services">What <see cref="MakeServices"/> made.</param>
    /// <param name="definitions">The services, bound.</param>
    /// <returns>Serves a request.</returns>
    /// <exception cref="InvalidOperationException">Two services serve the same method.</exception>
    public static RequestDelegate Map(IServiceProvider services, IEnumerable<ServerServiceDefinition> definitions)
    {
        var pipeline = new ApplicationBuilder(services);
        pipeline.UseRouting();
        pipeline.UseEndpoints(routes =>
        {
            foreach (var definition in definitions)
                routes.MapGrpcService(definition);
            CheckUnique(routes);
        });
        return pipeline.Build();
    }

    private static void CheckUnique(IEndpointRouteBuilder routes)
    {
        var methods = new HashSet<string>(StringComparer.Ordinal);
        foreach (var endpoint in routes.DataSources.SelectMany(source => source.Endpoints))
        {
            if (endpoint.Metadata.GetMetadata<GrpcMethodMetadata>() is { } method && !methods.Add(method.Method.FullName))
                throw new InvalidOperationException($"Method {method.Method.FullName} is served twice.");
        }
    }
}
