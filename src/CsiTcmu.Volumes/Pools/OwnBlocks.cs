using CsiTcmu.Linux;

namespace CsiTcmu.Volumes.Pools;

/// <summary>Blocks that an image has for itself, on file systems whose files can share blocks.</summary>
internal static class OwnBlocks
{
    /// <summary>Bytes of an image that no other file has as well; all that it has where the file system does not tell.</summary>
    public static long Of(string image, FileStatus status)
    {
        var file = Syscalls.Open(image, OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.CloseOnExec);
        if (file < 0) return 0;
        var own = 0L;
        var result = FileExtents.Read(file, extent => own += extent.States.HasFlag(ExtentStates.Shared) ? 0 : extent.Length);
        _ = Syscalls.Close(file);
        return result < 0 ? status.AllocatedBytes : Math.Min(own, status.AllocatedBytes);
    }
}
