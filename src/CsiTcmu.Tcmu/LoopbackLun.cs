using System.Diagnostics;
using System.Globalization;
using CsiTcmu.Linux.Tools;

namespace CsiTcmu.Tcmu;

/// <summary>
/// One LUN of tcm_loop (<c>loopback/naa.X/tpgt_1/lun/lun_0</c>) with a SCSI host of its own, whether it exists or not. Every operation can
/// be repeated, also after a crash half-way.
/// </summary>
/// <remarks>
/// <para>One host per volume: the kernel's error handling stops a whole host, so a stuck volume must not share one.</para>
/// <para>The orders here are the only safe ones. A SCSI device is never removed by its <c>delete</c> file: tcm_loop would not find it
/// when the LUN is unlinked and would leak the session.</para>
/// </remarks>
public sealed class LoopbackLun
{
    private const string LunPath = "tpgt_1/lun/lun_0";
    private readonly KernelPaths _paths;

    /// <summary>Names a LUN by its target port.</summary>
    /// <param name="target"><c>naa.</c> and 16 lower-case hexadecimal digits, one name per volume.</param>
    /// <param name="paths">Where the kernel's trees are.</param>
    /// <exception cref="ArgumentException">The name cannot be a target port's.</exception>
    public LoopbackLun(string target, KernelPaths? paths = null)
    {
        if (!IsTarget(target)) throw new ArgumentException($"'{target}' is not 'naa.' and 16 lower-case hexadecimal digits.", nameof(target));
        Target = target;
        _paths = paths ?? KernelPaths.Default;
    }

    /// <summary>Name of the target port.</summary>
    public string Target { get; }

    /// <summary>Name of the initiator port: the target's, as a locally assigned name (NAA 3).</summary>
    public string Initiator => "naa." + (Target[4] == '3' ? '2' : '3') + Target[5..];

    /// <summary>The target's folder in configfs.</summary>
    public string Folder => $"{FabricFolder}/{Target}";

    private string FabricFolder => $"{_paths.Target}/loopback";

    private string PortGroupFolder => $"{Folder}/tpgt_1";

    private string LunFolder => $"{Folder}/{LunPath}";

    /// <summary>The LUNs that link to a device, also those whose link is being made or removed.</summary>
    /// <remarks>The device itself tells: the folder of a LUN is closed to readers while a link in it waits for the device's server.</remarks>
    /// <param name="device">The device, which may be absent.</param>
    /// <param name="paths">Where the kernel's trees are.</param>
    public static IReadOnlyList<LoopbackLun> Of(TcmuDevice device, KernelPaths? paths = null)
    {
        ArgumentNullException.ThrowIfNull(device);

        // A line is fabric/target/tpgt_N/lun_N (target_core_alua.c, target_tg_pt_gp_members_show).
        var members = KernelFiles.TryRead($"{device.Folder}/alua/default_tg_pt_gp/members") ?? "";
        return [.. members.Split('\n')
            .Select(line => line.Split('/'))
            .Where(parts => parts.Length == 4 && parts[0] == "loopback" && IsTarget(parts[1]))
            .Select(parts => new LoopbackLun(parts[1], paths))];
    }

    /// <summary>
    /// The device that the LUN links to, or null when there is no link, or one to something else than a TCMU device.
    /// </summary>
    public async Task<TcmuDevice?> LinkedDeviceAsync()
    {
        foreach (var (_, target) in await OutOfProcess.LinksAsync(LunFolder))
        {
            // The kernel shows the link as a relative path; what it means are its last two parts.
            var parts = target.Split('/');
            if (parts.Length >= 2 && parts[^2].StartsWith("user_", StringComparison.Ordinal) &&
                int.TryParse(parts[^2].AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var hba) &&
                TcmuDeviceSpecification.IsName(parts[^1]))
                return new TcmuDevice(hba, parts[^1], _paths);
        }

        return null;
    }

    /// <summary>Makes the LUN of an enabled device that is being served, or finishes what was begun.</summary>
    /// <remarks>Ends when the server has answered the kernel's INQUIRY commands.</remarks>
    /// <exception cref="TargetException">The kernel refuses, or the LUN links to another device.</exception>
    public async Task LinkAsync(TcmuDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);

        // 1. Target and port group: this makes the SCSI host.
        KernelFiles.MakeFolders(
            _paths.Target, "Load the module tcm_loop (modprobe), and mount configfs on /sys/kernel/config.", "loopback", Target, "tpgt_1");

        // 2. The session; before it there is no I/O.
        var nexus = $"{PortGroupFolder}/nexus";
        if (KernelFiles.TryRead(nexus) is null)
        {
            var error = KernelFiles.TryWrite(nexus, Initiator);
            if (error < 0 && error != -Errno.Exists)
                throw new TargetException(nexus, error, $"'{Initiator}' is not accepted", "The kernel log (dmesg) may tell more.");
        }

