using CsiTcmu.DataPlane;
using CsiTcmu.Volumes.Pools;

namespace CsiTcmu.Volumes;

/// <summary>A volume in its pool.</summary>
/// <param name="Pool">The pool.</param>
/// <param name="Descriptor">What is written about it.</param>
internal sealed record StoredVolume(Pool Pool, VolumeDescriptor Descriptor)
{
    public string Id => Descriptor.Id;

    /// <summary>The file with its bytes.</summary>
    public string Image => Pool.Volumes.Image(Id);

    /// <summary>How much it may do in a second.</summary>
    public DiskLimits Limits => LimitParameters.Parse(Descriptor.Parameters, Descriptor.MutableParameters ?? []);

    /// <summary>Whether and how it is encrypted.</summary>
    public EncryptionParameters Encryption => EncryptionParameters.Parse(Descriptor.Parameters);

    /// <summary>Whether it has zero copy; null for what the node says.</summary>
    public ZeroCopyMode? ZeroCopy => ZeroCopyParameter.Parse(Descriptor.Parameters);

    /// <summary>As others see it.</summary>
    public Volume ToVolume() => new()
    {
        Id = Descriptor.Id,
        Name = Descriptor.Name,
        Pool = Pool.Name,
        Size = Descriptor.Size,
        BlockSize = Descriptor.BlockSize,
        Block = Descriptor.Block,
        Encrypted = Encryption.Enabled,
        FileSystem = Descriptor.FileSystem,
        MkfsOptions = Descriptor.MkfsOptions,
        Parameters = Descriptor.Parameters,
        MutableParameters = Descriptor.MutableParameters ?? [],
        Source = Descriptor.Source,
        Wwid = Descriptor.Wwid,
    };

    /// <summary>What an attacher needs to know.</summary>
    public DiskSpecification ToDisk() => new()
    {
        Pool = Pool.Name,
        Id = Descriptor.Id,
        Image = Image,
        Size = Descriptor.ImageSize,
        BlockSize = Descriptor.BlockSize,
        Wwid = Descriptor.Wwid,
        Target = Descriptor.Target,
        Limits = Limits,
        ZeroCopy = ZeroCopy,
    };
}

/// <summary>A volume that is kept and cannot be used.</summary>
/// <param name="Pool">Its pool.</param>
/// <param name="Id">Its id.</param>
/// <param name="Reason">Why, with the fix.</param>
public sealed record DamagedVolume(string Pool, string Id, string Reason);
