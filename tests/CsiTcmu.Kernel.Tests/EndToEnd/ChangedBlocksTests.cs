using CsiTcmu.Kernel.Tests.Machine;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>
/// Snapshots of a raw block volume in use, and what has changed between them, told to a client written by others. The changed blocks are compared
/// with the images byte for byte.
/// </summary>
[Collection(DriverCollection.Name)]
[Trait("Kernel", "any")]
[Trait("Length", "longest")]
public sealed class ChangedBlocksTests(DriverFixture fixture)
{
    private const long Size = 64L << 20;
    private const int Block = 4096;
    private readonly IReadOnlyList<string> _before = DriverFixture.Now();

    [Fact]
    public async Task Blocks_that_were_written_and_discarded_between_snapshots_are_told_exactly()
    {
        var client = fixture.Driver.Client;
        var volume = await StagedVolume.MakeAsync(client, "changed-blocks", "", Size);
        await WriteAsync(volume.Target, 0, 8 << 20);
        await client.CreateSnapshotAsync(new() { SourceVolumeId = volume.Id, Name = "changed-1" });
        await WriteAsync(volume.Target, 1 << 20, 64 << 10);
        await WriteAsync(volume.Target, 40 << 20, Block);
        await Shell.RunAsync("blkdiscard", "-o", $"{3 << 20}", "-l", $"{512 << 10}", volume.Target);
        await Shell.RunAsync("blkdiscard", "-z", "-o", $"{5 << 20}", "-l", $"{Block}", volume.Target);
        await client.CreateSnapshotAsync(new() { SourceVolumeId = volume.Id, Name = "changed-2" });
        await WriteAsync(volume.Target, 0, 8 << 20);

        Assert.Equal((0L, 8L << 20), Assert.Single(await AskAsync("GetMetadataAllocated", new { snapshot_id = "changed-1" })));
        (long, long)[] changed = [(1 << 20, 64 << 10), (3 << 20, 512 << 10), (5 << 20, Block), (40 << 20, Block)];
        Assert.Equal(changed, Differences("changed-1", "changed-2"));
        Assert.Equal(changed, await AskAsync("GetMetadataDelta", new { base_snapshot_id = "changed-1", target_snapshot_id = "changed-2", max_results = 1 }));

        await client.DeleteSnapshotAsync(new() { SnapshotId = "changed-1" });
        await client.DeleteSnapshotAsync(new() { SnapshotId = "changed-2" });
        await volume.RemoveAsync(client);
        Assert.Equal(_before, DriverFixture.Now());
    }

    private static Task WriteAsync(string device, int offset, int length) => Shell.RunAsync(
        "dd", "if=/dev/urandom", $"of={device}", $"bs={length}", "count=1", "oflag=direct,seek_bytes", $"seek={offset}", "iflag=fullblock", "status=none");

    private async Task<IReadOnlyList<(long Offset, long Length)>> AskAsync(string method, object request)
    {
        await using var client = new ForeignClient(fixture.Driver.SocketPath);
        var ranges = new List<(long, long)>();
        foreach (var message in (await client.CallAsync("SnapshotMetadata." + method, request)).EnumerateArray())
        {
            Assert.Equal(Size, message.Number("volume_capacity_bytes"));
            ranges.AddRange(message.List("block_metadata").Select(range => (range.Number("byte_offset"), range.Number("size_bytes"))));
        }

        return ranges;
    }

    /// <summary>Ranges of blocks in which the images of two snapshots differ.</summary>
    private List<(long Offset, long Length)> Differences(string first, string second)
    {
        using var left = File.OpenRead($"{fixture.Driver.Pool}/snapshots/{first}/image");
        using var right = File.OpenRead($"{fixture.Driver.Pool}/snapshots/{second}/image");
        var (a, b) = (new byte[Block], new byte[Block]);
        var ranges = new List<(long Offset, long Length)>();
        for (long offset = 0; offset < Size; offset += Block)
        {
            left.ReadExactly(a);
            right.ReadExactly(b);
            if (a.AsSpan().SequenceEqual(b)) continue;
            if (ranges.Count > 0 && ranges[^1] is var last && last.Offset + last.Length == offset) ranges[^1] = (last.Offset, last.Length + Block);
            else ranges.Add((offset, Block));
        }

        return ranges;
    }
}
