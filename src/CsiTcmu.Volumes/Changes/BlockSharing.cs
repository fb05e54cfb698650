using CsiTcmu.Linux;

namespace CsiTcmu.Volumes.Changes;

/// <summary>Whether copies of an image share its blocks.</summary>
internal static class BlockSharing
{
    private const int Sample = 64 * 1024; // a whole number of blocks on every file system
    private const int FileMode = 0x180; // 0600

    /// <summary>
    /// Asks the file system of a folder by having a file without a name share the image's first blocks. False when that does not work, whatever the
    /// reason: then nothing may be read from places.
    /// </summary>
    public static bool IsPossible(string folder, ImageReader image)
    {
        var file = Syscalls.Open(folder, OpenFlags.ReadWrite | OpenFlags.Unnamed | OpenFlags.Directory | OpenFlags.CloseOnExec, FileMode);
        if (file < 0) return false;
        var result = Syscalls.CloneRange(file, 0, image.File, 0, Sample);
        _ = Syscalls.Close(file);
        return result == 0;
    }
}
