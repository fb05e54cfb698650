using CsiTcmu.Kernel.Tests.Machine;

namespace CsiTcmu.Kernel.Tests.ZeroCopy;

/// <summary>Steps of <c>tests/zero-copy/guest</c>: our target_core_user under a backstore that misbehaves. With a stricter kernel: <c>tests/zero-copy/run</c>.</summary>
public sealed class ZeroCopyStepTests(ITestOutputHelper output)
{
    [Fact]
    public Task Without_an_area_nothing_differs_and_with_one_a_server_may_be_killed() => GoThroughAsync("equality", "refusals", "killed");

    [Trait("Length", "longest")]
    [Fact]
    public Task What_a_backstore_does_wrong_harms_nobody() => GoThroughAsync("removed", "expired", "file_systems", "mappings", "full", "kept");

    private async Task GoThroughAsync(params string[] steps)
    {
        OurModule.SkipWithout();
        var (status, told, error) = await Shell.TryAsync(OurModule.Folder + "/guest", [OurModule.Folder, .. steps]);
        output.WriteLine(told + error);
        Assert.Equal(0, status);
    }
}
