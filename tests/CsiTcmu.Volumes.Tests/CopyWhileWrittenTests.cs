using CsiTcmu.Volumes.Tests.Support;
using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests;

/// <summary>An image that is written while it is copied: what was written before the hold is in the copy, also what made a hole.</summary>
public sealed class CopyWhileWrittenTests
{
    private const long Size = 64 * Mebibyte;

    [Theory]
    [InlineData("xfs")]
    [InlineData("ext4")]
    public async Task What_is_written_before_the_hold_is_in_the_snapshot(string fileSystem)
    {
        using var pool = new PoolFileSystem(fileSystem);
        await pool.Catalogue.CreateAsync(Of("a", Size), CancellationToken.None);
        pool.Write("a", seed: 1);
        byte[]? then = null;

        // The hold is asked for when all has been copied once.
        pool.Disks.Holding = async (id, cancellationToken) =>
        {
            Assert.True(Directory.Exists(pool.Folder + "/snapshots/.creating-s"));
            pool.Write(id, seed: 2, start: 3 * Mebibyte, pieces: 3, length: 128 << 10);
            for (var piece = 0; piece < 3; piece++) pool.Disks.Written[id]!.Mark((3 + (4 * piece)) * Mebibyte, 128 << 10);
            await CsiTcmu.Linux.Tools.Tool.RunAsync("fallocate", ["--punch-hole", "--offset", "4MiB", "--length", "512KiB", pool.Image(id)], cancellationToken: cancellationToken);
            pool.Disks.Written[id]!.Mark(4 * Mebibyte, 512 << 10);
            then = await File.ReadAllBytesAsync(pool.Image(id), cancellationToken);
        };
        await pool.SnapshotAsync("s");
        Assert.Equal(then, await File.ReadAllBytesAsync(pool.SnapshotImage("s")));
        Assert.Null(pool.Disks.Written["a"]);
    }

    [Fact]
    public async Task What_is_not_noted_is_not_copied_again()
    {
        using var pool = new PoolFileSystem("ext4");
        await pool.Catalogue.CreateAsync(Of("a", Size), CancellationToken.None);
        pool.Write("a", seed: 1);
        var before = await File.ReadAllBytesAsync(pool.Image("a"));
        pool.Disks.Holding = (id, _) =>
        {
            pool.Write(id, seed: 2);
            return Task.CompletedTask;
        };
        await pool.SnapshotAsync("s");
        Assert.Equal(before, await File.ReadAllBytesAsync(pool.SnapshotImage("s")));
    }
}
