namespace CsiTcmu.Kernel.Tests.ZeroCopy;

/// <summary>What our target_core_user has counted of a device, its <c>attrib/zc_stats</c>.</summary>
internal readonly record struct ZeroCopyStatistics(
    long Mapped, long CopiedSmall, long CopiedIneligible, long CopiedFull, long Touched, long Detached, long PagesUsed)
{
    public static ZeroCopyStatistics Read(string device)
    {
        var counters = File.ReadLines($"/sys/kernel/config/target/core/user_4711/{device}/attrib/zc_stats")
            .Select(line => line.Split(' '))
            .ToDictionary(words => words[0], words => long.Parse(words[1]), StringComparer.Ordinal);
        return new(
            counters["mapped"], counters["copied_small"], counters["copied_ineligible"], counters["copied_full"], counters["touched"], counters["detached"],
            counters["pages_used"]);
    }

    /// <summary>What has been added since.</summary>
    public static ZeroCopyStatistics operator -(ZeroCopyStatistics now, ZeroCopyStatistics before) => new(
        now.Mapped - before.Mapped, now.CopiedSmall - before.CopiedSmall, now.CopiedIneligible - before.CopiedIneligible, now.CopiedFull - before.CopiedFull,
        now.Touched - before.Touched, now.Detached - before.Detached, now.PagesUsed - before.PagesUsed);
}
