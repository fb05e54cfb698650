using CsiTcmu.Backstores;

namespace CsiTcmu.Volumes;

/// <summary>What zero copy comes to for one disk, before its device is made.</summary>
/// <param name="Way">How its image is read and written.</param>
/// <param name="Megabytes">The area to ask the kernel for; 0 for none.</param>
/// <param name="Reason">Why none is asked for, or empty.</param>
internal readonly record struct ZeroCopyPlan(FileWay Way, int Megabytes, string Reason)
{
    /// <summary>A smaller area is full with a few commands.</summary>
    private const int Least = 8;

    /// <summary>Nothing is wanted.</summary>
    public static ZeroCopyPlan None { get; } = new(FileWay.Direct, 0, "");

    /// <summary>Plans.</summary>
    /// <param name="mode">What is wanted.</param>
    /// <param name="goesThroughPageCache">Whether the image's file system has no direct I/O; asked only when it matters.</param>
    /// <param name="options">Size of an area, and of all of them.</param>
    /// <param name="others">MiB of the areas of other disks; asked only when it matters.</param>
    public static ZeroCopyPlan Make(ZeroCopyMode mode, Func<bool> goesThroughPageCache, TcmuDiskOptions options, Func<int> others)
    {
        if (mode == ZeroCopyMode.Off) return None;
        var way = mode == ZeroCopyMode.Required ? FileWay.PageCache : FileWay.Direct;

        // Direct I/O cannot use the initiator's pages, and saves the copy that it could save.
        if (mode == ZeroCopyMode.Auto && !goesThroughPageCache()) return new(way, 0, "its image has direct I/O, which is one copy already");
        var megabytes = Math.Min(options.ZeroCopyMegabytes, options.ZeroCopyBudgetMegabytes - others());
        return megabytes >= Least
            ? new(way, megabytes, "")
            : new(way, 0, $"the areas of other volumes have used up the {options.ZeroCopyBudgetMegabytes} MiB of this node");
    }
}
