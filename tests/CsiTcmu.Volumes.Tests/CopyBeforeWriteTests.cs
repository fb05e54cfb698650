using CsiTcmu.DataPlane;
using CsiTcmu.Linux.Tools;
using CsiTcmu.Volumes.Tests.Support;
using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests;

/// <summary>An image that is written while it is copied: the copy is the image of the instant, whatever is written afterwards.</summary>
public sealed class CopyBeforeWriteTests
{
    private const long Size = 64 * Mebibyte;
    private const int Most = 256 << 10;

    [Theory]
    [InlineData("xfs")]
    [InlineData("ext4")]
    public async Task What_is_written_behind_the_copy_is_not_in_it(string fileSystem)
    {
        using var pool = new PoolFileSystem(fileSystem);
        await pool.Catalogue.CreateAsync(Of("a", Size), CancellationToken.None);
        pool.Write("a", seed: 1);
        byte[]? then = null;
        var (writer, isProtected) = (Task.CompletedTask, false);
        pool.Disks.Holding = async (_, cancellationToken) => then = await File.ReadAllBytesAsync(pool.Image("a"), cancellationToken);
        pool.Disks.Protecting = (_, regions) =>
        {
            isProtected = regions is not null;
            if (regions is not null) writer = Task.Run(() => Write(pool.Image("a"), regions));
        };
        await pool.SnapshotAsync("s");
        await writer;
        Assert.False(isProtected);
        Assert.True(Same(then!, pool.SnapshotImage("s")), "the snapshot is not the image of its instant");
        Assert.False(Same(then!, pool.Image("a")), "nothing was written");
    }

    [Theory]
    [InlineData("xfs")]
    [InlineData("ext4")]
    public async Task What_is_written_before_the_hold_is_in_it_also_what_makes_a_hole(string fileSystem)
    {
        using var pool = new PoolFileSystem(fileSystem);
        await pool.Catalogue.CreateAsync(Of("a", Size), CancellationToken.None);
        pool.Write("a", seed: 1);
        byte[]? then = null;
        pool.Disks.Holding = async (id, cancellationToken) =>
        {
            Assert.True(Directory.Exists(pool.Folder + "/snapshots/.creating-s"));
            pool.Write(id, seed: 2, start: 3 * Mebibyte, pieces: 3, length: 128 << 10);
            await Tool.RunAsync("fallocate", ["--punch-hole", "--offset", "4MiB", "--length", "512KiB", pool.Image(id)], cancellationToken: cancellationToken);
            then = await File.ReadAllBytesAsync(pool.Image(id), cancellationToken);
        };
        await pool.SnapshotAsync("s");
        Assert.True(Same(then!, pool.SnapshotImage("s")), "the snapshot is not the image of its instant");
    }

    [Fact]
    public async Task A_copy_that_fails_lets_writers_go_on()
    {
        using var pool = new PoolFileSystem("ext4", 256L << 20);
        await pool.Catalogue.CreateAsync(Of("a", Size), CancellationToken.None);
        pool.Write("a", seed: 1);
        var told = new List<bool>();
        pool.Disks.Protecting = (_, regions) =>
        {
            told.Add(regions is not null);
            if (regions is not null) Fill(pool.Folder);
        };
        await Assert.ThrowsAnyAsync<Exception>(() => pool.SnapshotAsync("s"));
        Assert.Equal([true, false], told);
        Assert.False(Directory.Exists(pool.Folder + "/snapshots/s"));
    }

    private static bool Same(byte[] bytes, string path) => bytes.AsSpan().SequenceEqual(File.ReadAllBytes(path));

    private static void Fill(string folder)
    {
        using var file = new FileStream(folder + "/filler", new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            PreallocationSize = new DriveInfo(folder).AvailableFreeSpace - Mebibyte,
        });
    }

    /// <summary>Writes all over the image as a reactor does: nothing that is uncopied.</summary>
    private static void Write(string image, UncopiedRegions regions)
    {
        var random = new Random(3);
        var data = new byte[Most];
        using var file = File.OpenHandle(image, FileMode.Open, FileAccess.Write);
        for (var i = 0; i < 200; i++)
        {
            var length = random.Next(1, Most / 512) * 512;
            var offset = random.NextInt64((Size - length) / 512) * 512;
            random.NextBytes(data);
            while (regions.Holds(offset, length)) Thread.Yield();
            RandomAccess.Write(file, data.AsSpan(0, length), offset);
        }
    }
}
