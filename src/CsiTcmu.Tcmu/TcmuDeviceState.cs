using System.Globalization;
using System.Text.RegularExpressions;

namespace CsiTcmu.Tcmu;

/// <summary>What configfs says of a TCMU device.</summary>
public sealed partial record TcmuDeviceState
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

    /// <summary>Parses a device's <c>info</c> file (<c>target_core_info_show</c> and <c>tcmu_show_configfs_dev_params</c>).</summary>
    /// <returns>The state, not enabled and not blocked, or null when the text is something else.</returns>
    internal static TcmuDeviceState? Parse(string info)
    {
        var match = Info().Match(info);
        if (!match.Success) return null;
        var config = match.Groups["config"].Value;
        return new TcmuDeviceState
        {
            Enabled = false,
            Blocked = false,
            Exported = match.Groups["status"].Value == "ACTIVATED",
            Config = config == "NULL" ? "" : config,
            Size = long.Parse(match.Groups["size"].ValueSpan, CultureInfo.InvariantCulture),
            BlockSize = Number("sector"),
            DataAreaMegabytes = Number("area"),
            DataPagesPerBlock = Number("pages"),
            CommandRingMegabytes = Number("ring"),
        };

        int Number(string group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(
        @"\AStatus: (?<status>[A-Z-]+) .*SectorSize: (?<sector>\d{1,9}) .*\n\s*Config: (?<config>.*) Size: (?<size>\d{1,18}) " +
        @"MaxDataAreaMB: (?<area>\d{1,9}) DataPagesPerBlk: (?<pages>\d{1,9}) CmdRingSizeMB: (?<ring>\d{1,9})\s*\z",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Info();
}
