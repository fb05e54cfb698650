using CsiTcmu.Linux;

namespace CsiTcmu.Tcmu.Tests;

/// <summary>What a look for zero copy makes and leaves, in folders that look like the kernel's; with a kernel: the kernel tests.</summary>
public sealed class ZeroCopyProbeTests : IDisposable
{
    private const int LockExclusive = 2;
    private readonly string _root = Directory.CreateTempSubdirectory("csi-tcmu-").FullName;

    private KernelPaths Paths => new() { Target = $"{_root}/target", Sysfs = $"{_root}/sys", Devices = $"{_root}/dev" };

    private string Core => $"{_root}/target/core";

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Zero_copy_that_cannot_be_looked_for_is_an_obstacle_with_a_reason()
    {
        Assert.Contains("target_core_user", ZeroCopyProbe.FindObstacle(Paths));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_root));
    }

    [Fact]
    public void Devices_of_processes_that_were_killed_while_they_looked_go_with_the_next_look_and_no_others()
    {
        Make("user_4711/probe-1", "user_4712/probe-1", "user_4712/probe-2147483647", "user_4712/other", "user_4712/prob-3");
        Assert.NotNull(ZeroCopyProbe.FindObstacle(Paths));
        Assert.Equal(["user_4711", "user_4711/probe-1", "user_4712", "user_4712/other", "user_4712/prob-3"], Folders());
    }

    [Fact]
    public void They_go_without_a_look_too_and_with_them_an_empty_adapter()
    {
        Make("user_4711/probe-1", "user_4712/probe-1");
        ZeroCopyProbe.RemoveLeftovers(Paths);
        Assert.Equal(["user_4711", "user_4711/probe-1"], Folders());

        Make("user_4712");
        ZeroCopyProbe.RemoveLeftovers(Paths);
        ZeroCopyProbe.RemoveLeftovers(Paths);
        Assert.Equal(["user_4711", "user_4711/probe-1"], Folders());
    }

    [Fact]
    public void One_that_somebody_makes_use_of_stays_and_keeps_no_other()
    {
        Make("user_4712/probe-1/used", "user_4712/probe-2");
        ZeroCopyProbe.RemoveLeftovers(Paths);
        Assert.Equal(["user_4712", "user_4712/probe-1", "user_4712/probe-1/used"], Folders());
    }

    [Fact]
    public void What_another_process_is_looking_with_is_left_to_it()
    {
        Make("user_4712/probe-1");
        var file = Syscalls.Open(Core, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec);
        Assert.Equal(0, Syscalls.Lock(file, LockExclusive));
        ZeroCopyProbe.RemoveLeftovers(Paths);
        Assert.Contains("another process", ZeroCopyProbe.FindObstacle(Paths, TimeSpan.Zero));
        Assert.Equal(["user_4712", "user_4712/probe-1"], Folders());

        // The end of a process lets go of its lock.
        Assert.Equal(0, Syscalls.Close(file));
        ZeroCopyProbe.RemoveLeftovers(Paths);
        Assert.Empty(Folders());
    }

    private void Make(params string[] folders)
    {
        foreach (var folder in folders) Directory.CreateDirectory($"{Core}/{folder}");
    }

    private IEnumerable<string> Folders() =>
        Directory.EnumerateDirectories(Core, "*", SearchOption.AllDirectories).Select(folder => Path.GetRelativePath(Core, folder)).Order(StringComparer.Ordinal);
}
