namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>The RAM disk (XFS, direct I/O) that pools of all tests lie on; formatted and mounted on first use.</summary>
internal static class PoolDisk
{
    private const string Disk = "/dev/ram0";
    private const string Folder = "/var/lib/csi-tcmu-test";

    /// <summary>Where it is mounted, after a <see cref="MountAsync"/>.</summary>
    public static string Root => Folder;

    /// <summary>Mounts it where that has not been done, and gives its folder.</summary>
    public static async Task<string> MountAsync()
    {
        if (File.ReadLines("/proc/self/mountinfo").Any(line => line.Contains($" {Folder} ", StringComparison.Ordinal))) return Folder;
        if (!File.Exists(Disk)) throw new InvalidOperationException($"{Disk} is not there; boot with -r 3G, or modprobe brd rd_nr=1 rd_size=3145728");
        await Shell.RunAsync("mkfs.xfs", "-q", "-f", Disk);
        Directory.CreateDirectory(Folder);
        await Shell.RunAsync("mount", Disk, Folder);
        return Folder;
    }
}
