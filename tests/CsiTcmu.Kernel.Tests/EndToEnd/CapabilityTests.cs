using CsiTcmu.Kernel.Tests.Machine;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>
/// Every capability that is advertised is done: by a client that others wrote, on the real kernel, on mounted volumes, with data that is compared. A capability without a step
/// fails, and so does a step without its capability.
/// </summary>
[Trait("Kernel", "any")]
[Trait("Length", "longest")]
public sealed class CapabilityTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("1.12")]
    [InlineData("1.13")]
    public async Task Every_capability_that_is_advertised_is_one_that_works(string specification)
    {
        var root = await PoolDisk.MountAsync();
        var before = KernelState.Take(root);
        await using (var life = await CapabilityLife.BeginAsync(specification))
        {
            Assert.Equal((await life.AdvertisedAsync()).Order(StringComparer.Ordinal), life.Steps.SelectMany(step => step.Shows).Order(StringComparer.Ordinal));
            foreach (var (shows, doAsync) in life.Steps)
            {
                var names = string.Join(", ", shows);
                try
                {
                    await doAsync();
                }
                catch (Exception e)
                {
                    throw new InvalidOperationException($"{names}: {e.Message}", e);
                }

                output.WriteLine($"shown with CSI {specification}: {names}");
            }
        }

        Assert.Equal(before, KernelState.Take(root));
    }
}
