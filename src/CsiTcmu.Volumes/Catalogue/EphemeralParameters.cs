using CsiTcmu.Volumes.Pools;

namespace CsiTcmu.Volumes;

/// <summary>What a pod writes beside an ephemeral volume: the parameters of a storage class, and the size.</summary>
internal static class EphemeralParameters
{
    private const string SizeKey = "size";

    // The orchestrator's own: the pod's name, its service account, that the volume is ephemeral.
    private const string ReservedPrefix = "csi.storage.k8s.io/";

    /// <summary>The volume that is wanted.</summary>
    /// <param name="id">The caller's id for it.</param>
    /// <param name="context">As given.</param>
    /// <param name="fileSystem">The file system that the volume capability names; empty for none.</param>
    /// <exception cref="VolumeException">InvalidArgument: a key or a value is not known.</exception>
    public static VolumeWish Read(string id, IReadOnlyDictionary<string, string> context, string fileSystem)
    {
        var size = 0L;
        if (context.TryGetValue(SizeKey, out var text) && (!ByteSize.TryParse(text, out size) || size == 0))
            throw new VolumeException(VolumeError.InvalidArgument, $"parameter '{SizeKey}' is '{text}'; it must be a size, as 2Gi");
        return new VolumeWish
        {
            Name = id,
            Size = new SizeRange(size, 0),
            FileSystem = fileSystem,
            Parameters = context.Where(pair => IsParameter(pair.Key)).ToDictionary(StringComparer.Ordinal),
        };
    }

    private static bool IsParameter(string key) =>
        !string.Equals(key, SizeKey, StringComparison.Ordinal)
        && (!key.StartsWith(ReservedPrefix, StringComparison.Ordinal) || string.Equals(key, VolumeParameters.FileSystemKey, StringComparison.Ordinal));
}
