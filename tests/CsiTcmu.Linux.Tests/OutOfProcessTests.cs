using CsiTcmu.Linux.Mounts;
using CsiTcmu.Linux.Tools;

namespace CsiTcmu.Linux.Tests;

/// <summary>The programs that make kernel calls for us, on ordinary files, folders and tmpfs. They need root with CAP_SYS_ADMIN.</summary>
public sealed class OutOfProcessTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("out of process").FullName;

    [Fact]
    public async Task Links_are_made_and_removed_and_refusals_have_their_number()
    {
        var link = _folder + "/link";
        Assert.Equal(0, await OutOfProcess.LinkAsync("/to somewhere", link));
        Assert.Equal("/to somewhere", new FileInfo(link).LinkTarget);
        Assert.Equal(-Errno.Exists, await OutOfProcess.LinkAsync("/other", link));
        Assert.Equal(0, await OutOfProcess.UnlinkAsync(link));
        Assert.Equal(-Errno.NoEntry, await OutOfProcess.UnlinkAsync(link));
        Assert.Equal(-Errno.NoEntry, await OutOfProcess.LinkAsync("/to", _folder + "/missing/link"));
    }

    [Fact]
    public async Task An_attribute_is_written_in_one_write_and_never_made()
    {
        var file = _folder + "/attribute";
        Assert.Equal(-Errno.NoEntry, await OutOfProcess.WriteAsync(file, "1"));
        File.WriteAllText(file, "");
        Assert.Equal(0, await OutOfProcess.WriteAsync(file, "a value"));
        Assert.Equal("a value", File.ReadAllText(file));
        Assert.Equal(-Errno.InvalidArgument, await OutOfProcess.WriteAsync("/proc/self/oom_score_adj", "words"));
        Assert.Equal(-Errno.NoSpace, await OutOfProcess.WriteAsync("/dev/full", "1"));
    }

    [Fact]
    public async Task A_device_is_opened_and_made_durable()
    {
        var file = _folder + "/device";
        Assert.Equal(-Errno.NoEntry, await OutOfProcess.OpenExclusivelyAsync(file));
        Assert.Equal(-Errno.NoEntry, await OutOfProcess.SyncAsync(file));
        File.WriteAllText(file, "content");
        Assert.Equal(0, await OutOfProcess.OpenExclusivelyAsync(file));
        Assert.Equal(0, await OutOfProcess.SyncAsync(file));
        Assert.Equal("content", File.ReadAllText(file));
    }

    [Fact]
    public async Task A_file_system_is_mounted_with_its_options_and_unmounted()
    {
        var options = MountOptions.Parse(["nosuid,nodev", "noatime", "size=1m"]);
        Assert.Null(await OutOfProcess.MountAsync("test", _folder, "tmpfs", options));
        var entry = MountTable.Read().Top(_folder);
        Assert.NotNull(entry);
        Assert.Equal(options.Effective, entry.Flags);
        Assert.Contains("size=1024k", entry.SuperOptions);
        using (File.Create(_folder + "/open")) Assert.Contains("busy", await OutOfProcess.UnmountAsync(_folder));
        Assert.Null(await OutOfProcess.UnmountAsync(_folder));
        Assert.Null(MountTable.Read().Top(_folder));
        Assert.Contains("umount", await OutOfProcess.UnmountAsync(_folder));
    }

    [Theory]
    [InlineData(MountFlags.ReadOnly | MountFlags.NoExecute | MountFlags.NoDirectoryAccessTime | MountFlags.RelativeAccessTime)]
    [InlineData(MountFlags.NoSymbolicLinks | MountFlags.StrictAccessTime | MountFlags.NoSetUser)]
    [InlineData(MountFlags.RelativeAccessTime)]
    public async Task Every_flag_arrives(MountFlags flags)
    {
        Assert.Null(await OutOfProcess.MountAsync("test", _folder, "tmpfs", new MountOptions(flags, "")));
        Assert.Equal(flags, MountTable.Read().Top(_folder)!.Flags);
        Assert.Null(await OutOfProcess.UnmountAsync(_folder));
    }

    [Fact]
    public async Task A_mount_that_the_kernel_refuses_says_so()
    {
        Assert.Contains("mount ended with 32", await OutOfProcess.MountAsync("test", _folder, "tmpfs", MountOptions.Parse(["no-such-option=1"])));
        Assert.Contains(_folder + "/missing", await OutOfProcess.MountAsync("test", _folder + "/missing", "tmpfs", MountOptions.Parse([])));
        Assert.Null(MountTable.Read().Top(_folder));
    }

    public void Dispose()
    {
        if (MountTable.Read().Top(_folder) is not null) _ = Syscalls.Detach(_folder);
        Directory.Delete(_folder, recursive: true);
    }
}
