namespace CsiTcmu.Linux.Tests;

/// <summary>A file of some length, open for reading and writing, in the folder CSI_TCMU_TEST_POOL, else beside the tests: on ext4 or xfs.</summary>
internal sealed class TemporaryFile : IDisposable
{
    public TemporaryFile(long length, OpenFlags flags = OpenFlags.ReadOnly)
    {
        var folder = Environment.GetEnvironmentVariable("CSI_TCMU_TEST_POOL") ?? AppContext.BaseDirectory;
        Path = System.IO.Path.Combine(folder, $"engine-{Guid.NewGuid():N}.bin");
        using (var stream = new FileStream(Path, FileMode.CreateNew)) stream.SetLength(length);
        File = Syscalls.Open(Path, OpenFlags.ReadWrite | OpenFlags.CloseOnExec | flags);
        Assert.True(File >= 0, $"{Path}: {Syscalls.Describe(File)}");
    }

    public string Path { get; }

    public int File { get; }

    public void Dispose()
    {
        _ = Syscalls.Close(File);
        System.IO.File.Delete(Path);
    }
}
