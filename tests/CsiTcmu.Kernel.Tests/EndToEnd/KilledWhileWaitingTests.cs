using CsiTcmu.Kernel.Tests.Machine;
using CsiTcmu.Linux.Mounts;
using CsiTcmu.TestClient;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>
/// The driver is killed while the kernel waits, on its behalf, for a disk that it serves. Such a wait cannot be killed; were it the
/// driver's own, the process would stay, with the ring that the next one needs.
/// </summary>
[Collection(DriverCollection.Name)]
public sealed class KilledWhileWaitingTests(DriverFixture fixture)
{
    private const long Size = 256L << 20;
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(30);
    private readonly IReadOnlyList<string> _before = DriverFixture.Now();

    [Fact]
    public async Task An_unmount_that_writes_back_is_finished_by_the_next_process()
    {
        var client = fixture.Driver.Client;
        var volume = await StagedVolume.MakeAsync(client, "killed-unmount", "ext4", Size);
        var written = new byte[64 << 20];
        Random.Shared.NextBytes(written);
        await File.WriteAllBytesAsync(volume.Target + "/data", written);
        await volume.UnpublishAsync(client);

        // The mount goes from the table first; then the kernel writes back.
        var unstage = volume.UnstageAsync(client);
        while (MountTable.Read().Top(volume.Staging) is not null) await Task.Delay(5);
        await KillAndStartAsync(unstage);
        await volume.UnstageAsync(client);
        await volume.StageAsync(client);
        var read = await File.ReadAllBytesAsync(volume.Staging + "/data");
        Assert.True(written.AsSpan().SequenceEqual(read), "what was written is not there");
        await volume.RemoveAsync(client);
        Assert.Equal(_before, DriverFixture.Now());
    }

    [Fact]
    public async Task A_stage_is_finished_by_the_next_process()
    {
        var client = fixture.Driver.Client;
        var volume = await StagedVolume.CreateAsync(client, "killed-stage", "", Size);
        var hosts = Hosts();
        var stage = volume.StageAsync(client);

        // First there is a host, then the kernel asks the disk what it is.
        while (Hosts() == hosts) await Task.Delay(5);
        await KillAndStartAsync(stage);
        await volume.StageAsync(client);
        await volume.RemoveAsync(client);
        Assert.Equal(_before, DriverFixture.Now());
    }

    private static int Hosts() => Directory.GetDirectories("/sys/class/scsi_host").Length;

    private async Task KillAndStartAsync(Task call)
    {
        await fixture.Driver.KillAsync().WaitAsync(EndLimit);
        await fixture.Driver.StartAsync();
        try
        {
            await call;
        }
        catch (Exception lost) when (lost is CallFailedException or IOException or HttpRequestException)
        {
            // It lost its server.
        }
    }
}
