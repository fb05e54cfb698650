using CsiTcmu.Kubernetes.Caching;
using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Resources;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Kubernetes.Controller;

/// <summary>
/// Finds volumes whose claim and persistent volume are both gone: told at once, and deleted when they have been so for the age that was
/// asked for. A volume that was made for no claim is none, and one with the annotation <see cref="Keep"/> is never deleted.
/// </summary>
/// <param name="client">The API server.</param>
/// <param name="volumes">The volumes.</param>
/// <param name="driver">Name of the driver.</param>
/// <param name="events">Tells people.</param>
/// <param name="options">When what is done.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Receives what is worth telling.</param>
internal sealed class OrphanSweep(
    ApiClient client, ResourceCache<TcmuVolume> volumes, string driver, EventRecorder events, SweepOptions options, TimeProvider time, ILogger logger)
    : Sweep(client, events, options, time, logger)
{
    /// <summary>Since when claim and persistent volume are gone.</summary>
    public const string OrphanedSince = Kinds.Group + "/orphaned-since";

    /// <summary>Set to <c>true</c> by people who want a volume without a claim to stay.</summary>
    public const string Keep = Kinds.Group + "/keep";

    /// <summary>How many volumes were orphans when it was looked last.</summary>
    public int Count { get; private set; }

    /// <inheritdoc/>
    public override async Task RunAsync(CancellationToken cancellationToken)
    {
        // The volumes are looked up first: what is made afterwards, with its claim there, is not among them.
        var candidates = volumes.All.Where(volume => volume.Spec.Claim is not null && !volume.IsLeaving).ToList();
        var handles = await HandlesAsync(cancellationToken);
        var count = 0;
        foreach (var volume in candidates)
        {
            var orphaned = !handles.Contains(volume.Metadata.Name) && !await HasClaimAsync(volume, cancellationToken);
            if (orphaned) count++;
            await TryAsync(volume, () => LookAsync(volume, orphaned, cancellationToken));
        }

        Count = count;
    }

    private async Task LookAsync(TcmuVolume volume, bool orphaned, CancellationToken cancellationToken)
    {
        var since = Since(volume, OrphanedSince);
        if (!orphaned)
        {
            if (since is null) return;
            await MarkAsync(Kinds.Volumes, volume, OrphanedSince, holds: false, cancellationToken);
            await TellAsync(volume, null, "Claimed", "its claim or persistent volume is there again", cancellationToken);
            return;
        }

        if (since is not { } begun)
        {
            await MarkAsync(Kinds.Volumes, volume, OrphanedSince, holds: true, cancellationToken);
            await WarnAsync(volume, null, "Orphaned", $"{What(volume)}; {Outlook(volume)}", cancellationToken);
            return;
        }

        if (Options.OrphanAge is not { } age || IsKept(volume) || !IsOlder(begun, age)) return;

        // Both are looked for once more: what came since the lists is not lost.
        if (await HasClaimAsync(volume, cancellationToken) || (await HandlesAsync(cancellationToken)).Contains(volume.Metadata.Name)) return;
        await WarnAsync(volume, null, "OrphanDeleted", $"{What(volume)}, since {begun.UtcDateTime:u}; it is deleted", cancellationToken);
        await Client.DeleteAsync(
            Kinds.Volumes, volume.Metadata.Name, null,
            new Preconditions { Uid = volume.Metadata.Uid, ResourceVersion = volume.Metadata.ResourceVersion }, cancellationToken);
    }

    private static string What(TcmuVolume volume) =>
        $"claim {volume.Spec.Claim!.Namespace}/{volume.Spec.Claim.Name} is gone, and no persistent volume names this volume";

    private string Outlook(TcmuVolume volume) =>
        IsKept(volume) ? $"it is kept, as annotation {Keep} says"
        : Options.OrphanAge is { } age ? $"it is deleted in {age:c} unless annotation {Keep} is true"
        : $"it is kept; when its data is given up, kubectl delete tcmuvolume {volume.Metadata.Name}";

    private static bool IsKept(TcmuVolume volume) => volume.Metadata.Annotations?.GetValueOrDefault(Keep) == "true";

    private async Task<HashSet<string>> HandlesAsync(CancellationToken cancellationToken) =>
    [
        .. (await Client.ListAsync(Kinds.PersistentVolumes, null, cancellationToken)).Items
            .Select(item => item.Spec?.Csi).Where(csi => csi?.Driver == driver).Select(csi => csi!.VolumeHandle ?? ""),
    ];

    /// <summary>True when the very claim is there; when the volume's name does not tell its uid, one of that name.</summary>
    private async Task<bool> HasClaimAsync(TcmuVolume volume, CancellationToken cancellationToken)
    {
        var claim = await Client.FindAsync(Kinds.Claims, volume.Spec.Claim!.Name, volume.Spec.Claim.Namespace, cancellationToken);
        return claim is not null && (volume.ClaimUid is not { } uid || claim.Metadata.Uid == uid);
    }
}
