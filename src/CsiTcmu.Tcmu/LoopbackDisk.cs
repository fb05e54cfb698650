using System.Globalization;
using CsiTcmu.Linux.Tools;

namespace CsiTcmu.Tcmu;

/// <summary>What a disk's requests wait for, and how they are queued.</summary>
public sealed record LoopbackDiskSettings
{
    /// <summary>
    /// How long the kernel waits for one command before its error handling begins, seconds. The initiator gives up a command that is
    /// answered BUSY again and again after six times this, so 180 lets a server be away for 18 minutes.
    /// </summary>
    public int TimeoutSeconds { get; init; } = 180;

    /// <summary>How long a command of the error handling itself may take, seconds; beyond it the kernel takes the disk offline.</summary>
    public int ErrorHandlingTimeoutSeconds { get; init; } = 60;

    /// <summary>The queue's scheduler. The backing disk has one of its own, so that <c>none</c> is right here.</summary>
    public string Scheduler { get; init; } = "none";

    /// <summary>Commands that the disk may have outstanding, or null to leave it.</summary>
    public int? QueueDepth { get; init; }

    /// <summary>Read-ahead in KiB, or null to leave it.</summary>
    public int? ReadAheadKilobytes { get; init; }
}

/// <summary>The SCSI disk (<c>sdX</c>) that the kernel has made of a LUN.</summary>
public sealed class LoopbackDisk
{
    private const int SectorSize = 512;
    private readonly string _device;
    private readonly string _block;

    internal LoopbackDisk(string address, string name, KernelPaths paths)
    {
        Address = address;
        Name = name;
        Path = $"{paths.Devices}/{name}";
        _device = $"{paths.Sysfs}/class/scsi_device/{address}/device";
        _block = $"{_device}/block/{name}";
    }

    /// <summary>SCSI address, <c>host:channel:target:lun</c>.</summary>
    public string Address { get; }

    /// <summary>Name of the block device, e.g. <c>sdb</c>.</summary>
    public string Name { get; }

    /// <summary>Path of its node in the host's devtmpfs.</summary>
    public string Path { get; }

    /// <summary>Size in bytes as the initiator knows it; 0 while it does not know any.</summary>
    public long Size =>
        long.TryParse(KernelFiles.TryRead($"{_block}/size"), NumberStyles.None, CultureInfo.InvariantCulture, out var sectors)
            ? sectors * SectorSize
            : 0;

    /// <summary>Device number as <c>major:minor</c>.</summary>
    /// <exception cref="TargetException">The disk is gone.</exception>
    public string Number => KernelFiles.Read($"{_block}/dev");

    /// <summary>
    /// The identity that the initiator took from VPD 83h, e.g. <c>naa.6001405…</c>; of the designators it is the best one
    /// (scsi_vpd_lun_id in the kernel).
    /// </summary>
    /// <exception cref="TargetException">The disk is gone, or gave no designator.</exception>
    public string Identity => KernelFiles.Read($"{_device}/wwid");

    /// <summary>True when the block device is mounted or held exclusively by anything, in any mount namespace.</summary>
    public async Task<bool> IsHeldAsync() => await OutOfProcess.OpenExclusivelyAsync(Path) == -Errno.Busy;

    /// <summary>True when the disk has its size and its node, and its queue is registered.</summary>
    /// <remarks>
    /// The node and the queue's attributes are there before the queue is registered, and until then its scheduler is refused with ENOENT.
    /// The link to the backing device info is made right after (device_add_disk in block/genhd.c).
    /// </remarks>
    internal bool IsThere => Size > 0 && File.Exists(Path) && Directory.Exists($"{_block}/bdi");

    /// <summary>Makes durable what was written past a file system and is still in the page cache.</summary>
    /// <returns>0 or <c>-errno</c>.</returns>
    public Task<int> SyncAsync() => OutOfProcess.SyncAsync(Path);

    /// <summary>Sets time-outs and queue.</summary>
    /// <exception cref="TargetException">A setting is not accepted; the message names it.</exception>
    public async Task ConfigureAsync(LoopbackDiskSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        KernelFiles.Write($"{_device}/timeout", Text(settings.TimeoutSeconds));
        KernelFiles.Write($"{_device}/eh_timeout", Text(settings.ErrorHandlingTimeoutSeconds));
        await SetAsync($"{_block}/queue/scheduler", settings.Scheduler);
        if (settings.QueueDepth is { } depth) KernelFiles.Write($"{_device}/queue_depth", Text(depth));
        if (settings.ReadAheadKilobytes is { } readAhead) await SetAsync($"{_block}/queue/read_ahead_kb", Text(readAhead));
    }

    /// <summary>
    /// Has the initiator ask for the capacity again; ends when the server has answered.
    /// </summary>
    /// <returns>The size now, in bytes.</returns>
    /// <exception cref="TargetException">The disk is gone.</exception>
    public async Task<long> RescanAsync()
    {
        await KernelFiles.WriteOutOfProcessAsync($"{_device}/rescan", "1");
        return Size;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({Address})";

    /// <summary>For an attribute of the queue, which the kernel stops for it: it waits for all commands, even to set what is set.</summary>
    private static async Task SetAsync(string path, string value)
    {
        // Of several choices the kernel marks the one that holds: [none] mq-deadline.
        var now = KernelFiles.TryRead(path);
        if (now is not null && (string.Equals(now, value, StringComparison.Ordinal) || now.Contains($"[{value}]", StringComparison.Ordinal))) return;
        await KernelFiles.WriteOutOfProcessAsync(path, value);
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
