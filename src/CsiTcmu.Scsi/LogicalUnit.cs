namespace CsiTcmu.Scsi;

/// <summary>What a LUN says of itself. Immutable: a grown LUN is a new value.</summary>
public sealed record LogicalUnit
{
    /// <summary>NAA type 6 designator (SPC-4 7.8.6.6.5), 16 bytes; VPD page 83 and the <c>wwid</c> in sysfs.</summary>
    public required ReadOnlyMemory<byte> Designator { get; init; }

    /// <summary>Unit serial number, printable ASCII; VPD page 80.</summary>
    public required string SerialNumber { get; init; }

    /// <summary>Logical block size in bytes: 512 or 4096.</summary>
    public required int BlockSize { get; init; }

    /// <summary>Physical block size in bytes, a power of two times <see cref="BlockSize"/>.</summary>
    public required int PhysicalBlockSize { get; init; }

    /// <summary>Number of logical blocks, at least 1.</summary>
    public required long BlockCount { get; init; }

    /// <summary>True when completed writes may be lost in a power cut until SYNCHRONIZE CACHE (the WCE bit).</summary>
    public required bool WriteCache { get; init; }

    /// <summary>True when every write is refused with DATA PROTECT.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Longest transfer of one command in bytes.</summary>
    public int MaxTransferLength { get; init; } = 1 << 20;

    /// <summary>Product identification of INQUIRY, at most 16 characters.</summary>
    public string Product { get; init; } = "csi-tcmu volume";

    /// <summary>Product revision of INQUIRY, at most 4 characters.</summary>
    public string Revision { get; init; } = "0001";
}
