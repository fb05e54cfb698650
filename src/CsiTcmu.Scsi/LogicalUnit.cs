using System.Buffers;
using System.Numerics;

namespace CsiTcmu.Scsi;

/// <summary>What a LUN says of itself. Immutable: a grown LUN is a new value.</summary>
/// <remarks>Every property checks what it is given and throws <see cref="ArgumentException"/> with the reason.</remarks>
public sealed record LogicalUnit
{
    /// <summary>Longest <see cref="SerialNumber"/>, in characters.</summary>
    public const int MaximumSerialNumberLength = 128;

    private static readonly SearchValues<char> Printable = SearchValues.Create(
        " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    /// <summary>NAA type 6 designator (SPC-4 7.8.6.6.5), 16 bytes; VPD page 83 and the <c>wwid</c> in sysfs.</summary>
    public required ReadOnlyMemory<byte> Designator
    {
        get;
        init => field = value.Length == 16 && value.Span[0] >> 4 == 6
            ? value
            : throw new ArgumentException("The designator must have 16 bytes of which the first four bits are 6 (NAA IEEE Registered Extended).", nameof(value));
    }

    /// <summary>Unit serial number, printable ASCII, 1 to <see cref="MaximumSerialNumberLength"/> characters; VPD page 80.</summary>
    public required string SerialNumber { get; init => field = Ascii(value, 1, MaximumSerialNumberLength, nameof(SerialNumber)); }

    /// <summary>Logical block size in bytes: 512 or 4096.</summary>
    public required int BlockSize
    {
        get;
        init => field = value is 512 or 4096
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "The logical block size must be 512 or 4096 bytes.");
    }

    /// <summary>Physical block size in bytes, a power of two times <see cref="BlockSize"/>, at most 16 MiB.</summary>
    public required int PhysicalBlockSize
    {
        get;
        init => field = BitOperations.IsPow2(value) && value is >= 512 and <= 512 << 15
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "The physical block size must be a power of two from 512 bytes to 16 MiB.");
    }

    /// <summary>Number of logical blocks, at least 1 and at most 2^51 - 1, so that every offset in bytes fits into 63 bits.</summary>
    public required long BlockCount
    {
        get;
        init => field = value is > 0 and <= long.MaxValue >> 12
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "The number of blocks must be between 1 and 2^51 - 1.");
    }

    /// <summary>True when completed writes may be lost in a power cut until SYNCHRONIZE CACHE (the WCE bit).</summary>
    public required bool WriteCache { get; init; }

    /// <summary>True when every write is refused with DATA PROTECT.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Longest transfer of one command in bytes, a multiple of 4096; VPD page B0.</summary>
    public int MaxTransferLength
    {
        get;
        init => field = value > 0 && value % 4096 == 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "The maximum transfer length must be a positive multiple of 4096 bytes.");
    } = 1 << 20;

    /// <summary>Product identification of INQUIRY, printable ASCII, at most 16 characters.</summary>
    public string Product { get; init => field = Ascii(value, 0, 16, nameof(Product)); } = "csi-tcmu volume";

    /// <summary>Product revision of INQUIRY, printable ASCII, at most 4 characters.</summary>
    public string Revision { get; init => field = Ascii(value, 0, 4, nameof(Revision)); } = "0001";

    /// <summary>Capacity in bytes.</summary>
    public long Size => BlockCount * BlockSize;

    /// <summary>LOGICAL BLOCKS PER PHYSICAL BLOCK EXPONENT of READ CAPACITY (16), 0 to 15.</summary>
    internal int PhysicalBlockExponent => Math.Max(0, BitOperations.Log2((uint)PhysicalBlockSize) - BitOperations.Log2((uint)BlockSize));

    private static string Ascii(string value, int minimum, int maximum, string name) =>
        value.Length >= minimum && value.Length <= maximum && !value.AsSpan().ContainsAnyExcept(Printable)
            ? value
            : throw new ArgumentException($"{name} must be {minimum} to {maximum} printable ASCII characters.", name);
}
