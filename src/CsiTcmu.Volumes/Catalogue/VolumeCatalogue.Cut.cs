using System.Diagnostics;
using CsiTcmu.DataPlane;
using CsiTcmu.Volumes.Pools;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Volumes;

public sealed partial class VolumeCatalogue
{
    // Commands of a disk whose pool works take milliseconds; while one disk drains, the others of its group wait.
    private static readonly TimeSpan DrainPatience = TimeSpan.FromSeconds(10);

    // So many regions are copied in some milliseconds. A disk that is written faster than it is copied is held for longer in the end.
    private const int FewRegions = 32;
    private const int MostRounds = 6;

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
                    copies.Add(ImageCopy.Open(plan.Volume.Image, plan.Pool.Snapshots.Begin(plan.Id, points), _logger, () => Operations.IsClosed));
                });
            }

            var created = await CutAsync([.. plans.Zip(copies, (plan, copy) => new Cut(plan.Volume, plan.Pool, copy))], freeze, points);
            var snapshots = plans.Select(plan => plan.Describe(created, group, plans[0].Pool.Name)).ToList();
            await Task.WhenAll(snapshots.Zip(copies, (snapshot, copy) => FinishAsync(snapshot.Pool, copy, snapshot.Descriptor.ImageSize)));
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
    /// Copies images at one instant: every disk is held and has no command in flight before the last of what was written is copied, and none goes on
    /// before all of it is. What can be copied before is, so that the disks are not held for longer than that takes.
    /// </summary>
    /// <returns>The instant.</returns>
    private async Task<DateTimeOffset> CutAsync(IReadOnlyList<Cut> cuts, bool freeze, CreationPoints points)
    {
        var volumes = cuts.Select(cut => cut.Volume).OfType<StoredVolume>().ToList();
        try
        {
            await Task.WhenAll(cuts.Select(CopyWhileWrittenAsync));
            var frozen = freeze ? await Freezes.FreezeAsync(volumes) : null;
            try
            {
                FaultPoints.Reach(points.Frozen);

                // The freeze has written what was in memory.
                if (frozen is not null) await Task.WhenAll(cuts.Select(CopyAgainAsync));
                return await CutHeldAsync(volumes, cuts, points);
            }
            finally
            {
                if (frozen is not null) await frozen.DisposeAsync();
            }
        }
        finally
        {
            foreach (var volume in volumes) await _attacher.TrackWritesAsync(volume.Id, null);
        }
    }

    /// <summary>Copies an image, and again what was written meanwhile, until that is little.</summary>
    private async Task CopyWhileWrittenAsync(Cut cut)
    {
        if (cut.Volume is { } volume)
        {
            cut.Written = new WrittenRegions(volume.Descriptor.ImageSize);
            await _attacher.TrackWritesAsync(volume.Id, cut.Written);
        }

        await InPoolAsync(cut.Pool, cut.Copy.CopyAll);
        for (var round = 0; round < MostRounds; round++)
        {
            if (await CopyAgainAsync(cut) <= FewRegions) break;
        }
    }

    /// <summary>Copies what was written since the last time.</summary>
    /// <returns>How many regions that were.</returns>
    private async Task<int> CopyAgainAsync(Cut cut)
    {
        if (cut.Volume is not { } volume || cut.Written is not { } written) return 0;
        cut.Written = new WrittenRegions(volume.Descriptor.ImageSize);
        await _attacher.TrackWritesAsync(volume.Id, cut.Written);
        if (written.Count > 0) await InPoolAsync(cut.Pool, () => cut.Copy.CopyAgain(written));
        return written.Count;
    }

    private async Task<DateTimeOffset> CutHeldAsync(List<StoredVolume> volumes, IReadOnlyList<Cut> cuts, CreationPoints points)
    {
        var started = Stopwatch.GetTimestamp();
        var holds = await HoldAsync(volumes);
        DateTimeOffset created;
        int[] regions;
        try
        {
            FaultPoints.Reach(points.Held);
            created = DateTimeOffset.UtcNow;
            regions = await Task.WhenAll(cuts.Select(CopyAgainAsync));
        }
        finally
        {
            await ReleaseAsync(holds);
        }

        if (volumes.Count > 0) Report(volumes, cuts, Stopwatch.GetElapsedTime(started), regions.Sum());
        return created;
    }

    private void Report(List<StoredVolume> volumes, IReadOnlyList<Cut> cuts, TimeSpan held, int regions)
    {
        _logger.LogInformation(
            "Held {Volumes} for {Milliseconds:F1} ms while {Regions} regions were {How}",
            string.Join(", ", volumes.Select(volume => volume.Id)),
            held.TotalMilliseconds,
            regions,
            cuts.All(cut => cut.Copy.IsShared) ? "shared" : "copied, since the pool's file system cannot share blocks");
    }

    /// <summary>Holds all disks, or none.</summary>
    private async Task<IReadOnlyList<IAsyncDisposable>> HoldAsync(List<StoredVolume> volumes)
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
    private sealed record Cut(StoredVolume? Volume, Pool Pool, ImageCopy Copy)
    {
        /// <summary>What was written since it was copied.</summary>
        public WrittenRegions? Written { get; set; }
    }
}
