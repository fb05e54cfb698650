using CsiTcmu.Kernel.Tests.Machine;
using CsiTcmu.TestClient;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>
/// The driver kills itself between any two steps of an operation; after a restart the operation is repeated, ends right, and nothing is
/// left behind.
/// </summary>
[Trait("Length", "longest")]
public sealed class FaultPointTests(FaultDriverFixture fixture) : IClassFixture<FaultDriverFixture>
{
    private const long Size = 32L << 20;
    private const long Larger = 64L << 20;

    public static TheoryData<string> Names => [.. FaultPoints.All];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Killed_at_a_fault_point_the_repeated_operation_ends_right(string fault)
    {
        var driver = fixture.Driver;
        var before = KernelState.Take(driver.Pool);
        fixture.Arm(fault);

        // The whole life with data; the operation that meets the fault fails once, and is repeated after a restart.
        var killed = 0;
        StagedVolume? volume = null;
        await StepAsync(async () => volume = await StagedVolume.CreateAsync(driver.Client, "fault", "ext4", Size));
        await StepAsync(() => volume!.StageAsync(driver.Client));
        await StepAsync(() => volume!.PublishAsync(driver.Client));
        await File.WriteAllTextAsync(volume!.Target + "/data", fault);
        await Shell.RunAsync("sync", "-f", volume.Target + "/data");
        await StepAsync(() => volume.ExpandAsync(driver.Client, Larger));
        var disk = await volume.DiskAsync();
        Assert.Equal(Larger, long.Parse(await Shell.RunAsync("blockdev", "--getsize64", disk)));
        Assert.Equal(fault, await File.ReadAllTextAsync(volume.Target + "/data"));
        await StepAsync(() => volume.UnpublishAsync(driver.Client));
        await StepAsync(() => volume.UnstageAsync(driver.Client));

        // The data is still there after another stage.
        await volume.StageAsync(driver.Client);
        Assert.Equal(fault, await File.ReadAllTextAsync(volume.Staging + "/data"));
        await volume.UnstageAsync(driver.Client);
        await StepAsync(() => volume.DeleteAsync(driver.Client));

        Assert.True(killed == 1, $"the fault point {fault} was met {killed} times");
        Assert.Equal(before, KernelState.Take(driver.Pool));

        async Task StepAsync(Func<Task> operation)
        {
            try
            {
                await operation();
            }
            catch (Exception e) when (killed == 0 && e is IOException or HttpRequestException or CallFailedException)
            {
                killed++;
                await driver.WaitForEndAsync();
                await fixture.StartAsync();
                await operation();
            }
        }
    }
}
