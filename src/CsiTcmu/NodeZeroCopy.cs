using CsiTcmu.Kubernetes.Agent;
using CsiTcmu.Tcmu;
using CsiTcmu.Volumes;
using Microsoft.Extensions.Logging;

namespace CsiTcmu;

/// <summary>What is told of zero copy on this node.</summary>
/// <param name="Mode">What is wanted of volumes that do not say themselves.</param>
/// <param name="Obstacle">Why the kernel has none; null when it has, or when nobody has looked.</param>
internal sealed record NodeZeroCopy(ZeroCopyMode Mode, string? Obstacle)
{
    /// <summary>Looks, when it is wanted, and logs what was found.</summary>
    public static async Task<NodeZeroCopy> FindAsync(ZeroCopyMode mode, ILogger log)
    {
        if (mode == ZeroCopyMode.Off)
        {
            // A process that was killed while it looked may have wanted it; what it left keeps the module from being unloaded.
            await Task.Run(() => ZeroCopyProbe.RemoveLeftovers());
            return new NodeZeroCopy(mode, null);
        }

        var obstacle = await Task.Run(() => ZeroCopyProbe.FindObstacle());
        if (obstacle is null) log.LogInformation("Zero copy: the kernel has it");
        else log.LogWarning("Zero copy: {Obstacle}", obstacle);
        return new NodeZeroCopy(mode, obstacle);
    }

    /// <summary>The condition of the TcmuNode; null while nobody wants zero copy.</summary>
    /// <param name="disks">Disks that are served.</param>
    /// <param name="withZeroCopy">Those of them whose device has an area.</param>
    public NodeFact? Describe(int disks, int withZeroCopy)
    {
        if (Mode == ZeroCopyMode.Off && withZeroCopy == 0) return null;
        var use = $"{withZeroCopy} of {disks} volumes in use have a zero copy area";
        return Obstacle is null
            ? new NodeFact("ZeroCopy", IsTrue: true, "AreaAvailable", use)
            : new NodeFact("ZeroCopy", IsTrue: false, "NoArea", $"{use}: {Obstacle}");
    }
}
