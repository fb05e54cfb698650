using CsiTcmu.Volumes;

namespace CsiTcmu.Kernel.Tests.ZeroCopy;

/// <summary>A node whose areas have room for two volumes.</summary>
public sealed class ZeroCopyBudgetTests() : ZeroCopyTest(new TcmuDiskOptions { ZeroCopyBudgetMegabytes = 128 })
{
    [Fact]
    public async Task Areas_that_are_used_up_are_refused_until_one_is_given_back()
    {
        await StageAsync("one");
        await StageAsync("two");
        await Node.CreateAsync("three", 64 * Mebibyte, block: true, parameters: [("zeroCopy", "required")]);
        for (var i = 0; i < 2; i++)
        {
            var refusal = await Assert.ThrowsAsync<VolumeException>(StageThreeAsync);
            Assert.Equal(VolumeError.Exhausted, refusal.Error);
            Assert.Contains("128 MiB", refusal.Message);
        }

        // What is staged already is so again, whatever is left.
        await Node.Volumes.StageAsync("two", Node.Make("two"), new VolumeUse { Block = true }, CancellationToken.None);
        await Node.Volumes.UnstageAsync("one", Node.Folder + "/one", CancellationToken.None);
        await StageThreeAsync();
        Assert.Equal((2, 2), Node.Disks.ZeroCopyUse);
        await UnstageAsync("two", "three");
    }

    private Task StageThreeAsync() => Node.Volumes.StageAsync("three", Node.Make("three"), new VolumeUse { Block = true }, CancellationToken.None);
}
