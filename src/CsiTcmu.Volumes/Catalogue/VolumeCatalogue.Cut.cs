using System.Diagnostics;
using CsiTcmu.Volumes.Pools;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Volumes;

public sealed partial class VolumeCatalogue
{
    // Commands of a disk whose pool works take milliseconds; while one disk drains, the others of its group wait.
    private static readonly TimeSpan DrainPatience = TimeSpan.FromSeconds(10);

    /// <summary>How long the disks were held for the last copy that was made of volumes.</summary>
    internal TimeSpan LastHold { get; private set; }

    /// <summary>Takes snapshots at one instant. What fails leaves none of them.</summary>
    private async Task<IReadOnlyList<StoredSnapshot>> TakeAsync(
        List<SnapshotPlan> plans, bool freeze, CreationPoints points, string? group = null)
    {
        var reservations = new List<IDisposable>();
        var copies = new List<ImageCopy>();
        try
        {
            foreach (var plan in plans)
            {
                InPool(plan.Pool, () =>
                {
                    RemoveUnfinished(plan.Pool, plan.Id);
                    plan.Pool.Snapshots.Clean(plan.Id);
                    reservations.Add(plan.Pool.Reserve(plan.Pool.Volumes.CostOfCopy(plan.Volume.Id)));
                    copies.Add(ImageCopy.Open(plan.Volume.Image, plan.Pool.Snapshots.Begin(plan.Id, points), _logger));
                });
            }

            var created = await CutAsync([.. plans.Zip(copies, (plan, copy) => new Cut(plan.Volume, plan.Pool, copy))], freeze, points);
            var snapshots = plans.Select(plan => plan.Describe(created, group, plans[0].Pool.Name)).ToList();
            await Task.WhenAll(snapshots.Zip(copies, (snapshot, copy) => FinishAsync(snapshot.Pool, copy, snapshot.Descriptor.Size)));
            foreach (var snapshot in snapshots) InPool(snapshot.Pool, () => snapshot.Pool.Snapshots.Describe(snapshot.Descriptor, points));
            foreach (var snapshot in snapshots) InPool(snapshot.Pool, () => snapshot.Pool.Snapshots.Name(snapshot.Id, points));
            return snapshots;
        }
        catch (Exception cause) when (cause is IOException or VolumeException)
        {
            foreach (var plan in plans) plan.Pool.Snapshots.Abandon(plan.Id);
            throw;
        }
        finally
        {
            copies.ForEach(copy => copy.Dispose());
            reservations.ForEach(reservation => reservation.Dispose());
        }
    }

    /// <summary>
    /// Copies images at one instant: every disk is held and has no command in flight before the first image is copied, and none goes on before
    /// the last one is.
    /// </summary>
    /// <returns>The instant.</returns>
    private async Task<DateTimeOffset> CutAsync(IReadOnlyList<Cut> cuts, bool freeze, CreationPoints points)
    {
        await Task.WhenAll(cuts.Select(cut => InPoolAsync(cut.Pool, cut.Copy.Prepare)));
        var volumes = cuts.Select(cut => cut.Volume).OfType<StoredVolume>().ToList();
        var frozen = freeze ? await Freezes.FreezeAsync(volumes) : null;
        try
        {
            FaultPoints.Reach(points.Frozen);
            var started = Stopwatch.GetTimestamp();
            var holds = await HoldAsync(volumes);
            DateTimeOffset created;
            try
            {
                FaultPoints.Reach(points.Held);
                created = DateTimeOffset.UtcNow;
                await Task.WhenAll(cuts.Select(cut => InPoolAsync(cut.Pool, () => cut.Copy.Cut(() => Operations.IsClosed))));
            }
            finally
            {
                await ReleaseAsync(holds);
            }

            if (volumes.Count > 0) Report(volumes, cuts, Stopwatch.GetElapsedTime(started));
            return created;
        }
        finally
        {
            if (frozen is not null) await frozen.DisposeAsync();
        }
    }

    private void Report(IReadOnlyList<StoredVolume> volumes, IReadOnlyList<Cut> cuts, TimeSpan held)
    {
        LastHold = held;
        _logger.LogInformation(
            "Held {Volumes} for {Milliseconds:F1} ms while {How}",
            string.Join(", ", volumes.Select(volume => volume.Id)),
            held.TotalMilliseconds,
            cuts.All(cut => cut.Copy.IsShared) ? "blocks were shared" : "bytes were copied, since the pool's file system cannot share blocks");
    }

    /// <summary>Holds all disks, or none.</summary>
    private async Task<IReadOnlyList<IAsyncDisposable>> HoldAsync(IReadOnlyList<StoredVolume> volumes)
    {
        using var patience = new CancellationTokenSource(DrainPatience);
        var holds = volumes.Select(volume => _attacher.HoldAsync(volume.Id, patience.Token)).ToList();
        try
        {
            return await Task.WhenAll(holds);
        }
        catch (Exception cause)
        {
            await ReleaseAsync([.. holds.Where(hold => hold.IsCompletedSuccessfully).Select(hold => hold.Result)]);
            if (cause is not OperationCanceledException) throw;
            throw new VolumeException(
                VolumeError.Unavailable,
                $"commands of {string.Join(", ", volumes.Select(volume => volume.Id))} did not end within {DrainPatience.TotalSeconds} s; the pool's disk may be stuck",
                cause);
        }
    }

    private static async Task ReleaseAsync(IReadOnlyList<IAsyncDisposable> holds)
    {
        foreach (var hold in holds) await hold.DisposeAsync();
    }

    private static Task FinishAsync(Pool pool, ImageCopy copy, long size) => InPoolAsync(pool, () => copy.Finish(size));

    /// <summary>A call into a pool that may take long.</summary>
    private static Task InPoolAsync(Pool pool, Action action) => KernelCall.RunAsync(() => InPool(pool, action));

    /// <summary>An image that is copied, and the volume that would write it.</summary>
    /// <param name="Volume">The volume; null for the image of a snapshot.</param>
    /// <param name="Pool">Where the copy is made.</param>
    /// <param name="Copy">The copy.</param>
    private sealed record Cut(StoredVolume? Volume, Pool Pool, ImageCopy Copy);
}
