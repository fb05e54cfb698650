using System.Text;
using Csi.V1;
using CsiTcmu.Kernel.Tests.Machine;
using CsiTcmu.Linux.Sysfs;
using CsiTcmu.TestClient;
using Grpc.Core;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>Encrypted volumes: what they store is not readable below, they grow while in use, a wrong key changes nothing, a dead driver loses nothing.</summary>
[Collection(DriverCollection.Name)]
[Trait("Length", "longest")]
public sealed class EncryptedVolumeTests(DriverFixture fixture, ITestOutputHelper output)
{
    private const long Mebibyte = 1L << 20;
    private const string Marker = "a sentence that nobody below the mapping may read; ";
    private readonly IReadOnlyList<string> _before = DriverFixture.Now();

    // Little memory for the key: Argon2id is slow in the emulator.
    private static readonly (string, string)[] Encrypted = [("encrypted", "true"), ("encryptionKeyMemory", "1Mi")];

    private CsiClient Client => fixture.Driver.Client;

    [Theory]
    [Trait("Kernel", "any")]
    [InlineData("ext4", 64)]
    [InlineData("", 32)]
    public async Task A_volume_is_encrypted_grows_in_use_and_leaves_nothing(string fileSystem, int mebibytes)
    {
        var (size, larger) = (mebibytes * Mebibyte, (mebibytes + 48) * Mebibyte);
        var volume = await MakeAsync("secret-" + (fileSystem.Length > 0 ? fileSystem : "raw"), fileSystem, size);
        var disk = await volume.DiskAsync();
        Assert.StartsWith("/dev/dm-", disk, StringComparison.Ordinal);
        Assert.Equal(size, await SizeAsync(disk));
        var below = "/dev/" + Assert.Single(MappedDevice.Find("csi-tcmu-" + volume.Id)!.Below);
        Assert.Contains("crypto_LUKS", await Shell.RunAsync("blkid", "-p", "-o", "export", below), StringComparison.Ordinal);

        var data = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(Marker, 50_000)));
        await WriteAsync(volume, data);
        await AssertNotInImageAsync(volume);

        await Client.ControllerExpandVolumeAsync(new() { VolumeId = volume.Id, CapacityRange = new() { RequiredBytes = larger } });
        await RefusesAsync(volume, "", StatusCode.InvalidArgument, "csi.storage.k8s.io/node-expand-secret-name");
        await RefusesAsync(volume, "wrong", StatusCode.Unauthenticated, "encryptionPassphrase");
        Assert.Equal(size, await SizeAsync(disk));

        // The next process does not have the key either.
        await fixture.Driver.KillAsync();
        await fixture.Driver.StartAsync();
        for (var i = 0; i < 2; i++) await volume.ExpandAsync(Client, larger);
        Assert.Equal(larger, await SizeAsync(disk));
        await AssertUseAsync(volume, larger);
        Assert.Equal(data, await ReadAsync(volume, data.Length));

        await volume.RemoveAsync(Client);
        Assert.Equal(_before, DriverFixture.Now());
    }

    [Fact]
    [Trait("Kernel", "any")]
    public async Task A_wrong_key_is_refused_and_changes_nothing()
    {
        var volume = await MakeAsync("keys", "ext4", 32 * Mebibyte);
        await File.WriteAllTextAsync(volume.Target + "/data", Marker);
        await volume.UnpublishAsync(Client);
        await volume.UnstageAsync(Client);
        var unstaged = DriverFixture.Now();

        foreach (var (passphrase, code) in new[] { ("wrong", StatusCode.Unauthenticated), ("", StatusCode.InvalidArgument), (volume.Passphrase + "\n", StatusCode.Unauthenticated) })
        {
            var right = volume.Passphrase;
            volume.Passphrase = passphrase;
            var refusal = await Assert.ThrowsAsync<CallFailedException>(() => volume.StageAsync(Client));
            volume.Passphrase = right;
            Assert.Equal(code, refusal.Code);
            Assert.Contains("encryptionPassphrase", refusal.Detail, StringComparison.Ordinal);
            Directory.Delete(volume.Staging);
            Assert.Equal(unstaged, DriverFixture.Now());
        }

        await volume.StageAsync(Client);
        await volume.StageAsync(Client);
        Assert.Equal(Marker, await File.ReadAllTextAsync(volume.Staging + "/data"));

        // A mapping is not closed under somebody's feet.
        await using (File.OpenRead(volume.Staging + "/data"))
            Assert.Equal(StatusCode.FailedPrecondition, (await Assert.ThrowsAsync<CallFailedException>(() => volume.UnstageAsync(Client))).Code);
        await volume.RemoveAsync(Client);
        Assert.Equal(_before, DriverFixture.Now());
        Assert.DoesNotContain(fixture.Driver.Log, line => line.Contains(volume.Passphrase, StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Kernel", "any")]
    public async Task Verified_load_on_an_encrypted_volume_sees_no_error_under_kills()
    {
        const int kills = 3;
        var volume = await MakeAsync("secret-load", "", 96 * Mebibyte);
        var load = Fio.Start(10, 16 * Mebibyte, Mebibyte, volume.FioTarget);
        await load.UnderWayAsync();
        for (var kill = 0; kill < kills; kill++)
        {
            await Task.Delay(1000);
            await fixture.Driver.KillAsync();
            await fixture.Driver.StartAsync();
        }

        var (read, written, longest) = await load.FinishAsync();
        output.WriteLine($"encrypted, killed {kills} times: {read >> 20} MiB read, {written >> 20} MiB written, longest I/O {longest.TotalSeconds:F2} s");
        await volume.RemoveAsync(Client);
        Assert.Equal(_before, DriverFixture.Now());
    }

    private async Task<StagedVolume> MakeAsync(string name, string fileSystem, long size)
    {
        var volume = await StagedVolume.CreateAsync(Client, name, fileSystem, size, Encrypted);
        volume.Passphrase = "correct horse battery staple ✓";
        await volume.StageAsync(Client);
        await volume.PublishAsync(Client);
        return volume;
    }

    private async Task RefusesAsync(StagedVolume volume, string passphrase, StatusCode code, string says)
    {
        var request = new NodeExpandVolumeRequest { VolumeId = volume.Id, VolumePath = volume.Target };
        if (passphrase.Length > 0) request.Secrets.Add("encryptionPassphrase", passphrase);
        var refusal = await Assert.ThrowsAsync<CallFailedException>(() => Client.NodeExpandVolumeAsync(request));
        Assert.Equal(code, refusal.Code);
        Assert.Contains(says, refusal.Detail, StringComparison.Ordinal);
    }

    private async Task AssertUseAsync(StagedVolume volume, long size)
    {
        var usage = (await Client.NodeGetVolumeStatsAsync(new() { VolumeId = volume.Id, VolumePath = volume.Target })).Usage;
        var bytes = Assert.Single(usage, use => use.Unit == VolumeUsage.Types.Unit.Bytes);
        Assert.InRange(bytes.Total, size * 7 / 10, size);
        if (volume.Capability.Mount is null) Assert.Equal(size, bytes.Total);
    }

    /// <summary>Neither as text nor with the bytes that an unencrypted file system would have: the marker's first words.</summary>
    private async Task AssertNotInImageAsync(StagedVolume volume)
    {
        await Shell.RunAsync("sync");
        var (found, _, _) = await Shell.TryAsync("grep", "-qaF", Marker[..24], $"{fixture.Driver.Pool}/volumes/{volume.Id}/image");
        Assert.Equal(1, found);
    }

    private static async Task<long> SizeAsync(string disk) => long.Parse(await Shell.RunAsync("blockdev", "--getsize64", disk));

    private static string DataOf(StagedVolume volume) => volume.Capability.Mount is null ? volume.Target : volume.Target + "/data";

    private static async Task WriteAsync(StagedVolume volume, byte[] data)
    {
        await using var file = new FileStream(DataOf(volume), volume.Capability.Mount is null ? FileMode.Open : FileMode.Create, FileAccess.Write);
        await file.WriteAsync(data);
        file.Flush(flushToDisk: true);
    }

    private static async Task<byte[]> ReadAsync(StagedVolume volume, int length)
    {
        await Shell.RunAsync("sh", "-c", "echo 3 > /proc/sys/vm/drop_caches");
        var data = new byte[length];
        await using var file = File.OpenRead(DataOf(volume));
        await file.ReadExactlyAsync(data);
        return data;
    }
}
