using CsiTcmu.Linux;
using CsiTcmu.Linux.Tools;

namespace CsiTcmu.Volumes.Tests.Changes;

/// <summary>A file system of a real kind on a loop device, whose disk is a file in memory. Needs root with CAP_SYS_ADMIN.</summary>
internal sealed class LoopMount : IDisposable
{
    private const string Memory = "/dev/shm";
    private readonly string _disk = $"{Memory}/csi-tcmu-{Guid.NewGuid():N}";

    private LoopMount() => Folder = Directory.CreateTempSubdirectory("csi-tcmu-loop-").FullName;

    /// <summary>Where it is mounted.</summary>
    public string Folder { get; }

    /// <summary>Makes and mounts one.</summary>
    /// <param name="size">Size of its disk, of which only what is written takes memory.</param>
    /// <param name="options">Options of mount beside <c>loop</c>.</param>
    /// <param name="make">The mkfs command; the disk's path is added.</param>
    public static LoopMount Make(long size, string options, params string[] make)
    {
        var mount = new LoopMount();
        try
        {
            using (var disk = File.Create(mount._disk)) disk.SetLength(size);
            Run(make[0], [.. make[1..], mount._disk]);
            Run("mount", ["-o", options.Length > 0 ? "loop," + options : "loop", mount._disk, mount.Folder]);
            return mount;
        }
        catch
        {
            mount.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _ = Syscalls.Detach(Folder);
        Directory.Delete(Folder);
        File.Delete(_disk);
    }

    private static void Run(string program, IReadOnlyList<string> arguments)
    {
        var result = Tool.RunAsync(program, arguments).GetAwaiter().GetResult();
        Assert.True(result.ExitCode == 0, $"{result.Summary}: these tests need root with CAP_SYS_ADMIN, and loop devices");
    }
}
