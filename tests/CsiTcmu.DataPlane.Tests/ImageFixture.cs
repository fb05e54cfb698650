namespace CsiTcmu.DataPlane.Tests;

/// <summary>A sparse image file for one test.</summary>
internal sealed class ImageFixture : IDisposable
{
    public ImageFixture(long size)
    {
        // Not in /tmp, which may be a tmpfs: that takes no direct I/O.
        Path = System.IO.Path.Combine(AppContext.BaseDirectory, $"image-{Guid.NewGuid():N}");
        using var file = File.Create(Path);
        file.SetLength(size);
    }

    public string Path { get; }

    public void Dispose() => File.Delete(Path);
}
