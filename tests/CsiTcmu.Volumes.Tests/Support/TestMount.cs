using CsiTcmu.Linux;
using CsiTcmu.Linux.Mounts;

namespace CsiTcmu.Volumes.Tests.Support;

/// <summary>A small file system in memory, for pools. Needs root with CAP_SYS_ADMIN.</summary>
internal sealed class TestMount : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("csi-tcmu-").FullName;

    public TestMount(long size = 1L << 30)
    {
        var result = Syscalls.Mount("test", _folder, "tmpfs", MountFlags.None, $"size={size}");
        Assert.True(result == 0, $"tmpfs cannot be mounted ({Syscalls.Describe(result)}): these tests need root with CAP_SYS_ADMIN");
    }

    public string Folder => _folder;

    public string Make(string name) => Directory.CreateDirectory($"{_folder}/{name}").FullName;

    public void Remount(string option)
    {
        using var process = System.Diagnostics.Process.Start("mount", ["-o", "remount," + option, _folder]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    public void Dispose()
    {
        foreach (var entry in MountTable.Read().Entries.Reverse().Where(entry => entry.Target == _folder || entry.Target.StartsWith(_folder + "/", StringComparison.Ordinal)))
            _ = Syscalls.Detach(entry.Target);
        Directory.Delete(_folder, recursive: true);
    }
}