        // 3. The LUN and its link to the device. The kernel adds the SCSI device before the link is there.
        KernelFiles.MakeFolders(PortGroupFolder, "The kernel log (dmesg) may tell more.", "lun", "lun_0");
        var link = $"{LunFolder}/{device.Name}";
        var linked = IsLinked(device) ? 0 : await OutOfProcess.LinkAsync(device.Folder, link);
        if (linked < 0)
        {
            if (await LinkedDeviceAsync() is not { } other || linked != -Errno.Exists)
            {
                throw new TargetException(link, linked, $"the LUN cannot be linked to {device.Folder}", linked == -Errno.NoDevice
                    ? "Enable the device first."
                    : "The device must exist, be enabled and be served.");
            }

            if (other.Hba != device.Hba || other.Name != device.Name)
                throw new TargetException(LunFolder, Errno.Exists, $"the LUN links to {other} instead of {device}", "Remove that LUN, or use another name.");
        }

        // 4. Without an answer to INQUIRY (a server that died in between) the link stands and the SCSI device is missing.
        await AddScsiDeviceAsync();
    }

    /// <summary>The SCSI address of the LUN, <c>host:channel:target:lun</c>, or null before its port group is made.</summary>
    public string? Address() => KernelFiles.TryRead($"{PortGroupFolder}/address") is { Length: > 0 } address ? $"{address}:0" : null;

    /// <summary>The disk of the LUN, or null when the kernel has not (yet) made one.</summary>
    public LoopbackDisk? FindDisk()
    {
        if (Address() is not { } address) return null;
        var name = KernelFiles.Folders($"{_paths.Sysfs}/class/scsi_device/{address}/device/block").FirstOrDefault();
        return name is null ? null : new LoopbackDisk(address, name, _paths);
    }

    /// <summary>Waits for the disk of a linked LUN and its device node; the kernel makes them a little after the link.</summary>
    /// <exception cref="TargetException">There is none after that time.</exception>
    public async Task<LoopbackDisk> WaitForDiskAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var disk = FindDisk();
            if (disk is { IsThere: true }) return disk;
            if (Stopwatch.GetElapsedTime(started) >= timeout)
            {
                throw disk is null
                    ? new TargetException(Folder, 0, $"no disk has appeared for SCSI device {Address()}", "Is the device served, and the module sd_mod loaded?")
                    : new TargetException(disk.Path, 0, $"the disk of SCSI device {Address()} is not usable", "Is the host's devtmpfs mounted there? See dmesg.");
            }

            await Task.Delay(20, cancellationToken);
        }
    }

    /// <summary>Removes the LUN, its SCSI device and its host, or what is there of them. Nothing there is fine.</summary>
    /// <param name="device">The device that it links to, if it does.</param>
    /// <remarks>
    /// The device must be served still: the kernel may flush its cache, and waits for every outstanding command. Unmount first: the
    /// kernel would take away the disk under a mounted file system, so a disk that is held is refused.
    /// </remarks>
    /// <exception cref="TargetException">The disk is mounted or held, or the kernel refuses.</exception>
    public async Task RemoveAsync(TcmuDevice? device)
    {
        if (!Directory.Exists(Folder)) return;
        if (FindDisk() is { } disk && await disk.IsHeldAsync())
        {
            throw new TargetException(
                disk.Path, Errno.Busy, "the disk is in use", "Unmount it in every mount namespace, and stop what is stacked on it.");
        }

        // 1. The link, which takes the SCSI device away. tcm_loop must find that device, or it leaks the session.
        if (device is not null && Directory.Exists(LunFolder))
        {
            if (IsLinked(device)) await AddScsiDeviceAsync();
            var link = $"{LunFolder}/{device.Name}";
            var error = await OutOfProcess.UnlinkAsync(link);
            if (error < 0 && error != -Errno.NoEntry)
                throw new TargetException(link, error, "the LUN cannot be unlinked", "The kernel log (dmesg) may tell more.");
        }

        // 2. Back from the inside out; the SCSI host goes with the target.
        KernelFiles.RemoveFolder(LunFolder);
        _ = KernelFiles.TryWrite($"{PortGroupFolder}/nexus", "NULL");
        KernelFiles.RemoveFolder(PortGroupFolder);
        KernelFiles.RemoveFolder(Folder);
        KernelFiles.RemoveFolderIfEmpty(FabricFolder);
    }

    /// <inheritdoc/>
    public override string ToString() => Target;

    private static bool IsTarget(string name) =>
        name.Length == 20 && name.StartsWith("naa.", StringComparison.Ordinal) && name.Skip(4).All(char.IsAsciiHexDigitLower);

    private bool IsLinked(TcmuDevice device) => Of(device, _paths).Any(lun => string.Equals(lun.Target, Target, StringComparison.Ordinal));

    /// <summary>Has the host look for the SCSI device again when it is missing.</summary>
    private async Task AddScsiDeviceAsync()
    {
        if (Address() is not { } address || Directory.Exists($"{_paths.Sysfs}/class/scsi_device/{address}")) return;
        var parts = address.Split(':');
        if (parts.Length != 4) return;

        // The LUN is a wildcard, since tcm_loop's hosts claim to have none (max_lun is 0).
        _ = await OutOfProcess.WriteAsync($"{_paths.Sysfs}/class/scsi_host/host{parts[0]}/scan", $"{parts[1]} {parts[2]} -");
    }
}
