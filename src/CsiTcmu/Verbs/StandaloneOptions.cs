using System.Diagnostics.CodeAnalysis;
using System.Net;
using CsiTcmu.Csi;
using CsiTcmu.Linux;
using CsiTcmu.Volumes;

namespace CsiTcmu.Verbs;

/// <summary>What the command line and the environment say.</summary>
internal sealed record StandaloneText(string Endpoint, string[] Pools, string? NodeId, string Engine, string? Reactors, string CsiSpec, string? Metrics, string? BlocksEndpoint, string? BlocksTls)
{
    /// <summary>A word of <see cref="CommonOptions.ZeroCopy"/>.</summary>
    public string ZeroCopy { get; init; } = "off";
}

/// <summary>What <c>csi-tcmu standalone</c> runs with.</summary>
internal sealed record StandaloneOptions
{
    private const int MostReactors = 64;

    /// <summary>Where gRPC is served.</summary>
    public required string Endpoint { get; init; }

    /// <summary>The pools, at least one.</summary>
    public required IReadOnlyList<PoolSpecification> Pools { get; init; }

    /// <summary>This node's id.</summary>
    public required string NodeId { get; init; }

    /// <summary>What serves file I/O.</summary>
    public IoEngineChoice Engine { get; init; }

    /// <summary>Threads that serve disks; null for the data plane's own choice.</summary>
    public int? Reactors { get; init; }

    /// <summary>Whether volumes that do not say themselves have zero copy.</summary>
    public ZeroCopyMode ZeroCopy { get; init; }

    /// <summary>How health is told.</summary>
    public CsiSpecification Specification { get; init; }

    /// <summary>Where the blocks of snapshots are told, and the folder of the certificate; null for nowhere.</summary>
    public (IPEndPoint Endpoint, string Tls)? Blocks { get; init; }

    /// <summary>Where metrics are served; null for nowhere.</summary>
    public IPEndPoint? Metrics { get; init; }

    /// <summary>Reads the options; a problem names the option and what it must be.</summary>
    public static bool TryParse(StandaloneText text, [NotNullWhen(true)] out StandaloneOptions? options, [NotNullWhen(false)] out string? problem)
    {
        options = null;
        int? reactors = null;
        if (text.Reactors is not null)
        {
            if (!int.TryParse(text.Reactors, out var count) || count is < 1 or > MostReactors)
            {
                problem = $"--reactors is '{text.Reactors}'; it must be 1 to {MostReactors}";
                return false;
            }

            reactors = count;
        }

        if (text.NodeId is null)
        {
            problem = "--node-id is missing; give this node's name, for example --node-id \"$(hostname)\"";
            return false;
        }

        if ((text.BlocksEndpoint is null) != (text.BlocksTls is null))
        {
            problem = "--blocks-endpoint and --blocks-tls belong together; give both, or none";
            return false;
        }

        if (text.Pools.Length == 0)
        {
            problem = "--pool is missing; give at least one as NAME=PATH, for example --pool fast=/srv/fast";
            return false;
        }

        try
        {
            CsiServices.CheckNodeId(text.NodeId);
            options = new StandaloneOptions
            {
                Endpoint = text.Endpoint,
                Pools = [.. text.Pools.Select(PoolSpecification.Parse)],
                NodeId = text.NodeId,
                Engine = ParseEngine(text.Engine),
                Reactors = reactors,
                ZeroCopy = CommonOptions.ParseZeroCopy(text.ZeroCopy),
                Metrics = CommonOptions.ParseEndpoint(text.Metrics),
                Blocks = CommonOptions.ParseEndpoint(text.BlocksEndpoint) is { } blocks ? (blocks, text.BlocksTls!) : null,
                Specification = CommonOptions.ParseSpecification(text.CsiSpec),
            };
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            problem = e.Message;
            return false;
        }

        problem = null;
        return true;
    }

    /// <summary>The engine of a word of <see cref="CommonOptions.Engine"/>.</summary>
    public static IoEngineChoice ParseEngine(string word) => word switch
    {
        "io_uring" => IoEngineChoice.IoUring,
        "workers" => IoEngineChoice.Workers,
        _ => IoEngineChoice.Auto,
    };
}
