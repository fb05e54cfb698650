using CsiTcmu.Csi;
using CsiTcmu.Grpc;
using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Controller;
using CsiTcmu.TestClient;

namespace CsiTcmu.Kubernetes.Tests.Support;

/// <summary>A controller on a socket of its own, and a client of it.</summary>
internal sealed class ControllerHost : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("controller-").FullName;
    private readonly CancellationTokenSource _end = new();
    private readonly ResourceCatalogue _catalogue;
    private readonly GrpcServer _server;
    private readonly Task _running;

    private ControllerHost(ApiClient client, ResourceCatalogueOptions? options, CsiSpecification specification, TlsIdentity? identity)
    {
        _catalogue = new ResourceCatalogue(client, (options ?? new ResourceCatalogueOptions()) with { Patience = TimeSpan.FromSeconds(10) }, Log);
        _running = _catalogue.RunAsync(_end.Token);
        var socket = Path.Combine(_folder, "csi.sock");
        _server = new GrpcServer(new GrpcServerOptions { Endpoint = $"unix://{socket}", Interceptors = [new CallLog(Log).InterceptAsync] });
        CsiServices.RegisterController(_server, _catalogue, _catalogue, _catalogue, specification, "1.2.3", () => _catalogue.Ready, identity is null ? null : new SnapshotMetadataRelay(_catalogue, identity));
        Client = new CsiClient(socket);
    }

    public TestLog Log { get; } = new();

    public CsiClient Client { get; }

    public static async Task<ControllerHost> StartAsync(
        ApiClient client, ResourceCatalogueOptions? options = null, CsiSpecification specification = CsiSpecification.Csi112, TlsIdentity? identity = null)
    {
        var host = new ControllerHost(client, options, specification, identity);
        await host._server.StartAsync();
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
        await _end.CancelAsync();
        await _running;
        _catalogue.Dispose();
        _end.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
