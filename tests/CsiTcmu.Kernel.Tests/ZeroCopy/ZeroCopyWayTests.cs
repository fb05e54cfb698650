namespace CsiTcmu.Kernel.Tests.ZeroCopy;

/// <summary>Which commands are mapped, counted one by one.</summary>
public sealed class ZeroCopyWayTests : ZeroCopyTest
{
    private const int Commands = 16;

    [Fact]
    public async Task Whole_pages_from_64_KiB_on_are_mapped_and_all_else_is_copied()
    {
        var disk = await StageAsync("ways");
        foreach (var (size, alignment, expected) in new (int, int, ZeroCopyStatistics)[]
        {
            (4, 0, Empty with { CopiedSmall = 2 * Commands }),
            (60, 0, Empty with { CopiedSmall = 2 * Commands }),
            (64, 0, Empty with { Mapped = 2 * Commands, Touched = 2 * Commands }),
            (256, 0, Empty with { Mapped = 2 * Commands, Touched = 2 * Commands }),
            (256, 512, Empty with { CopiedIneligible = 2 * Commands }),
        })
        {
            // One at a time, so that the block layer puts none together: as many writes as reads.
            var (before, driver) = (ZeroCopyStatistics.Read("ways"), Driver("ways"));
            Verify("--name=one", "--filename=" + disk, "--ioengine=psync", $"--bs={size}k", $"--size={size * Commands}k", $"--mem_align={alignment}");
            Assert.Equal((size, alignment, expected), (size, alignment, ZeroCopyStatistics.Read("ways") - before));
            Assert.Equal((size, expected.Mapped), (size, Driver("ways").Mapped - driver.Mapped));
            Assert.Equal((size, 2 * Commands - expected.Mapped), (size, Driver("ways").Copied - driver.Copied));
        }

        AssertCountsAgree("ways");
        await UnstageAsync("ways");
    }

    private static ZeroCopyStatistics Empty => default;
}
