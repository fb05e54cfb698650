using CsiTcmu.Kernel.Tests.Machine;
using CsiTcmu.TestClient;
using Grpc.Core;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>Hostile ids, sizes, paths, pools and files give the right code and a message, and change nothing.</summary>
[Collection(DriverCollection.Name)]
public sealed class HostileInputTests(DriverFixture fixture)
{
    private const long Size = 32L << 20;
    private static readonly string TooLong = new('a', 300);
    private readonly IReadOnlyList<string> _before = DriverFixture.Now();

    public static TheoryData<string> HostileIds => ["a/b", "../../etc", "..", ".", "a\0b", TooLong, "-", "A B", "\n"];

    [Theory]
    [MemberData(nameof(HostileIds))]
    public async Task A_hostile_id_touches_nothing(string id)
    {
        var client = fixture.Driver.Client;
        var staging = Directory.CreateTempSubdirectory().FullName;
        var capability = StagedVolume.CapabilityFor("ext4");
        await RefusedAsync([StatusCode.NotFound, StatusCode.InvalidArgument], () => client.NodeStageVolumeAsync(new() { VolumeId = id, StagingTargetPath = staging, VolumeCapability = capability }));
        await RefusedAsync([StatusCode.NotFound, StatusCode.InvalidArgument], () => client.ControllerExpandVolumeAsync(new() { VolumeId = id, CapacityRange = new() { RequiredBytes = Size } }));
        await RefusedAsync([StatusCode.NotFound, StatusCode.InvalidArgument], () => client.NodeGetVolumeStatsAsync(new() { VolumeId = id, VolumePath = staging }));
        try
        {
            await client.DeleteVolumeAsync(new() { VolumeId = id });
        }
        catch (CallFailedException e)
        {
            Assert.Equal(StatusCode.InvalidArgument, e.Code);
        }

        Directory.Delete(staging);
        Assert.Equal(_before, DriverFixture.Now());
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    public async Task A_hostile_size_makes_nothing(long size)
    {
        await RefusedAsync(
            [StatusCode.OutOfRange, StatusCode.InvalidArgument, StatusCode.ResourceExhausted],
            () => StagedVolume.CreateAsync(fixture.Driver.Client, "hostile-size", "ext4", size));
        Assert.Equal(_before, DriverFixture.Now());
    }

    [Fact]
    public async Task Hostile_staging_and_target_paths_are_refused()
    {
        var client = fixture.Driver.Client;
        var volume = await StagedVolume.CreateAsync(client, "hostile-paths", "ext4", Size);
        var folder = Directory.CreateTempSubdirectory().FullName;
        var real = Directory.CreateDirectory(folder + "/real").FullName;
        var link = Directory.CreateSymbolicLink(folder + "/link", real).FullName;
        var other = Directory.CreateDirectory(folder + "/other").FullName;
        await Shell.RunAsync("mount", "-t", "tmpfs", "tmpfs", other);
        var before = KernelState.Take(fixture.Driver.Pool);

        foreach (var path in new[] { "relative/path", link, folder + "/missing", folder + "/real/../real", other, "/" })
        {
            await RefusedAsync(
                [StatusCode.InvalidArgument, StatusCode.FailedPrecondition, StatusCode.AlreadyExists, StatusCode.NotFound],
                () => client.NodeStageVolumeAsync(new() { VolumeId = volume.Id, StagingTargetPath = path, VolumeCapability = volume.Capability }));
            Assert.Equal(before, KernelState.Take(fixture.Driver.Pool));
        }

        await volume.StageAsync(client);
        var staged = KernelState.Take(fixture.Driver.Pool);
        foreach (var path in new[] { "relative/path", link, folder + "/missing/target", folder + "/real/../target", other, "/" })
        {
            await RefusedAsync(
                [StatusCode.InvalidArgument, StatusCode.FailedPrecondition, StatusCode.AlreadyExists, StatusCode.NotFound],
                () => client.NodePublishVolumeAsync(new() { VolumeId = volume.Id, StagingTargetPath = volume.Staging, TargetPath = path, VolumeCapability = volume.Capability }));
            Assert.Equal(staged, KernelState.Take(fixture.Driver.Pool));
        }

        await Shell.RunAsync("umount", other);
        await volume.UnstageAsync(client);
        await volume.DeleteAsync(client);
        Directory.Delete(folder, recursive: true);
        Assert.Equal(_before, DriverFixture.Now());
    }

    [Fact]
    public async Task A_disk_with_any_signature_is_never_formatted()
    {
        var client = fixture.Driver.Client;
        var volume = await StagedVolume.CreateAsync(client, "signed", "ext4", Size);
        var image = $"{fixture.Driver.Pool}/volumes/{volume.Id}/image";
        foreach (var make in new[] { new[] { "mkswap", image }, ["mkfs.btrfs", "-q", "-f", "--mixed", image], [] })
        {
            await Shell.RunAsync("truncate", "-s", "0", image);
            await Shell.RunAsync("truncate", "-s", "48M", image);
            if (make.Length > 0) await Shell.RunAsync(make[0], make[1..]);
            else WritePartitionTable(image);
            var sum = await Shell.RunAsync("sha256sum", image);
            await RefusedAsync([StatusCode.FailedPrecondition], () => volume.StageAsync(client));
            Assert.Equal(sum, await Shell.RunAsync("sha256sum", image));
            await volume.UnstageAsync(client);
        }

        await volume.DeleteAsync(client);
        Assert.Equal(_before, DriverFixture.Now());
    }

    [Fact]
    public async Task A_descriptor_cut_in_half_is_named_and_kept()
    {
        var client = fixture.Driver.Client;
        var volume = await StagedVolume.CreateAsync(client, "cut", "ext4", Size);
        var sound = await StagedVolume.CreateAsync(client, "sound", "ext4", Size);
        var path = $"{fixture.Driver.Pool}/volumes/{volume.Id}/volume.json";
        var whole = await File.ReadAllTextAsync(path);
        await File.WriteAllTextAsync(path, whole[..(whole.Length / 2)]);

        var refusal = await RefusedAsync([StatusCode.FailedPrecondition, StatusCode.Unavailable, StatusCode.Internal], () => volume.StageAsync(client));
        Assert.Contains("volume.json", refusal.Message, StringComparison.Ordinal);
        await RefusedAsync([StatusCode.FailedPrecondition, StatusCode.Unavailable, StatusCode.Internal], () => StagedVolume.CreateAsync(client, "cut", "ext4", Size));
        Assert.Equal(whole[..(whole.Length / 2)], await File.ReadAllTextAsync(path));

        // The other volume is not touched by it, nor is a restart.
        await fixture.Driver.TerminateAsync();
        await fixture.Driver.StartAsync();
        await sound.StageAsync(client);
        await sound.UnstageAsync(client);

        await File.WriteAllTextAsync(path, whole);
        await volume.DeleteAsync(client);
        await sound.DeleteAsync(client);
        Directory.Delete(volume.Staging);
        Assert.Equal(_before, DriverFixture.Now());
    }

    [Fact]
    public async Task A_second_driver_on_the_same_pool_is_refused()
    {
        await using var second = new DriverProcess(fixture.Driver.Pool, socket: "/run/csi-tcmu-test/second.sock");
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(async () => await second.StartAsync());
        Assert.Contains(fixture.Driver.Id.ToString(), refusal.Message, StringComparison.Ordinal);
        await fixture.Driver.Client.ProbeAsync(new());
    }

    [Fact]
    public async Task A_full_read_only_or_lost_pool_is_named()
    {
        const string Pool = "/var/lib/csi-tcmu-small";
        Directory.CreateDirectory(Pool);
        await Shell.RunAsync("mount", "-t", "tmpfs", "-o", "size=64M", "tmpfs", Pool);
        await using var driver = new DriverProcess(Pool, socket: "/run/csi-tcmu-test/small.sock");
        await driver.StartAsync();
        await RefusedAsync([StatusCode.ResourceExhausted], () => StagedVolume.CreateAsync(driver.Client, "too-large", "ext4", 1L << 30));
        await Shell.RunAsync("mount", "-o", "remount,ro", Pool);
        var readOnly = await RefusedAsync([StatusCode.Unavailable, StatusCode.FailedPrecondition, StatusCode.ResourceExhausted], () => StagedVolume.CreateAsync(driver.Client, "ro", "ext4", 16L << 20));
        Assert.Contains(Pool, readOnly.Message, StringComparison.Ordinal);
        await driver.KillAsync();
        await Shell.RunAsync("umount", Pool);
        Directory.Delete(Pool);
        await using var lost = new DriverProcess(Pool, socket: "/run/csi-tcmu-test/small.sock");
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(async () => await lost.StartAsync());
        Assert.Contains(Pool, refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>A master boot record with one Linux partition from sector 2048 on.</summary>
    private static void WritePartitionTable(string image)
    {
        using var file = File.OpenHandle(image, FileMode.Open, FileAccess.Write);
        RandomAccess.Write(file, [0, 0, 0, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 0x10, 0, 0], 446);
        RandomAccess.Write(file, [0x55, 0xAA], 510);
    }

    private static async Task<CallFailedException> RefusedAsync(StatusCode[] codes, Func<Task> call)
    {
        var refusal = await Assert.ThrowsAsync<CallFailedException>(call);
        Assert.Contains(refusal.Code, codes);
        Assert.NotEmpty(refusal.Message);
        return refusal;
    }
}
