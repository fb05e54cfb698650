using CsiTcmu.Linux.Mounts;

namespace CsiTcmu.Linux.Tests;

/// <summary>Real mounts of tmpfs. They need root with CAP_SYS_ADMIN.</summary>
public sealed class MountsCallsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mounts tab\t").FullName;

    private string Source => Make("source");

    private string Target => Make("target");

    [Fact]
    public void A_file_system_is_mounted_with_its_flags_and_unmounted()
    {
        Mount(Source, MountFlags.NoSetUser | MountFlags.NoDevices | MountFlags.NoAccessTime, "size=1m");
        var entry = MountTable.Read().Top(Source);
        Assert.NotNull(entry);
        Assert.Equal("tmpfs", entry.FileSystem);
        Assert.Equal(MountFlags.NoSetUser | MountFlags.NoDevices | MountFlags.NoAccessTime, entry.Flags);
        Assert.Contains("size=1024k", entry.SuperOptions);

        Assert.Equal(0, Syscalls.FileSystem(Source, out var status));
        Assert.Equal(0x01021994, status.Magic);
        Assert.Equal(1 << 20, status.TotalBytes);
        Assert.Equal(status.TotalBytes, status.FreeBytes);
        Assert.True(status.TotalInodes > status.FreeInodes);

        Assert.Equal(0, Syscalls.Unmount(Source));
        Assert.Null(MountTable.Read().Top(Source));
        Assert.Equal(-Errno.InvalidArgument, Syscalls.Unmount(Source));
    }

    [Fact]
    public void A_busy_mount_stays_and_says_so()
    {
        Mount(Source);
        using (File.Create(Source + "/open"))
        {
            Assert.Equal(-Errno.Busy, Syscalls.Unmount(Source));
            Assert.NotNull(MountTable.Read().Top(Source));
        }

        Assert.Equal(0, Syscalls.Unmount(Source));
    }

    [Theory]
    [InlineData(MountFlags.ReadOnly | MountFlags.RelativeAccessTime)]
    [InlineData(MountFlags.NoExecute | MountFlags.NoAccessTime | MountFlags.NoDirectoryAccessTime)]
    [InlineData(MountFlags.NoSetUser | MountFlags.NoDevices | MountFlags.NoSymbolicLinks | MountFlags.StrictAccessTime)]
    public void A_bind_mount_has_exactly_the_flags_asked_for(MountFlags flags)
    {
        Mount(Source, MountFlags.NoExecute | MountFlags.NoAccessTime);
        File.WriteAllText(Source + "/file", "content");
        Assert.Equal(0, Syscalls.Bind(Source, Target, flags));

        var bound = MountTable.Read().Top(Target);
        Assert.NotNull(bound);
        Assert.Equal(flags, bound.Flags);
        Assert.Equal(MountTable.Read().Top(Source)!.Device, bound.Device);
        Assert.Equal("content", File.ReadAllText(Target + "/file"));
        Assert.Equal(flags.HasFlag(MountFlags.ReadOnly), !CanWrite(Target));
        Assert.True(CanWrite(Source));
    }

    [Fact]
    public void A_device_node_is_bound_onto_a_file()
    {
        var file = _folder + "/node";
        File.WriteAllText(file, "");
        Assert.Equal(0, Syscalls.Bind("/dev/null", file, MountFlags.RelativeAccessTime));
        Assert.Equal("/null", MountTable.Read().Top(file)!.Root);
        Assert.Equal(0, Syscalls.Unmount(file));
        Assert.Equal("", File.ReadAllText(file));
    }

    [Fact]
    public void A_bind_that_cannot_be_leaves_nothing()
    {
        Assert.Equal(-Errno.NoEntry, Syscalls.Bind(_folder + "/absent", Target, MountFlags.None));
        Assert.Equal(-Errno.NoEntry, Syscalls.Bind(Source, _folder + "/absent", MountFlags.None));
        Assert.Null(MountTable.Read().Top(Target));
    }

    [Fact]
    public void Status_tells_kinds_sizes_and_devices_apart()
    {
        var file = _folder + "/sparse";
        using (var stream = File.Create(file))
        {
            stream.SetLength(1 << 20);
            stream.Write(new byte[8192]);
        }

        File.CreateSymbolicLink(_folder + "/link", file);
        Assert.Equal(0, Syscalls.Status(file, out var status));
        Assert.Equal((FileKind.Regular, 1L << 20), (status.Kind, status.Size));
        Assert.InRange(status.AllocatedBytes, 0, 1 << 19);
        Assert.Equal(0, Syscalls.Status(_folder + "/link", out status));
        Assert.Equal(FileKind.SymbolicLink, status.Kind);
        Assert.Equal(0, Syscalls.Status(_folder, out status));
        Assert.Equal(FileKind.Directory, status.Kind);
        Assert.Equal(0, Syscalls.Status("/dev/null", out status));
        Assert.Equal((FileKind.Other, new DeviceNumber(1, 3)), (status.Kind, status.Device));
        Assert.Equal(-Errno.NoEntry, Syscalls.Status(_folder + "/absent", out _));
        Assert.Equal(-Errno.NotDirectory, Syscalls.Status(file + "/absent", out _));
    }

    public void Dispose()
    {
        foreach (var entry in MountTable.Read().Entries.Reverse().Where(entry => entry.Target.StartsWith(_folder + "/", StringComparison.Ordinal)))
            _ = Syscalls.Detach(entry.Target);
        Directory.Delete(_folder, recursive: true);
    }

    private static void Mount(string target, MountFlags flags = MountFlags.None, string data = "")
    {
        var result = Syscalls.Mount("test", target, "tmpfs", flags, data);
        Assert.True(result == 0, $"tmpfs cannot be mounted ({Syscalls.Describe(result)}): these tests need root with CAP_SYS_ADMIN");
    }

    private static bool CanWrite(string folder)
    {
        try
        {
            File.WriteAllText(folder + "/try", "");
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private string Make(string name) => Directory.CreateDirectory($"{_folder}/{name}").FullName;
}
