namespace CsiTcmu.Linux.Tests;

/// <summary>A file of some length, open for reading and writing, on the file system that the tests run from.</summary>
internal sealed class TemporaryFile : IDisposable
{
    public TemporaryFile(long length, OpenFlags flags = OpenFlags.ReadOnly)
    {
        Path = System.IO.Path.Combine(AppContext.BaseDirectory, $"engine-{Guid.NewGuid():N}.bin");
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
