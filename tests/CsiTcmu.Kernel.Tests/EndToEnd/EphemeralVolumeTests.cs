using Csi.V1;
using CsiTcmu.Kernel.Tests.Machine;
using CsiTcmu.TestClient;
using Grpc.Core;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>Volumes that a pod asks for inline: one call makes and mounts, one undoes all, and nothing else sees them.</summary>
[Collection(DriverCollection.Name)]
[Trait("Length", "longest")]
public sealed class EphemeralVolumeTests(DriverFixture fixture)
{
    private const string Id = "csi-3f9ac1d2";
    private readonly string _target = Directory.CreateTempSubdirectory("pod-").FullName + "/mount";
    private readonly IReadOnlyList<string> _before = DriverFixture.Now();

    private CsiClient Client => fixture.Driver.Client;

    [Theory]
    [Trait("Kernel", "any")]
    [InlineData("ext4", "false")]
    [InlineData("btrfs", "true")]
    public async Task A_pods_volume_lives_through_a_killed_driver_and_leaves_nothing(string fileSystem, string encrypted)
    {
        var publish = Publish(fileSystem, encrypted);
        if (encrypted == "true")
        {
            Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<CallFailedException>(() => Client.NodePublishVolumeAsync(publish))).Code);
            Assert.Equal(_before, DriverFixture.Now());
            publish.Secrets["encryptionPassphrase"] = "of the pod";
        }

        for (var i = 0; i < 2; i++) await Client.NodePublishVolumeAsync(publish);
        var data = new byte[16 << 20];
        new Random(3).NextBytes(data);
        await File.WriteAllBytesAsync(_target + "/data", data);
        await fixture.Driver.KillAsync();
        await fixture.Driver.StartAsync();
        await Client.NodePublishVolumeAsync(publish);
        Assert.Equal(data, await File.ReadAllBytesAsync(_target + "/data"));

        // btrfs counts what is on the disk.
        await Shell.RunAsync("sync", "-f", _target);
        var usage = (await Client.NodeGetVolumeStatsAsync(new() { VolumeId = Id, VolumePath = _target })).Usage;
        Assert.InRange(usage[0].Used, data.Length, 160 << 20);
        Assert.Empty((await Client.ListVolumesAsync(new())).Entries);
        await Client.DeleteVolumeAsync(new() { VolumeId = Id });
        Assert.True(File.Exists(_target + "/data"));

        for (var i = 0; i < 2; i++) await Client.NodeUnpublishVolumeAsync(new() { VolumeId = Id, TargetPath = _target });
        Assert.False(Directory.Exists(_target));
        Assert.Equal(_before, DriverFixture.Now());
    }

    private NodePublishVolumeRequest Publish(string fileSystem, string encrypted)
    {
        var request = new NodePublishVolumeRequest { VolumeId = Id, TargetPath = _target, VolumeCapability = StagedVolume.CapabilityFor(fileSystem) };
        request.VolumeContext["csi.storage.k8s.io/ephemeral"] = "true";
        request.VolumeContext["csi.storage.k8s.io/pod.name"] = "pod-1";
        request.VolumeContext["size"] = "160Mi";
        request.VolumeContext["encrypted"] = encrypted;
        if (encrypted == "true") request.VolumeContext["encryptionKeyMemory"] = "1Mi";
        return request;
    }
}
