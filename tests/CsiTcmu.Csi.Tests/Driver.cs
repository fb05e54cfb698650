using System.Reflection;
using CsiTcmu.Grpc;
using CsiTcmu.TestClient;
using CsiTcmu.Volumes;
using Google.Protobuf;
using Grpc.Core;

namespace CsiTcmu.Csi.Tests;

/// <summary>The services on a real server on a socket of their own, with a client.</summary>
internal sealed class Driver : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("csi-").FullName;
    private readonly GrpcServer _server;

    private Driver(Action<GrpcServer, Func<bool>> register)
    {
        var socket = Path.Combine(_directory, "csi.sock");
        _server = new GrpcServer(new GrpcServerOptions { Endpoint = $"unix://{socket}", Interceptors = [new CallLog(Log).InterceptAsync] });
        register(_server, () => Ready);
        Client = new CsiClient(socket);
    }

    public bool Ready { get; set; } = true;

    public LogLines Log { get; } = new();

    public CsiClient Client { get; }

    public static Task<Driver> StartAsync(MemoryVolumes volumes, CsiSpecification specification = CsiSpecification.Csi112) =>
        StartAsync(volumes, new MemoryHealth(volumes), specification);

    public static Task<Driver> StartAsync(MemoryVolumes volumes, INodeHealth health, CsiSpecification specification) =>
        StartAsync((server, ready) =>
            CsiServices.Register(server, volumes, volumes, volumes, volumes, health, specification, "1.2.3", ready));

    public static Task<Driver> StartAsync(
        VolumeCatalogue catalogue, INodeVolumes node, INodeHealth health, CsiSpecification specification = CsiSpecification.Csi112) =>
        StartAsync((server, ready) =>
            CsiServices.Register(server, catalogue, catalogue, catalogue, node, health, specification, "1.2.3", ready));

    /// <summary>The controller of many nodes.</summary>
    public static Task<Driver> StartControllerAsync(IPlacedVolumes volumes) =>
        StartAsync((server, ready) => CsiServices.RegisterController(
            server, volumes, new MemoryVolumes(), new MemoryHealth(new MemoryVolumes()), CsiSpecification.Csi112, "1.2.3", ready));

    /// <summary>What a node of many serves.</summary>
    public static Task<Driver> StartNodeAsync(MemoryVolumes volumes) =>
        StartAsync((server, ready) => CsiServices.RegisterNode(server, volumes, new MemoryHealth(volumes), CsiSpecification.Csi112, "1.2.3", ready));

    private static async Task<Driver> StartAsync(Action<GrpcServer, Func<bool>> register)
    {
        var driver = new Driver(register);
        await driver._server.StartAsync();
        return driver;
    }

    /// <summary>Calls the method that takes this request.</summary>
    public async Task<IMessage> CallAsync(IMessage request)
    {
        var name = request.Descriptor.Name[..^"Request".Length] + "Async";
        var method = typeof(CsiClient).GetMethod(name, BindingFlags.Public | BindingFlags.Instance)!;
        var task = (Task)method.Invoke(Client, [request, CancellationToken.None])!;
        await task;
        return (IMessage)((dynamic)task).Result;
    }

    /// <summary>Calls, and expects a refusal that says something.</summary>
    public async Task<CallFailedException> RefusesAsync(IMessage request, StatusCode code, string says = "")
    {
        var failure = await Assert.ThrowsAsync<CallFailedException>(() => CallAsync(request));
        Assert.True(code == failure.Code, $"expected {code}, got {failure.Message}");
        Assert.Contains(says, failure.Detail, StringComparison.Ordinal);
        Assert.NotEmpty(failure.Detail);
        return failure;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
