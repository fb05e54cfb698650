using CsiTcmu.Linux.Tools;
using CsiTcmu.Volumes.Health;
using CsiTcmu.Volumes.Tests.Support;

namespace CsiTcmu.Volumes.Tests;

public sealed class FileSystemHealthTests : NodeTest
{
    [Theory]
    [InlineData("ext4", "ro")]
    [InlineData("ext4", "noatime")]
    [InlineData("xfs", "noatime")]
    public async Task A_mounted_volume_is_well_in_every_way_that_it_can_be_asked_for(string fileSystem, string flag)
    {
        await CreateAsync("a", fileSystem);
        Assert.Empty(await EntriesAsync());
        if (flag == "ro")
        {
            // Only what is formatted can be mounted read-only.
            await StageAsync();
            await UnstageAsync();
        }

        await StageAsync(use: Use(flag));
        await PublishAsync(use: Use(flag), readOnly: true);
        Assert.Empty(await EntriesAsync());
        await UnpublishAsync();
        await UnstageAsync();
        Assert.Empty(await EntriesAsync());
    }

    [Fact]
    public async Task A_file_system_that_went_read_only_is_told_until_it_is_staged_again()
    {
        await CreateAsync("a");
        await StageAsync();
        await PublishAsync();
        await File.WriteAllTextAsync(Target + "/file", "data");
        await Tool.RunAsync("sync", ["-f", Target]);

        // What an error of the journal does.
        await Tool.RunAsync("mount", ["-o", "remount,abort", Staging]);

        var entry = Assert.Single(await EntriesAsync());
        Assert.Equal((HealthStatus.Degraded, HealthReasons.FileSystemReadOnly), (entry.Status, entry.Reason));
        Assert.Contains(Staging, entry.Message, StringComparison.Ordinal);
        await UnpublishAsync();
        await UnstageAsync();
        await StageAsync();
        Assert.Empty(await EntriesAsync());
        Assert.Equal("data", await File.ReadAllTextAsync(Staging + "/file"));
    }

    [Fact]
    public async Task A_file_system_that_has_shut_down_is_told_until_it_is_staged_again()
    {
        await CreateAsync("a", "xfs");
        await StageAsync();
        await File.WriteAllTextAsync(Staging + "/file", "data");
        await Tool.RunAsync("sync", ["-f", Staging]);
        var shutdown = await Tool.RunAsync("xfs_io", ["-x", "-c", "shutdown", Staging]);
        Assert.True(shutdown.ExitCode == 0, shutdown.Summary);

        var entry = Assert.Single(await EntriesAsync());
        Assert.Equal((HealthStatus.Inaccessible, HealthReasons.FileSystemFailed), (entry.Status, entry.Reason));
        await UnstageAsync();
        await StageAsync();
        Assert.Empty(await EntriesAsync());
        Assert.Equal("data", await File.ReadAllTextAsync(Staging + "/file"));
    }

    [Fact]
    public async Task An_image_that_is_lost_while_it_is_in_use_is_told()
    {
        await CreateAsync("a");
        await StageAsync();
        File.Move(Image("a"), Image("a") + "-away");
        Assert.Contains(await EntriesAsync(), entry => entry is { Status: HealthStatus.DataLoss, Reason: HealthReasons.ImageMissing });
        File.Move(Image("a") + "-away", Image("a"));
        Assert.Empty(await EntriesAsync());
    }

    private async Task<IReadOnlyList<HealthEntry>> EntriesAsync() =>
        (await new NodeHealth(Catalogue, Disks).GetAsync("a", [Staging, Target], CancellationToken.None)).Entries;
}
