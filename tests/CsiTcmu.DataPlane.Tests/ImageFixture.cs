namespace CsiTcmu.DataPlane.Tests;

/// <summary>A sparse image file for one test.</summary>
internal sealed class ImageFixture : IDisposable
{
    /// <param name="size">Bytes.</param>
    /// <param name="inMemory">On a tmpfs, for tests that are about the way and not about the disk.</param>
    public ImageFixture(long size, bool inMemory = false)
    {
        Path = System.IO.Path.Combine(inMemory ? "/dev/shm" : AppContext.BaseDirectory, $"image-{Guid.NewGuid():N}");
        using var file = File.Create(Path);
        file.SetLength(size);
    }

    public string Path { get; }

    public void Dispose() => File.Delete(Path);
}
