using CsiTcmu.Tcmu;

namespace CsiTcmu.Volumes;

/// <summary>How disks are made. The defaults suit a node with some dozens of volumes.</summary>
public sealed record TcmuDiskOptions
{
    /// <summary>N of <c>core/user_N</c>, under which all devices of this driver are; the same in every version of it.</summary>
    public int Hba { get; init; } = 4711;

    /// <summary>Upper bound of a disk's data area in MiB: what its commands in flight can hold together.</summary>
    public int DataAreaMegabytes { get; init; } = 32;

    /// <summary>Pages of one data block, 1 to 256.</summary>
    public int DataPagesPerBlock { get; init; } = 1;

    /// <summary>Size of mailbox and command ring in MiB, 1 to 8.</summary>
    public int CommandRingMegabytes { get; init; } = 1;

    /// <summary>Whether disks that do not say themselves have zero copy.</summary>
    public ZeroCopyMode ZeroCopy { get; init; }

    /// <summary>Size of a disk's zero copy area in MiB: what its mapped commands in flight can hold together. It is address space, not memory.</summary>
    public int ZeroCopyMegabytes { get; init; } = 64;

    /// <summary>Size of all zero copy areas in MiB. Each MiB costs the kernel 2 KiB.</summary>
    public int ZeroCopyBudgetMegabytes { get; init; } = 4096;

    /// <summary>Physical block size that disks report, bytes.</summary>
    public int PhysicalBlockSize { get; init; } = 4096;

    /// <summary>Time-outs and queue of the disks.</summary>
    public LoopbackDiskSettings Settings { get; init; } = new();

    /// <summary>How long the kernel may take to show a disk.</summary>
    public TimeSpan DiskPatience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a process that is ending may hold a device.</summary>
    public TimeSpan TakeOverPatience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the start waits for a disk that is taken over; what takes longer goes on beside it.</summary>
    public TimeSpan StartPatience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Where the kernel's trees are.</summary>
    public KernelPaths Paths { get; init; } = KernelPaths.Default;
}
