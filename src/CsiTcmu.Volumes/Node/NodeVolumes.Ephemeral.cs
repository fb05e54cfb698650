using CsiTcmu.Linux.Mounts;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Volumes.Node;

/// <content>
/// Ephemeral volumes: made, attached, formatted and mounted by one call, and all of it undone by another. They are mounted at the target itself: a staging
/// mount of the driver's own would end with the mount namespace of its container.
/// </content>
public sealed partial class NodeVolumes
{
    /// <inheritdoc/>
    public Task PublishEphemeralAsync(
        string id, string targetPath, VolumeUse use, IReadOnlyDictionary<string, string> context, bool readOnly, CancellationToken cancellationToken) =>
        RunAsync("publishing", id, targetPath, () => PublishEphemeralCoreAsync(id, targetPath, use, context, readOnly), cancellationToken);

    /// <summary>Ephemeral volumes that are mounted nowhere: all, when the node has just started, and else those whose pods went without a word.</summary>
    internal IReadOnlyList<StoredVolume> FindUnpublished()
    {
        var table = MountTable.Read();
        return [.. catalogue.FindEphemeral().Where(volume => FindDevice(volume.Id) is not { } device || table.Of(device.Number).Count == 0)];
    }

    private async Task PublishEphemeralCoreAsync(string id, string targetPath, VolumeUse use, IReadOnlyDictionary<string, string> context, bool readOnly)
    {
        if (use.Block) throw Failed($"ephemeral volume '{id}' is asked for as raw block; it can be a mounted file system only");
        if (catalogue.Find(id) is not null) throw new VolumeException(VolumeError.AlreadyExists, $"volume '{id}' exists and is not an ephemeral one");
        if (readOnly) use = use with { MountFlags = [.. use.MountFlags, "ro"] };
        _ = ParseOptions(use);
        var wish = EphemeralParameters.Read(id, context, use.FileSystem);
        var target = HostPath.Find(targetPath) ?? throw Failed($"the folder around {targetPath} does not exist; the caller makes it");
        var own = VolumeId.OfEphemeral(id);
        await UnmountStaleAsync(target.Path);
        CheckPlace(id, target.Path, FindDevice(own));

        // What was formatted may hold what the pod wrote before the node restarted.
        var kept = catalogue.Find(own) is { Descriptor.Format: FormatState.Formatted };
        try
        {
            var volume = await catalogue.MakeEphemeralAsync(own, wish);
            FaultPoints.Reach(FaultPoints.EphemeralCreated);
            MakeTarget(target, block: false);
            FaultPoints.Reach(FaultPoints.EphemeralTarget);
            await StageVolumeAsync(volume, targetPath, use, VolumeSecrets.PublishReference);
        }
        catch (VolumeException refusal) when (!kept && refusal.Error is not (VolumeError.Aborted or VolumeError.Unavailable))
        {
            // The caller may take such an answer for the end of the volume and never unpublish it.
            await UnpublishEphemeralAsync(own, targetPath);
            throw;
        }

        FaultPoints.Reach(FaultPoints.EphemeralPublished);
    }

    /// <summary>Refuses a second target, and a target that has something else.</summary>
    private static void CheckPlace(string id, string path, AttachedDisk? device)
    {
        var table = MountTable.Read();
        if (device is not null && table.Of(device.Number).FirstOrDefault(entry => entry.Target != path) is { } elsewhere)
            throw Failed($"ephemeral volume '{id}' is published at {elsewhere.Target}; it has one target path");
        if (table.Top(path) is { } top && top.Disk != device?.Number)
            throw Failed($"{path} has something else mounted ({top.FileSystem} from {top.Source}); unmount it, or use another target path");
    }

    /// <summary>Undoes everything, in steps of which each can be repeated. The volume itself goes last: while it is there, a repetition finds it.</summary>
    private async Task UnpublishEphemeralAsync(string own, string targetPath)
    {
        await UnpublishVolumeAsync(FindDevice(own), targetPath);
        FaultPoints.Reach(FaultPoints.RetireUnmounted);
        await UnstageVolumeAsync(own, null);
        FaultPoints.Reach(FaultPoints.RetireDetached);
        await catalogue.DeleteEphemeralAsync(own);
        logger.LogInformation("Ephemeral volume {Id} is gone", own);
    }

    /// <summary>True when the caller's id is that of an ephemeral volume of which anything is left.</summary>
    private bool IsEphemeral(string id)
    {
        var own = VolumeId.OfEphemeral(id);
        if (attacher.Find(own) is not null) return true;
        try
        {
            return catalogue.Find(own) is not null;
        }
        catch (VolumeException problem) when (problem.Error == VolumeError.FailedPrecondition)
        {
            // It is there and damaged.
            return true;
        }
        catch (VolumeException) when (VolumeId.IsValid(id) && attacher.Find(id) is not null)
        {
            // A pool does not answer; but it is known to be another one.
            return false;
        }
    }

    /// <summary>The id by which the catalogue knows a volume that is attached under the caller's id.</summary>
    private string OwnId(string id) =>
        (!VolumeId.IsValid(id) || attacher.Find(id) is null) && VolumeId.OfEphemeral(id) is var own && attacher.Find(own) is not null ? own : id;
}
