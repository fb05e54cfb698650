using System.Collections.Concurrent;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>A fault point, and the step of a life at which it is met.</summary>
/// <param name="Step">The step: the first word of the operation.</param>
/// <param name="Name">The point.</param>
internal sealed record FaultAt(string Step, string Name);

/// <summary>Lives of volumes that meet all of some fault points: each life at most one at each of its steps, so that few lives meet many.</summary>
internal static class FaultLives
{
    private const int Lanes = 2;

    /// <summary>The points of some operations, each met at the step of the same name.</summary>
    public static IEnumerable<FaultAt> Of(params string[] operations) => operations.SelectMany(operation => PointsOf(operation).Select(point => new FaultAt(operation, point)));

    /// <summary>The points of other operations, met at a step that does their work.</summary>
    public static IEnumerable<FaultAt> At(string step, params string[] operations) => operations.SelectMany(PointsOf).Select(point => new FaultAt(step, point));

    /// <summary>The points of one operation.</summary>
    public static IEnumerable<string> PointsOf(string operation) => FaultPoints.All.Where(point => point.StartsWith(operation + ".", StringComparison.Ordinal));

    /// <summary>Lives until all points have been met, side by side, and sees that nothing is left behind.</summary>
    /// <param name="points">The points.</param>
    /// <param name="live">One life.</param>
    /// <param name="output">Told of each life.</param>
    public static async Task RunAsync(IEnumerable<FaultAt> points, Func<FaultLife, Task> live, ITestOutputHelper output)
    {
        var root = await PoolDisk.MountAsync();
        var before = KernelState.Take(root);
        var lives = new ConcurrentQueue<IReadOnlyDictionary<string, string>>(Deal(points));
        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(async number =>
        {
            await using var node = new FaultNode(root, number);
            await node.StartAsync();
            while (lives.TryDequeue(out var faults))
            {
                var life = new FaultLife(node, faults);
                try
                {
                    await live(life);
                    life.End();
                    output.WriteLine($"repeated and ended right: {life.Points}");
                }
                catch (Exception e)
                {
                    lives.Clear(); // The other lanes end, too.
                    throw new InvalidOperationException($"{life.Points}: {e.Message}", e);
                }
            }
        }));
        Assert.Equal(before, KernelState.Take(root));
    }

    /// <summary>Deals the points out to lives.</summary>
    private static IEnumerable<IReadOnlyDictionary<string, string>> Deal(IEnumerable<FaultAt> points) => points
        .GroupBy(point => point.Step, StringComparer.Ordinal)
        .SelectMany(step => step.Select((point, life) => (point, life)))
        .GroupBy(one => one.life, one => one.point)
        .Select(life => life.ToDictionary(point => point.Step, point => point.Name, StringComparer.Ordinal));
}
