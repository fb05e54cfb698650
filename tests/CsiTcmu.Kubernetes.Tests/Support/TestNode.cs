using System.Net;
using CsiTcmu.Csi.Tests;
using CsiTcmu.Kubernetes.Agent;
using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Volumes;
using CsiTcmu.Volumes.Health;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Kubernetes.Tests.Support;

/// <summary>A node of a cluster: the real catalogue in folders of its own, and its agent. Only disks are missing.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly NodeAgent _agent;
    private readonly Task _running;
    private readonly bool _keep;

    public TestNode(ApiClient client, string name, string folder, long reserve = 0, string[]? pools = null, bool keep = false, IPEndPoint? blocks = null)
    {
        (Folder, _keep) = (folder, keep);
        List<PoolSpecification> specifications =
            [.. (pools ?? ["main"]).Select(pool => new PoolSpecification(pool, Directory.CreateDirectory(Path.Combine(folder, pool)).FullName, reserve))];
        Disks = new NoDisks();
        Catalogue = VolumeCatalogue.Open(specifications, Disks, Log);
        _agent = new NodeAgent(
            client, Catalogue, Catalogue, new NodeHealth(Catalogue, Disks),
            new NodeAgentOptions
            {
                Node = name,
                Pools = [.. specifications.Select(pool => pool.Name)],
                DriverVersion = "1.2.3",
                DriverName = "csi-tcmu.io",
                BlocksEndpoint = blocks,
                Facts = () => Facts,
                HeartbeatPeriod = TimeSpan.FromSeconds(1),
                HealthPeriod = TimeSpan.FromSeconds(1),
            },
            Log);
        _running = _agent.RunAsync(_end.Token);
    }

    public TestLog Log { get; } = new();

    /// <summary>What is told of the node beside what the agent finds.</summary>
    public IReadOnlyList<NodeFact> Facts { get; set; } = [];

    public string Folder { get; }

    public NoDisks Disks { get; }

    public VolumeCatalogue Catalogue { get; }

    public string Image(string id, string pool = "main") => Path.Combine(Folder, pool, "volumes", id, "image");

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        _agent.Dispose();
        _end.Dispose();
        Catalogue.Dispose();
        if (!_keep) Directory.Delete(Folder, recursive: true);
    }
}

/// <summary>Keeps what is logged.</summary>
internal sealed class TestLog : ILogger
{
    private readonly System.Collections.Concurrent.ConcurrentQueue<string> _lines = new();

    public IEnumerable<string> Lines => _lines;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Debug;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");
}
