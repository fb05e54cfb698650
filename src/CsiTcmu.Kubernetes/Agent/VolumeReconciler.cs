using CsiTcmu.Kubernetes.Caching;
using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kubernetes.Agent;

/// <summary>Makes a volume of this node what its resource says: makes its image, grows it, changes its limits, removes it.</summary>
internal sealed class VolumeReconciler(AgentTools tools, IVolumeCatalogue catalogue, HealthWatch health, ResourceCache<TcmuVolume> resources)
    : NodeReconciler<TcmuVolume, TcmuVolumeStatus>(tools, Kinds.VolumeStatus, ResourceJson.Default.TcmuVolumeStatus, resources)
{
    /// <inheritdoc/>
    protected override async Task<TcmuVolumeStatus> FulfilAsync(TcmuVolume resource, CancellationToken cancellationToken)
    {
        var volume = resource.IsMade ? await ExistingAsync(resource, cancellationToken) : await catalogue.CreateAsync(Wish(resource), cancellationToken);
        if (volume.Size < resource.Spec.Size.Bytes)
            volume = await catalogue.ExpandAsync(resource.Metadata.Name, new SizeRange(resource.Spec.Size.Bytes, 0), cancellationToken);
        var wanted = resource.Spec.MutableParameters ?? [];
        if (wanted.Any(entry => !volume.MutableParameters.TryGetValue(entry.Key, out var value) || value != entry.Value))
            volume = await catalogue.ModifyAsync(resource.Metadata.Name, wanted, cancellationToken);
        return new TcmuVolumeStatus
        {
            Size = new Quantity(volume.Size),
            BlockSize = volume.BlockSize,
            FileSystem = volume.FileSystem,
            Wwid = volume.Wwid,
            MutableParameters = volume.MutableParameters.Count == 0 ? null : new Dictionary<string, string>(volume.MutableParameters, StringComparer.Ordinal),
            MadeTime = resource.Status?.MadeTime ?? Tools.Options.Time.GetUtcNow(),
        };
    }

    /// <inheritdoc/>
    protected override async Task DeleteAsync(TcmuVolume resource, CancellationToken cancellationToken)
    {
        // It stays, as an image without a resource.
        if (!await IsAnothersAsync(resource, cancellationToken)) await catalogue.DeleteAsync(resource.Metadata.Name, cancellationToken);
    }

    /// <inheritdoc/>
    protected override bool TakesRoom(TcmuVolume resource, TcmuVolumeStatus now) => !resource.IsMade || resource.Status!.Size != now.Size;

    /// <inheritdoc/>
    protected override string DescribeMade(TcmuVolume resource, TcmuVolumeStatus now) => $"made image of {now.Size} in pool '{resource.Spec.Pool}'";

    /// <inheritdoc/>
    protected override ObjectReference? User(TcmuVolume resource) => resource.Claim;

    /// <inheritdoc/>
    protected override TcmuVolumeStatus Complete(TcmuVolume resource, TcmuVolumeStatus now) => now with
    {
        Health = VolumeTrouble.Of(health.Of(resource.Metadata.Name)),
        Conditions = health.ConditionOf(resource) is { } condition ? [.. now.Conditions ?? [], condition] : now.Conditions,
    };

    private async Task<Volume> ExistingAsync(TcmuVolume resource, CancellationToken cancellationToken)
    {
        try
        {
            var volume = await catalogue.GetAsync(resource.Metadata.Name, cancellationToken);
            return volume.Wwid == resource.Status!.Wwid
                ? volume
                : throw new VolumeException(
                    VolumeError.FailedPrecondition,
                    $"the image of this name in pool '{volume.Pool}' is another volume's ({volume.Wwid}, not {resource.Status.Wwid}); restore the right one");
        }
        catch (VolumeException absent) when (absent.Error == VolumeError.NotFound)
        {
            throw new VolumeException(
                VolumeError.FailedPrecondition,
                $"the image is missing in pool '{resource.Spec.Pool}' of node '{resource.Spec.Node}'; it is not made anew: restore it, or delete the volume", absent);
        }
    }

    /// <summary>True when the image of this name is not this resource's: refused as that of another wish, or with another world wide name.</summary>
    private async Task<bool> IsAnothersAsync(TcmuVolume resource, CancellationToken cancellationToken)
    {
        if (!resource.IsMade) return resource.Status?.Error?.Code == nameof(VolumeError.AlreadyExists);
        try
        {
            return (await catalogue.GetAsync(resource.Metadata.Name, cancellationToken)).Wwid != resource.Status!.Wwid;
        }
        catch (VolumeException unknown) when (unknown.Error != VolumeError.Unavailable)
        {
            // Gone, or too damaged to be told from another.
            return false;
        }
    }

    private static VolumeWish Wish(TcmuVolume resource)
    {
        var parameters = new Dictionary<string, string>(resource.Spec.Parameters ?? [], StringComparer.Ordinal) { ["pool"] = resource.Spec.Pool };
        return new VolumeWish
        {
            Name = resource.Metadata.Name,
            Size = new SizeRange(resource.Spec.Size.Bytes, 0),
            Parameters = parameters,
            MutableParameters = resource.Spec.MutableParameters ?? [],
            Block = resource.Spec.IsBlock,
            FileSystem = resource.Spec.FileSystem ?? "",
            Source = resource.Spec.Source?.ToSource(),
        };
    }
}
