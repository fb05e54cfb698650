using CsiTcmu.Kernel.Tests.Machine;

namespace CsiTcmu.Kernel.Tests.ZeroCopy;

/// <summary>Steps of <c>tests/zero-copy/guest</c>: our target_core_user under a backstore that misbehaves. All of them, with a stricter kernel: <c>tests/zero-copy/run</c>.</summary>
public sealed class ZeroCopyStepTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("equality")]
    [InlineData("refusals")]
    [InlineData("killed")]
    [InlineData("removed")]
    public async Task The_module_bears_it(string step)
    {
        OurModule.SkipWithout();
        var (status, told, error) = await Shell.TryAsync(OurModule.Folder + "/guest", OurModule.Folder, step);
        output.WriteLine(told + error);
        Assert.Equal(0, status);
    }
}
