using System.Globalization;
using System.Numerics;

namespace CsiTcmu.Tcmu;

/// <summary>What configfs says of a TCMU device.</summary>
public sealed record TcmuDeviceState
{
    /// <summary>The device has its ring and its uio node.</summary>
    public required bool Enabled { get; init; }

    /// <summary>New commands are answered BUSY.</summary>
    public required bool Blocked { get; init; }

    /// <summary>A LUN links to the device.</summary>
    public required bool Exported { get; init; }

    /// <summary>The <c>dev_config</c> text; empty before it is set.</summary>
    public required string Config { get; init; }

    /// <summary>Size in bytes, as <c>dev_size</c> says; informative, since the server answers READ CAPACITY.</summary>
    public required long Size { get; init; }

    /// <summary>Logical block size in bytes; 0 before the device is enabled.</summary>
    public required int BlockSize { get; init; }

    /// <summary>Upper bound of the data area in MiB.</summary>
    public required int DataAreaMegabytes { get; init; }

    /// <summary>Pages of one data block.</summary>
    public required int DataPagesPerBlock { get; init; }

    /// <summary>Size of mailbox and ring in MiB.</summary>
    public required int CommandRingMegabytes { get; init; }

    /// <summary>Size of the zero copy area in MiB; 0 when there is none, and always with the kernel's own module.</summary>
    public int ZeroCopyMegabytes { get; init; }

    /// <summary>Parses a device's <c>info</c> file (<c>target_core_info_show</c> and <c>tcmu_show_configfs_dev_params</c>).</summary>
    /// <returns>The state, not enabled and not blocked, or null when the text is something else.</returns>
    internal static TcmuDeviceState? Parse(string info)
    {
        // The configuration is free text but for colons, so that the marks around it are unambiguous.
        if (!info.StartsWith("Status: ", StringComparison.Ordinal) ||
            Between(info, "Status: ", "  ") is not { } status ||
            Between(info, "Config: ", " Size: ") is not { } config ||
            !TryNumber(info, "SectorSize: ", "  ", out int blockSize) ||
            !TryNumber(info, " Size: ", " ", out long size) ||
            !TryNumber(info, "MaxDataAreaMB: ", " ", out int area) ||
            !TryNumber(info, "DataPagesPerBlk: ", " ", out int pages) ||
            Between(info, "CmdRingSizeMB: ", "\n") is not { } last)
            return null;

        // With a zero copy area, and only then, its size and threshold follow the ring's size.
        var zeroCopy = 0;
        var hasZeroCopy = last.Contains(' ', StringComparison.Ordinal);
        var ringDigits = hasZeroCopy ? last[..last.IndexOf(' ', StringComparison.Ordinal)] : last;
        if (!TryNumber(ringDigits, out int ring) || (hasZeroCopy && !TryNumber(info, "ZcDataAreaMB: ", " ", out zeroCopy))) return null;
        return new TcmuDeviceState
        {
            Enabled = false,
            Blocked = false,
            Exported = status == "ACTIVATED",
            Config = config == "NULL" ? "" : config,
            Size = size,
            BlockSize = blockSize,
            DataAreaMegabytes = area,
            DataPagesPerBlock = pages,
            CommandRingMegabytes = ring,
            ZeroCopyMegabytes = zeroCopy,
        };
    }

    private static string? Between(string text, string start, string end)
    {
        var from = text.IndexOf(start, StringComparison.Ordinal);
        if (from < 0) return null;
        from += start.Length;
        var to = text.IndexOf(end, from, StringComparison.Ordinal);
        return to < 0 ? null : text[from..to];
    }

    private static bool TryNumber<T>(string text, string start, string end, out T number)
        where T : struct, INumber<T>
    {
        number = default;
        return Between(text, start, end) is { } digits && TryNumber(digits, out number);
    }

    private static bool TryNumber<T>(string digits, out T number)
        where T : struct, INumber<T> => T.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
