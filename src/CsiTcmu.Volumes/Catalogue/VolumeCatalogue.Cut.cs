using System.Diagnostics;
using CsiTcmu.DataPlane;
using CsiTcmu.Volumes.Pools;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Volumes;

public sealed partial class VolumeCatalogue
{
    // Commands of a disk whose pool works take milliseconds; while one disk drains, the others of its group wait.
    private static readonly TimeSpan DrainPatience = TimeSpan.FromSeconds(10);

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
    /// Copies images at one instant, step by step:
    /// <list type="number">
    /// <item>Where asked for, mounted file systems are frozen, which writes what is in memory.</item>
    /// <item>Every disk is held and has no command in flight. That is the instant.</item>
    /// <item>From now on a command that writes what is not copied yet waits until it is. The disks go on.</item>
    /// <item>The images are copied, what a command waits for first. Meanwhile file systems are thawed.</item>
    /// </list>
    /// So the disks are held for as long as their commands take, whatever is to be copied.
    /// </summary>
    /// <returns>The instant.</returns>
    private async Task<DateTimeOffset> CutAsync(IReadOnlyList<Cut> cuts, bool freeze, CreationPoints points)
    {
        var volumes = cuts.Select(cut => cut.Volume).OfType<StoredVolume>().ToList();
        await Task.WhenAll(cuts.Select(cut => InPoolAsync(cut.Pool, () => cut.Uncopied = cut.Copy.Prepare())));
        DateTimeOffset created;
        var copying = Task.CompletedTask;
        try
        {
            await using var frozen = freeze ? await Freezes.FreezeAsync(volumes) : null;
            FaultPoints.Reach(points.Frozen);
            created = await ProtectAtOnceAsync(volumes, cuts, points);

            // Begun before the thaw, which writes and waits until what it writes is copied.
            copying = Task.WhenAll(cuts.Select(CopyAsync));
        }
        catch
        {
            await Task.WhenAny(copying);
            await Task.WhenAll(cuts.Select(cut => ProtectAsync(cut, null)));
            throw;
        }

        await copying;
        return created;
    }

    /// <summary>Has every disk, at one instant, keep what is not copied.</summary>
    private async Task<DateTimeOffset> ProtectAtOnceAsync(List<StoredVolume> volumes, IReadOnlyList<Cut> cuts, CreationPoints points)
    {
        var started = Stopwatch.GetTimestamp();
        var holds = await HoldAsync(volumes);
        DateTimeOffset created;
        try
        {
            FaultPoints.Reach(points.Held);
            created = DateTimeOffset.UtcNow;
            await Task.WhenAll(cuts.Select(cut => ProtectAsync(cut, cut.Uncopied)));
        }
        finally
        {
            await ReleaseAsync(holds);
        }

        if (volumes.Count > 0)
        {
            _logger.LogInformation(
                "Held {Volumes} for {Milliseconds:F1} ms", string.Join(", ", volumes.Select(volume => volume.Id)), Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        return created;
    }

    private async Task CopyAsync(Cut cut)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            await InPoolAsync(cut.Pool, () => cut.Copy.Copy(cut.Uncopied));
        }
        finally
        {
            await ProtectAsync(cut, null);
        }

        if (cut.Volume is not { } volume) return;
        _logger.LogInformation(
            "The image of {Volume} was {How} in {Milliseconds:F0} ms; {Wanted} times a write waited for its region",
            volume.Id,
            cut.Copy.IsShared ? "shared" : "copied, since the pool's file system cannot share blocks,",
            Stopwatch.GetElapsedTime(started).TotalMilliseconds,
            cut.Uncopied.Wanted);
    }

    private Task ProtectAsync(Cut cut, UncopiedRegions? regions) => cut.Volume is { } volume ? _attacher.ProtectAsync(volume.Id, regions) : Task.CompletedTask;

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
        /// <summary>What of it is not copied yet.</summary>
        public UncopiedRegions Uncopied { get; set; } = new(1);
    }
}
