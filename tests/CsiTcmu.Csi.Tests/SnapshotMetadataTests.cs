using Csi.V1;
using CsiTcmu.Volumes;
using CsiTcmu.Volumes.Health;
using CsiTcmu.Volumes.Node;
using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;

namespace CsiTcmu.Csi.Tests;

/// <summary>Allocated and changed blocks over the real catalogue: messages, continuation and codes.</summary>
public sealed class SnapshotMetadataTests : IAsyncLifetime
{
    private const int Block = 4096;
    private const long Size = 32L << 20;
    private readonly string _directory = Directory.CreateTempSubdirectory("csi-pools-").FullName;
    private readonly NoDisks _disks = new();
    private VolumeCatalogue _catalogue = null!;
    private Driver _driver = null!;

    public async ValueTask InitializeAsync()
    {
        _catalogue = VolumeCatalogue.Open([new PoolSpecification("main", _directory, 0)], _disks, NullLogger.Instance);
        _driver = await Driver.StartAsync(
            _catalogue, new NodeVolumes("node-a", _catalogue, _disks, NullLogger.Instance), new NodeHealth(_catalogue, _disks));
        foreach (var name in new[] { "pvc-1", "pvc-2" })
        {
            var create = Good.Create(name);
            create.CapacityRange.RequiredBytes = Size;
            await _driver.Client.CreateVolumeAsync(create);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _driver.DisposeAsync();
        _catalogue.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Blocks_come_in_messages_of_the_size_asked_for_and_a_call_goes_on_where_one_was_interrupted()
    {
        long[] first = [0, 3, 4, 10, 100, 101, 102, 500], second = [3, 10, 50, 8191];
        await WriteAsync(1, first);
        await SnapshotAsync("snapshot-1");
        await WriteAsync(2, second);
        await SnapshotAsync("snapshot-2");

        (long, long)[] changed = [(3, 1), (10, 1), (50, 1), (8191, 1)];
        var messages = await _driver.Client.GetMetadataDeltaAsync(new() { BaseSnapshotId = "snapshot-1", TargetSnapshotId = "snapshot-2", MaxResults = 3 });
        Assert.Equal([3, 1], messages.Select(message => message.BlockMetadata.Count));
        Assert.All(messages, message => Assert.Equal((BlockMetadataType.VariableLength, Size), (message.BlockMetadataType, message.VolumeCapacityBytes)));
        Assert.Equal(changed, InBlocks(messages.SelectMany(message => message.BlockMetadata)));

        // Asked the other way round, the answer is the same.
        Assert.Equal(changed, await ChangedAsync("snapshot-2", "snapshot-1", 0));
        Assert.Equal(changed[2..], await ChangedAsync("snapshot-1", "snapshot-2", 11 * Block));
        Assert.Empty(await ChangedAsync("snapshot-1", "snapshot-2", Size));

        (long, long)[] allocated = [(0, 1), (3, 2), (10, 1), (100, 3), (500, 1)];
        Assert.Equal(allocated, await AllocatedAsync("snapshot-1", 0));
        (long, long)[] rest = [(4, 1), .. allocated[2..]];
        Assert.Equal(rest, await AllocatedAsync("snapshot-1", 4 * Block));
    }

    [Fact]
    public async Task Nothing_is_one_message_that_tells_the_capacity()
    {
        await SnapshotAsync("snapshot-1");
        var empty = Assert.Single(await _driver.Client.GetMetadataAllocatedAsync(Good.Allocated()));
        Assert.Equal((BlockMetadataType.VariableLength, Size, 0), (empty.BlockMetadataType, empty.VolumeCapacityBytes, empty.BlockMetadata.Count));

        var same = Assert.Single(await _driver.Client.GetMetadataDeltaAsync(new() { BaseSnapshotId = "snapshot-1", TargetSnapshotId = "snapshot-1" }));
        Assert.Equal((Size, 0), (same.VolumeCapacityBytes, same.BlockMetadata.Count));
    }

    [Fact]
    public async Task Growth_between_snapshots_is_a_change_only_where_something_was_written()
    {
        await WriteAsync(1, 0, 1);
        await SnapshotAsync("snapshot-1");
        await _driver.Client.ControllerExpandVolumeAsync(new() { VolumeId = "pvc-1", CapacityRange = new() { RequiredBytes = 2 * Size } });
        await WriteAsync(2, (2 * Size / Block) - 1);
        await SnapshotAsync("snapshot-2");

        var message = Assert.Single(await _driver.Client.GetMetadataDeltaAsync(Good.Delta()));
        Assert.Equal(2 * Size, message.VolumeCapacityBytes);
        Assert.Equal(((2 * Size / Block) - 1, 1L), Assert.Single(InBlocks(message.BlockMetadata)));
    }

    [Fact]
    public async Task Unknown_snapshots_other_volumes_and_offsets_behind_the_end_are_refused()
    {
        await SnapshotAsync("snapshot-1");
        await SnapshotAsync("other", "pvc-2");

        await RefusedAsync(Good.Allocated(), r => r.SnapshotId = "none", StatusCode.NotFound, "'none'");
        await RefusedAsync(Good.Allocated(), r => r.SnapshotId = "../x", StatusCode.NotFound, "no such snapshot");
        await RefusedAsync(Good.Allocated(), r => r.StartingOffset = Size + 1, StatusCode.OutOfRange, $"has {Size} bytes");
        await RefusedAsync(Good.Delta(), _ => { }, StatusCode.NotFound, "'snapshot-2'");
        await RefusedAsync(Good.Delta(), r => (r.BaseSnapshotId, r.TargetSnapshotId) = ("none", "snapshot-1"), StatusCode.NotFound, "'none'");
        await RefusedAsync(Good.Delta(), r => r.TargetSnapshotId = "other", StatusCode.InvalidArgument, "two snapshots of one volume");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_caller_that_gives_up_ends_the_search(bool allocated)
    {
        var volumes = new MemoryVolumes();
        await using var driver = await Driver.StartAsync(volumes);
        using var caller = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => allocated
            ? driver.Client.GetMetadataAllocatedAsync(Good.Allocated(), caller.Token)
            : driver.Client.GetMetadataDeltaAsync(Good.Delta(), caller.Token));

        await volumes.Closed.WaitAsync(TimeSpan.FromSeconds(30));
    }

    private static List<(long Block, long Count)> InBlocks(IEnumerable<BlockMetadata> ranges) =>
        [.. ranges.Select(range => (range.ByteOffset / Block, range.SizeBytes / Block))];

    private async Task<List<(long, long)>> ChangedAsync(string origin, string target, long offset) => InBlocks(
        (await _driver.Client.GetMetadataDeltaAsync(new() { BaseSnapshotId = origin, TargetSnapshotId = target, StartingOffset = offset }))
            .SelectMany(message => message.BlockMetadata));

    private async Task<List<(long, long)>> AllocatedAsync(string id, long offset) => InBlocks(
        (await _driver.Client.GetMetadataAllocatedAsync(new() { SnapshotId = id, StartingOffset = offset })).SelectMany(message => message.BlockMetadata));

    private async Task RefusedAsync<T>(T request, Action<T> spoil, StatusCode code, string says)
        where T : Google.Protobuf.IMessage
    {
        spoil(request);
        await _driver.RefusesAsync(request, code, says);
    }

    private Task SnapshotAsync(string name, string source = "pvc-1") => _driver.Client.CreateSnapshotAsync(Good.Snapshot(name, source));

    /// <summary>Writes these blocks of the volume, as its disk would.</summary>
    private async Task WriteAsync(byte content, params long[] blocks)
    {
        using var image = File.OpenHandle($"{_directory}/volumes/pvc-1/image", FileMode.Open, FileAccess.Write);
        foreach (var block in blocks) await RandomAccess.WriteAsync(image, Enumerable.Repeat(content, Block).ToArray(), block * Block);
        RandomAccess.FlushToDisk(image);
    }
}
