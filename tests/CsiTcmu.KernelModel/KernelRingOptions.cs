namespace CsiTcmu.KernelModel;

/// <summary>How a <see cref="KernelRing"/> is laid out.</summary>
public sealed record KernelRingOptions
{
    /// <summary>Bytes of the command ring, a multiple of 8; need not be a power of two.</summary>
    public int RingSize { get; init; } = (1 << 20) - 128;

    /// <summary>Bytes of one data block.</summary>
    public int BlockSize { get; init; } = 4096;

    /// <summary>Blocks of the data area.</summary>
    public int Blocks { get; init; } = 4096;

    /// <summary>
    /// Fills the blocks of every new data-in command with 0xA5, so that a handler that leaves bytes unwritten is seen. The kernel leaves
    /// there what the last command left.
    /// </summary>
    public bool Poison { get; init; } = true;

    /// <summary>Pages of the zero copy area; 0 for a kernel that has none.</summary>
    public int ZeroCopyPages { get; init; }

    /// <summary>Commands with less data are copied (<c>zc_min_size</c>).</summary>
    public int ZeroCopyMinimum { get; init; } = 64 * 1024;
}
