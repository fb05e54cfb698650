namespace CsiTcmu.Tcmu;

/// <summary>What a TCMU device in configfs is made from.</summary>
public sealed record TcmuDeviceSpecification
{
    /// <summary>N of <c>core/user_N</c>.</summary>
    public required int Hba { get; init; }

    /// <summary>Name of the device's folder in configfs: letters, digits, dot, dash and underscore, at most 128 characters.</summary>
    public required string Name { get; init; }

    /// <summary>The <c>dev_config</c> text; at most 255 characters without comma, colon and line break.</summary>
    public required string Config { get; init; }

    /// <summary>Size of the LUN in bytes, a multiple of <see cref="BlockSize"/>.</summary>
    public required long Size { get; init; }

    /// <summary>Logical block size in bytes: 512 or 4096.</summary>
    public required int BlockSize { get; init; }

    /// <summary>Unit serial number as configfs shows it; informative.</summary>
    public required string Serial { get; init; }

    /// <summary>Longest transfer in 512-byte sectors.</summary>
    public int MaxSectors { get; init; } = 2048;

    /// <summary>Upper bound of the shared data area in MiB.</summary>
    public int DataAreaMegabytes { get; init; } = 32;

    /// <summary>Pages of one data block, 1 to 256.</summary>
    public int DataPagesPerBlock { get; init; } = 1;

    /// <summary>Size of mailbox and command ring in MiB, 1 to 8.</summary>
    public int CommandRingMegabytes { get; init; } = 1;
}
