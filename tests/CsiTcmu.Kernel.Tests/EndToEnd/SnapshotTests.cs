using System.Buffers.Binary;
using Csi.V1;
using CsiTcmu.Kernel.Tests.Machine;
using CsiTcmu.TestClient;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>Snapshots, clones and groups of volumes that are in use, through the CSI services.</summary>
[Collection(DriverCollection.Name)]
[Trait("Kernel", "any")]
public sealed class SnapshotTests(DriverFixture fixture, ITestOutputHelper output)
{
    private const long Size = 320L << 20;
    private readonly IReadOnlyList<string> _before = DriverFixture.Now();

    private CsiClient Client => fixture.Driver.Client;

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    public async Task Snapshot_of_a_mounted_volume_is_restored_larger_and_mounted_beside_it(string fileSystem)
    {
        var volume = await StagedVolume.MakeAsync(Client, $"source-{fileSystem}", fileSystem, Size);
        await WriteAsync(volume, "then");

        // What is in the page cache only is in the snapshot because of the freeze.
        await File.WriteAllTextAsync(volume.Target + "/cached", "cached");
        var snapshot = (await Client.CreateSnapshotAsync(new()
        {
            Name = $"snapshot-{fileSystem}",
            SourceVolumeId = volume.Id,
            Parameters = { ["freeze"] = "true" },
        })).Snapshot;
        Assert.True(snapshot.ReadyToUse);
        await WriteAsync(volume, "later");

        var restored = await RestoreAsync($"restored-{fileSystem}", fileSystem, new() { Snapshot = new() { SnapshotId = snapshot.SnapshotId } }, 2 * Size);
        var clone = await RestoreAsync($"clone-{fileSystem}", fileSystem, new() { Volume = new() { VolumeId = restored.Id } }, 0);
        Assert.Equal("cached", await File.ReadAllTextAsync(restored.Target + "/cached"));
        foreach (var copy in new[] { restored, clone })
        {
            Assert.Equal("then", await File.ReadAllTextAsync(copy.Target + "/then"));
            Assert.False(File.Exists(copy.Target + "/later"));
            Assert.InRange(await FileSystemSizeAsync(copy), Size * 3 / 2, 2 * Size);
            await WriteAsync(copy, copy.Id);
        }

        Assert.Equal("later", await File.ReadAllTextAsync(volume.Target + "/later"));
        Assert.False(File.Exists(volume.Target + "/" + restored.Id));
        Assert.Equal(3, new[] { await volume.DiskAsync(), await restored.DiskAsync(), await clone.DiskAsync() }.Distinct().Count());

        // In an order that nobody would choose; what is left is whole each time.
        await volume.RemoveAsync(Client);
        Assert.Equal("then", await File.ReadAllTextAsync(restored.Target + "/then"));
        await Client.DeleteSnapshotAsync(new() { SnapshotId = snapshot.SnapshotId });
        await restored.RemoveAsync(Client);
        await clone.UnpublishAsync(Client);
        await clone.UnstageAsync(Client);
        await clone.StageAsync(Client);
        Assert.Equal(clone.Id, await File.ReadAllTextAsync($"{clone.Staging}/{clone.Id}"));
        await clone.RemoveAsync(Client);
        Assert.Equal(_before, DriverFixture.Now());
    }

    [Fact]
    public async Task Group_is_one_instant_of_volumes_that_are_written_in_turns()
    {
        const int rounds = 10;
        StagedVolume[] volumes = [await StagedVolume.MakeAsync(Client, "first", "", 16L << 20), await StagedVolume.MakeAsync(Client, "second", "", 16L << 20)];
        using var stop = new CancellationTokenSource();
        var writer = Task.Factory.StartNew(() => WriteInTurns(volumes[0].Target, volumes[1].Target, stop.Token), TaskCreationOptions.LongRunning);
        var numbers = new List<(long First, long Second)>();
        for (var round = 0; round < rounds; round++)
        {
            await Task.Delay(50);
            var group = (await Client.CreateVolumeGroupSnapshotAsync(new() { Name = $"turns-{round}", SourceVolumeIds = { volumes.Select(volume => volume.Id) } })).GroupSnapshot;
            numbers.Add((NumberIn(group, volumes[0]), NumberIn(group, volumes[1])));
            await Client.DeleteVolumeGroupSnapshotAsync(new() { GroupSnapshotId = group.GroupSnapshotId });
        }

        await stop.CancelAsync();
        output.WriteLine($"of {await writer} numbers, written to the first volume and then to the second, the groups have: {string.Join(", ", numbers)}");

        // A number comes to the second volume when it is on the first, and the next one to the first when it is on the second.
        Assert.All(numbers, pair => Assert.InRange(pair.First - pair.Second, 0, 1));
        Assert.True(numbers[^1].Second > numbers[0].Second, "the writer did not write between the groups");
        foreach (var volume in volumes) await volume.RemoveAsync(Client);
        Assert.Equal(_before, DriverFixture.Now());
    }

    private static async Task WriteAsync(StagedVolume volume, string name)
    {
        await File.WriteAllTextAsync($"{volume.Target}/{name}", name);
        await Shell.RunAsync("sync", "-f", volume.Target);
    }

    private static async Task<long> FileSystemSizeAsync(StagedVolume volume)
    {
        var words = (await Shell.RunAsync("stat", "-f", "-c", "%b %S", volume.Target)).Trim().Split(' ');
        return long.Parse(words[0]) * long.Parse(words[1]);
    }

    private async Task<StagedVolume> RestoreAsync(string name, string fileSystem, VolumeContentSource source, long size)
    {
        var volume = await StagedVolume.CreateFromAsync(Client, name, fileSystem, source, size);
        await volume.StageAsync(Client);
        await volume.PublishAsync(Client);
        return volume;
    }

    /// <summary>Writes 1 to both, then 2, and so on; each write is on its disk before the next one begins.</summary>
    private static long WriteInTurns(string first, string second, CancellationToken cancellationToken)
    {
        using var one = File.OpenHandle(first, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, FileOptions.WriteThrough);
        using var two = File.OpenHandle(second, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, FileOptions.WriteThrough);
        var block = new byte[4096];
        long number = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            BinaryPrimitives.WriteInt64LittleEndian(block, ++number);
            RandomAccess.Write(one, block, 0);
            RandomAccess.Write(two, block, 0);
        }

        return number;
    }

    private static long NumberIn(VolumeGroupSnapshot group, StagedVolume volume)
    {
        var id = group.Snapshots.Single(snapshot => snapshot.SourceVolumeId == volume.Id).SnapshotId;
        using var image = File.OpenHandle($"{PoolDisk.Root}/snapshots/{id}/image");
        var number = new byte[sizeof(long)];
        RandomAccess.Read(image, number, 0);
        return BinaryPrimitives.ReadInt64LittleEndian(number);
    }
}
