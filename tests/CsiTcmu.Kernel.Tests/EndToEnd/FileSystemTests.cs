using Csi.V1;
using CsiTcmu.Kernel.Tests.Machine;
using CsiTcmu.TestClient;
using Grpc.Core;
using Mode = Csi.V1.VolumeCapability.Types.AccessMode.Types.Mode;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>Every file system grows while it is in use and tells its use; access modes allow and forbid what they say.</summary>
[Collection(DriverCollection.Name)]
[Trait("Length", "longest")]
public sealed class FileSystemTests(DriverFixture fixture)
{
    private const long Mebibyte = 1L << 20;
    private readonly IReadOnlyList<string> _before = DriverFixture.Now();

    private CsiClient Client => fixture.Driver.Client;

    [Theory]
    [Trait("Kernel", "any")]
    [InlineData("ext4", 64, true)]
    [InlineData("xfs", 300, true)]
    [InlineData("btrfs", 256, false)]
    public async Task A_file_system_grows_in_use_and_tells_its_use(string fileSystem, int mebibytes, bool countsInodes)
    {
        var volume = await StagedVolume.MakeAsync(Client, "grows-" + fileSystem, fileSystem, mebibytes * Mebibyte);
        var data = new byte[20 * Mebibyte];
        new Random(5).NextBytes(data);
        await File.WriteAllBytesAsync(volume.Target + "/data", data);
        await Shell.RunAsync("sync", "-f", volume.Target);
        var small = await UsageAsync(volume);
        for (var i = 0; i < 2; i++) await volume.ExpandAsync(Client, (mebibytes + 200) * Mebibyte);
        var large = await UsageAsync(volume);
        Assert.InRange(small[0].Used, data.Length, mebibytes * Mebibyte);
        Assert.InRange(large[0].Total - small[0].Total, 150 * Mebibyte, 200 * Mebibyte);
        Assert.Equal(countsInodes, large.Any(use => use.Unit == VolumeUsage.Types.Unit.Inodes && use.Used > 0 && use.Total > use.Used));

        await volume.UnpublishAsync(Client);
        await volume.UnstageAsync(Client);
        await volume.StageAsync(Client);
        await volume.PublishAsync(Client);
        Assert.Equal(data, await File.ReadAllBytesAsync(volume.Target + "/data"));
        await volume.RemoveAsync(Client);
        Assert.Equal(_before, DriverFixture.Now());
    }

    [Theory]
    [Trait("Kernel", "any")]
    [InlineData(Mode.SingleNodeSingleWriter, false, true)]
    [InlineData(Mode.SingleNodeMultiWriter, true, true)]
    [InlineData(Mode.MultiNodeReaderOnly, true, false)]
    public async Task An_access_mode_allows_what_it_says(Mode mode, bool several, bool writable)
    {
        var capability = StagedVolume.CapabilityFor("ext4");
        capability.AccessMode.Mode = mode;
        var volume = await StagedVolume.CreateAsync(Client, "modes", capability, 32 * Mebibyte);
        await volume.StageAsync(Client);
        for (var i = 0; i < 2; i++) await volume.PublishAsync(Client);
        var second = new NodePublishVolumeRequest
        {
            VolumeId = volume.Id,
            StagingTargetPath = volume.Staging,
            TargetPath = volume.Target + "-2",
            VolumeCapability = capability,
        };
        if (several) await Client.NodePublishVolumeAsync(second);
        else Assert.Equal(StatusCode.FailedPrecondition, (await Assert.ThrowsAsync<CallFailedException>(() => Client.NodePublishVolumeAsync(second))).Code);
        foreach (var target in several ? [volume.Target, second.TargetPath] : new[] { volume.Target })
        {
            var write = await Record.ExceptionAsync(() => File.WriteAllTextAsync(target + "/file", "content"));
            Assert.True(writable ? write is null : write is IOException, $"{target}: {write?.Message ?? "written"}");
        }

        await Client.NodeUnpublishVolumeAsync(new() { VolumeId = volume.Id, TargetPath = second.TargetPath });
        await volume.RemoveAsync(Client);
        Assert.Equal(_before, DriverFixture.Now());
    }

    private async Task<IReadOnlyList<VolumeUsage>> UsageAsync(StagedVolume volume) =>
        (await Client.NodeGetVolumeStatsAsync(new() { VolumeId = volume.Id, VolumePath = volume.Target })).Usage;
}
