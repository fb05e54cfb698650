using CsiTcmu.DataPlane;

namespace CsiTcmu.Volumes;

/// <summary>What the parameters of a storage class mean.</summary>
/// <param name="Pool">The pool; empty for any.</param>
/// <param name="BlockSize">Logical block size in bytes.</param>
/// <param name="FileSystem">File system of a mounted volume.</param>
/// <param name="MkfsOptions">Extra words for mkfs, as given.</param>
internal sealed record VolumeParameters(string Pool, int BlockSize, string FileSystem, string MkfsOptions)
{
    public const string PoolKey = "pool";
    public const string FileSystemKey = "csi.storage.k8s.io/fstype";
    public const string BlockSizeKey = "logicalBlockSize";
    public const string MkfsOptionsKey = "mkfsOptions";

    private const string DefaultFileSystem = "ext4";
    private const int SmallBlock = 512, LargeBlock = 4096;

    // The provisioner tells whom the volume is for (--extra-create-metadata).
    private static readonly HashSet<string> Metadata = new(StringComparer.Ordinal)
    {
        "csi.storage.k8s.io/pvc/name", "csi.storage.k8s.io/pvc/namespace", "csi.storage.k8s.io/pv/name",
    };

    private static readonly string[] Known = [PoolKey, FileSystemKey, BlockSizeKey, MkfsOptionsKey, .. EncryptionParameters.Keys, ZeroCopyParameter.Key, .. LimitParameters.Keys];

    /// <summary>How much it may do in a second.</summary>
    public DiskLimits Limits { get; init; } = DiskLimits.None;

    /// <summary>Whether and how it is encrypted.</summary>
    public EncryptionParameters Encryption { get; init; } = EncryptionParameters.None;

    /// <summary>Whether it has zero copy; null for what the node says.</summary>
    public ZeroCopyMode? ZeroCopy { get; init; }

    /// <summary>File systems that a volume can be formatted with.</summary>
    public static IReadOnlyList<string> FileSystems { get; } = ["ext4", "xfs", "btrfs"];

    /// <summary>Reads parameters.</summary>
    /// <param name="parameters">As given.</param>
    /// <param name="fileSystem">The file system that the volume capability names; empty for none.</param>
    /// <param name="block">True for a raw block volume.</param>
    /// <param name="mutable">Parameters that can be changed later; null for none.</param>
    /// <param name="content">What the volume's bytes come from: what is not said is as there; null for an empty volume.</param>
    /// <exception cref="VolumeException">InvalidArgument: a key or a value is not known.</exception>
    public static VolumeParameters Parse(
        IReadOnlyDictionary<string, string> parameters,
        string fileSystem,
        bool block,
        IReadOnlyDictionary<string, string>? mutable = null,
        ContentShape? content = null)
    {
        foreach (var key in parameters.Keys)
        {
            if (!Known.Contains(key, StringComparer.Ordinal) && !Metadata.Contains(key))
                throw Refuse($"parameter '{key}' is not known; known are: {string.Join(", ", Known)}");
        }

        var pool = parameters.GetValueOrDefault(PoolKey, "");
        if (parameters.ContainsKey(PoolKey) && !PoolSpecification.IsName(pool)) throw Refuse($"parameter '{PoolKey}': '{pool}' is no name of a pool");

        var named = parameters.GetValueOrDefault(FileSystemKey, "");
        if (named.Length > 0 && fileSystem.Length > 0 && !string.Equals(named, fileSystem, StringComparison.Ordinal))
            throw Refuse($"parameter '{FileSystemKey}' says {named}, the volume capability says {fileSystem}; say the same twice, or one of them only");
        var chosen = named.Length > 0 ? named : fileSystem.Length > 0 ? fileSystem : content?.FileSystem ?? DefaultFileSystem;
        if (!FileSystems.Contains(chosen, StringComparer.Ordinal))
            throw Refuse($"file system '{chosen}' is not supported; supported are: {string.Join(", ", FileSystems)}");

        var options = parameters.GetValueOrDefault(MkfsOptionsKey, "");
        if (options.Length > 0 && block) throw Refuse($"parameter '{MkfsOptionsKey}' makes no sense for a raw block volume; leave it out");
        _ = CsiTcmu.Volumes.MkfsOptions.Parse(options, chosen);
        return new VolumeParameters(pool, ParseBlockSize(parameters, content?.BlockSize ?? SmallBlock), chosen, options)
        {
            Encryption = EncryptionParameters.Parse(parameters),
            ZeroCopy = ZeroCopyParameter.Parse(parameters),
            Limits = LimitParameters.Parse(parameters, mutable ?? new Dictionary<string, string>(StringComparer.Ordinal)),
        };
    }

    private static int ParseBlockSize(IReadOnlyDictionary<string, string> parameters, int usual) =>
        parameters.GetValueOrDefault(BlockSizeKey) switch
        {
            null => usual,
            "512" => SmallBlock,
            "4096" => LargeBlock,
            var other => throw Refuse($"parameter '{BlockSizeKey}' is '{other}'; it must be 512 or 4096"),
        };

    private static VolumeException Refuse(string message) => new(VolumeError.InvalidArgument, message);
}

/// <summary>What a volume takes from what its bytes come from, unless it says the same itself.</summary>
/// <param name="BlockSize">Logical block size in bytes.</param>
/// <param name="FileSystem">File system of a mounted volume.</param>
/// <param name="Encrypted">True when it is encrypted; that must be said.</param>
internal sealed record ContentShape(int BlockSize, string FileSystem, bool Encrypted);
