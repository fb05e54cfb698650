using System.Globalization;

namespace CsiTcmu.Tcmu;

/// <summary>What a TCMU device in configfs is made from.</summary>
public sealed record TcmuDeviceSpecification
{
    /// <summary>N of <c>core/user_N</c>.</summary>
    public required int Hba { get; init; }

    /// <summary>Name of the device's folder in configfs: letters, digits, dot, dash and underscore, 1 to 128 characters, not a dot first.</summary>
    public required string Name { get; init; }

    /// <summary>The <c>dev_config</c> text; 1 to 255 printable ASCII characters without blank, comma and colon.</summary>
    public required string Config { get; init; }

    /// <summary>Size of the LUN in bytes, a multiple of <see cref="BlockSize"/>.</summary>
    public required long Size { get; init; }

    /// <summary>Logical block size in bytes: 512 or 4096.</summary>
    public required int BlockSize { get; init; }

    /// <summary>
    /// Unit serial number as configfs shows it, 1 to 254 printable ASCII characters without blank, comma and colon; informative, since the
    /// server answers VPD 80h.
    /// </summary>
    public required string Serial { get; init; }

    /// <summary>Longest transfer in 512-byte sectors, 8 to 65535; informative, since the server answers VPD B0h.</summary>
    public int MaxSectors { get; init; } = 2048;

    /// <summary>
    /// Upper bound of the shared data area in MiB, 1 to 65536. Pages are allocated on first use. The sum over all devices stays within
    /// <see cref="DataAreaLimit"/>, so that the kernel never takes pages back.
    /// </summary>
    public int DataAreaMegabytes { get; init; } = 32;

    /// <summary>Pages of one data block, 1 to 256.</summary>
    public int DataPagesPerBlock { get; init; } = 1;

    /// <summary>Size of mailbox and command ring in MiB, 1 to 8.</summary>
    public int CommandRingMegabytes { get; init; } = 1;

    /// <summary>
    /// Size of the zero copy area in MiB, 0 to 4096. It costs address space, and the kernel a pointer for each page. The kernel's own module has none:
    /// it ignores the wish, and the device is made without. <see cref="TcmuDeviceState.ZeroCopyMegabytes"/> tells what has come of it.
    /// </summary>
    public int ZeroCopyMegabytes { get; init; }

    /// <summary>
    /// What is written to the device's file <c>control</c>. Netlink is out of the game by <c>nl_reply_supported</c>: nobody's answer is waited for.
    /// </summary>
    internal string Control => string.Create(
        CultureInfo.InvariantCulture,
        $"dev_size={Size},hw_block_size={BlockSize},hw_max_sectors={MaxSectors}," +
        $"max_data_area_mb={DataAreaMegabytes},data_pages_per_blk={DataPagesPerBlock}," +
        $"cmd_ring_size_mb={CommandRingMegabytes},{(ZeroCopyMegabytes > 0 ? $"zc_data_area_mb={ZeroCopyMegabytes}," : "")}nl_reply_supported=-1,dev_config={Config}");

    /// <summary>Checks every field.</summary>
    /// <exception cref="ArgumentException">A field is out of its range; the message names it.</exception>
    internal void Validate()
    {
        Require(Hba is >= 0, nameof(Hba), Hba, "must not be negative");
        Require(IsName(Name), nameof(Name), Name, "must be 1 to 128 letters, digits, dots, dashes and underscores, and not begin with a dot");
        Require(
            IsText(Config, 255), nameof(Config), Config,
            "must be 1 to 255 printable ASCII characters without blank, comma and colon");
        Require(BlockSize is 512 or 4096, nameof(BlockSize), BlockSize, "must be 512 or 4096");
        Require(Size > 0 && Size % BlockSize == 0, nameof(Size), Size, $"must be a positive multiple of {BlockSize}");
        Require(
            IsText(Serial, 254), nameof(Serial), Serial,
            "must be 1 to 254 printable ASCII characters without blank, comma and colon");
        Require(MaxSectors is >= 8 and <= 65535, nameof(MaxSectors), MaxSectors, "must be 8 to 65535");
        Require(DataAreaMegabytes is >= 1 and <= 65536, nameof(DataAreaMegabytes), DataAreaMegabytes, "must be 1 to 65536");
        Require(DataPagesPerBlock is >= 1 and <= 256, nameof(DataPagesPerBlock), DataPagesPerBlock, "must be 1 to 256");
        Require(CommandRingMegabytes is >= 1 and <= 8, nameof(CommandRingMegabytes), CommandRingMegabytes, "must be 1 to 8");
        Require(ZeroCopyMegabytes is >= 0 and <= 4096, nameof(ZeroCopyMegabytes), ZeroCopyMegabytes, "must be 0 to 4096");
    }

    /// <summary>True for a text that can be a device's name.</summary>
    internal static bool IsName(string name) =>
        name.Length is >= 1 and <= 128 && name[0] != '.' && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');

    private static bool IsText(string text, int longest) =>
        text.Length >= 1 && text.Length <= longest && text.All(c => c is > ' ' and <= '~' and not (',' or ':'));

    private static void Require(bool condition, string field, object value, string rule)
    {
        if (!condition) throw new ArgumentException($"{field} of a TCMU device {rule}; it is '{value}'.", field);
    }
}
