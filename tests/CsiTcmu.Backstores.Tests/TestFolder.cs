using System.Diagnostics;

namespace CsiTcmu.Backstores.Tests;

/// <summary>The file systems that images are tried on.</summary>
public enum Medium
{
    /// <summary>The folder in CSI_TCMU_TEST_POOL, else that of the tests: ext4 or xfs on a disk.</summary>
    Here,

    /// <summary>tmpfs: no direct I/O before Linux 6.6, holes.</summary>
    SharedMemory,

    /// <summary>ramfs: no direct I/O, no holes.</summary>
    Ramfs,

    /// <summary>tmpfs with room for 1 MiB.</summary>
    Small,

    /// <summary>xfs on a loop device with sectors of 512 bytes.</summary>
    Xfs,

    /// <summary>ext4 on a loop device with sectors of 4096 bytes.</summary>
    Ext4Of4K,

    /// <summary>xfs on a loop device with sectors of 4096 bytes.</summary>
    XfsOf4K,
}

/// <summary>A folder for images on one of the media; mounted ones need root.</summary>
internal sealed class TestFolder : IDisposable
{
    private readonly string? _loop;
    private readonly string? _loopFile;
    private readonly bool _mounted;

    public TestFolder(Medium medium)
    {
        var name = $"csi-tcmu-{Guid.NewGuid():N}";
        var here = Environment.GetEnvironmentVariable("CSI_TCMU_TEST_POOL") ?? AppContext.BaseDirectory;
        Path = System.IO.Path.Combine(medium == Medium.SharedMemory ? "/dev/shm" : here, name);
        Directory.CreateDirectory(Path);
        switch (medium)
        {
            case Medium.Ramfs:
                Run("mount", "-t", "ramfs", "none", Path);
                _mounted = true;
                break;
            case Medium.Small:
                Run("mount", "-t", "tmpfs", "-o", "size=1m", "none", Path);
                _mounted = true;
                break;
            case Medium.Xfs or Medium.Ext4Of4K or Medium.XfsOf4K:
                _loopFile = Path + ".disk";
                using (var file = File.Create(_loopFile)) file.SetLength(400L << 20);
                _loop = Run("losetup", "--sector-size", medium == Medium.Xfs ? "512" : "4096", "--find", "--show", _loopFile).Trim();
                Run(medium == Medium.Ext4Of4K ? "mkfs.ext4" : "mkfs.xfs", "-q", _loop);
                Run("mount", _loop, Path);
                _mounted = true;
                break;
        }
    }

    public string Path { get; }

    /// <summary>Makes a sparse image.</summary>
    public string Image(long length)
    {
        var path = System.IO.Path.Combine(Path, $"{Guid.NewGuid():N}.img");
        using var file = new FileStream(path, FileMode.CreateNew);
        file.SetLength(length);
        return path;
    }

    /// <summary>Makes a copy that shares its blocks with the original until one of them is written.</summary>
    public string Clone(string image)
    {
        var path = image + ".clone";
        Run("cp", "--reflink=always", image, path);
        return path;
    }

    public void Dispose()
    {
        if (_mounted) Run("umount", Path);
        if (_loop is not null) Run("losetup", "-d", _loop);
        if (_loopFile is not null) File.Delete(_loopFile);
        Directory.Delete(Path, recursive: true);
    }

    private static string Run(string tool, params string[] arguments)
    {
        var start = new ProcessStartInfo(tool, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            Assert.Fail($"`{tool} {string.Join(' ', arguments)}` failed; these tests run as root with loop devices. {errors}");
        return output;
    }
}
