using CsiTcmu.Linux;

namespace CsiTcmu.Volumes.Pools;

/// <summary>What a failure of a pool's file system means to the caller.</summary>
internal static class PoolErrors
{
    /// <summary>The same failure with its kind and the pool's name.</summary>
    public static VolumeException Translate(string pool, Exception cause) => cause switch
    {
        VolumeException known => known,
        SystemCallException { Error: Errno.NoSpace or Errno.QuotaExceeded } =>
            new(VolumeError.Exhausted, $"pool '{pool}' is full: {cause.Message} Free some space in it, or use another pool.", cause),
        SystemCallException { Error: Errno.FileTooBig } =>
            new(VolumeError.OutOfRange, $"pool '{pool}': its file system cannot hold so large a file: {cause.Message}", cause),
        SystemCallException { Error: Errno.ReadOnlyFileSystem } =>
            new(VolumeError.Unavailable, $"pool '{pool}' is read-only: {cause.Message} Remount it writable.", cause),
        _ when IsNoSpace(cause) =>
            new(VolumeError.Exhausted, $"pool '{pool}' is full: {cause.Message} Free some space in it, or use another pool.", cause),
        _ => new(VolumeError.Unavailable, $"pool '{pool}' fails: {cause.Message} Check its file system.", cause),
    };

    // The runtime's own file calls put the errno, as is, into HResult on Linux.
    private static bool IsNoSpace(Exception cause) => cause is IOException && (cause.HResult & 0xffff) == Errno.NoSpace;
}
