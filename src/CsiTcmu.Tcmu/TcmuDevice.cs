using System.Diagnostics;
using System.Globalization;

namespace CsiTcmu.Tcmu;

/// <summary>
/// A TCMU device in configfs (<c>core/user_HBA/NAME</c>), whether it exists or not. Every operation can be repeated, also after a crash
/// half-way. Used without netlink: no other process takes part.
/// </summary>
/// <remarks>
/// The one order of a device's life: <see cref="Create"/>, <see cref="Open"/>, serve, <see cref="LoopbackLun.LinkAsync"/>; back:
/// <see cref="LoopbackLun.RemoveAsync"/>, stop serving, <see cref="Remove"/>. See <c>docs/tcmu.md</c>.
/// </remarks>
public sealed class TcmuDevice
{
    private readonly KernelPaths _paths;

    /// <summary>Names a device.</summary>
    /// <exception cref="ArgumentException">The name cannot be a device's.</exception>
    public TcmuDevice(int hba, string name, KernelPaths? paths = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(hba);
        if (!TcmuDeviceSpecification.IsName(name)) throw new ArgumentException($"'{name}' cannot be the name of a TCMU device.", nameof(name));
        Hba = hba;
        Name = name;
        _paths = paths ?? KernelPaths.Default;
        HbaFolder = HbaFolderOf(hba, _paths);
        Folder = $"{HbaFolder}/{name}";
    }

    /// <summary>N of <c>core/user_N</c>.</summary>
    public int Hba { get; }

    /// <summary>Name of the device's folder.</summary>
    public string Name { get; }

    /// <summary>The device's folder in configfs.</summary>
    public string Folder { get; }

    private string HbaFolder { get; }

    /// <summary>Makes and enables a device, or finishes what was begun. One that is enabled with the same configuration is fine.</summary>
    /// <exception cref="ArgumentException">A field of the specification is out of its range; nothing was changed.</exception>
    /// <exception cref="TargetException">The kernel refuses, or a device of that name serves something else.</exception>
    public static TcmuDevice Create(TcmuDeviceSpecification specification, KernelPaths? paths = null)
    {
        ArgumentNullException.ThrowIfNull(specification);
        specification.Validate();
        var device = new TcmuDevice(specification.Hba, specification.Name, paths);

        // 1. The folders. The kernel loads target_core_user for the first.
        KernelFiles.MakeFolders(
            device._paths.Target, "Load the module target_core_user (modprobe), and mount configfs on /sys/kernel/config.", "core", $"user_{device.Hba}", device.Name);

        // 2. Everything that cannot be changed later. An enabled device has been through this, since enabling is the last step.
        if (!device.IsEnabled)
        {
            KernelFiles.Write($"{device.Folder}/control", specification.Control);
            device.CheckAreas(specification);

            // Must come before any LUN: a command may take as long as it takes, since its end is never wrong.
            KernelFiles.Write($"{device.Folder}/attrib/cmd_time_out", "0");
            KernelFiles.Write($"{device.Folder}/attrib/tmr_notification", "1");
            KernelFiles.Write($"{device.Folder}/wwn/vpd_unit_serial", specification.Serial);
            UioNames.Enable(device.Folder);
        }

        device.Check(specification);
        return device;
    }

    /// <summary>The devices that exist in an HBA, by name.</summary>
    public static IReadOnlyList<TcmuDevice> List(int hba, KernelPaths? paths = null)
    {
        paths ??= KernelPaths.Default;
        return [.. KernelFiles.Folders(HbaFolderOf(hba, paths)).Where(TcmuDeviceSpecification.IsName).Select(n => new TcmuDevice(hba, n, paths))];
    }

    /// <summary>Reads the device's state.</summary>
    /// <returns>The state, or null when there is no such device.</returns>
    /// <exception cref="TargetException">The device says something that this code does not understand.</exception>
    public TcmuDeviceState? TryRead()
    {
        if (KernelFiles.TryRead($"{Folder}/info", out var error) is not { } info)
            return error == -Errno.NoEntry ? null : throw new TargetException($"{Folder}/info", error, "cannot be read", "This needs root.");
        var state = TcmuDeviceState.Parse(info) ??
            throw new TargetException($"{Folder}/info", 0, $"is not understood: '{info}'", "The kernel is not one that this program knows.");
        return state with
        {
            Enabled = IsEnabled,
            Blocked = KernelFiles.TryRead($"{Folder}/action/block_dev") == "blocked",
        };
    }

    /// <summary>Opens and maps the device's uio node. The ring goes on at the tail that it has.</summary>
    /// <exception cref="IOException">The device is absent, not enabled or busy; the message names it and says what to do.</exception>
    public UioDevice Open() => UioDevice.Open(UioName(), _paths);

    /// <summary>
    /// Opens the device of a server that is gone, and starts its ring anew: new commands are answered BUSY from now on, those that the
    /// last server left are ended with BUSY. The initiator repeats all of them. Then the caller serves the device and calls
    /// <see cref="Unblock"/>.
    /// </summary>
    /// <remarks>
    /// The open comes first: it is exclusive, so a device that is being served is left alone. Resetting the ring after an orderly end is
    /// harmless, since nothing is left in it.
    /// <para>Before the call the dead server's own I/O must have ended: a write of its io_uring outlives the process, and reads pages of the
    /// data area that the reset gives to other commands. A <c>flock</c> on the backing file tells, since a request under way holds the open
    /// file: the new server takes that lock first.</para>
    /// </remarks>
    /// <param name="patience">How long to wait for a dying process to let go of the device.</param>
    /// <exception cref="IOException">The device is absent, not enabled or served by another process; nothing was changed.</exception>
    public UioDevice TakeOver(TimeSpan patience)
    {
        var name = UioName();
        var started = Stopwatch.GetTimestamp();
        UioDevice uio;
        while (true)
        {
            try
            {
                uio = UioDevice.Open(name, _paths);
                break;
            }
            catch (TargetException e) when (e.Error == Errno.Busy && Stopwatch.GetElapsedTime(started) < patience)
            {
                Thread.Sleep(20);
            }
        }

        try
        {
            Block();
            ResetRing(RingReset.Retry);
            return uio;
        }
        catch
        {
            uio.Dispose();
            throw;
        }
    }

    /// <summary>Has new commands answered BUSY; what is completed on the ring is ended first. The initiator repeats them.</summary>
    public void Block() => KernelFiles.Write($"{Folder}/action/block_dev", "1");

    /// <summary>Lets new commands in again.</summary>
    public void Unblock() => KernelFiles.Write($"{Folder}/action/block_dev", "0");

    /// <summary>Ends every command on the ring and empties it. Nobody may be using the ring; a new <see cref="CommandRing"/> begins at 0.</summary>
    /// <exception cref="TargetException">The device is not enabled.</exception>
    public void ResetRing(RingReset reset)
    {
        RequireEnabled();
        KernelFiles.Write($"{Folder}/action/reset_ring", reset == RingReset.Retry ? "1" : "2");
    }

    /// <summary>Lets configfs show a new size. The server answers READ CAPACITY; see <see cref="LoopbackDisk.RescanAsync"/>.</summary>
    /// <param name="size">Bytes.</param>
    public void SetSize(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);

        // By control and not by attrib/dev_size, which wants a listener on netlink and gives ESRCH.
        KernelFiles.Write($"{Folder}/control", string.Create(CultureInfo.InvariantCulture, $"dev_size={size}"));
    }

    /// <summary>Removes the device, and its HBA when it was the last. One that is not there is fine.</summary>
    /// <remarks>A server that still has it open gets <c>-EIO</c> from the uio descriptor.</remarks>
    /// <exception cref="TargetException">A LUN links to the device.</exception>
    public void Remove()
    {
        UioNames.Remove(Folder);
        KernelFiles.RemoveFolderIfEmpty(HbaFolder);
    }

    /// <inheritdoc/>
    public override string ToString() => $"user_{Hba}/{Name}";

    /// <summary>The folder of an HBA in configfs.</summary>
    internal static string HbaFolderOf(int hba, KernelPaths paths) => string.Create(CultureInfo.InvariantCulture, $"{paths.Target}/core/user_{hba}");

    private bool IsEnabled => KernelFiles.TryRead($"{Folder}/enable") == "1";

    private string UioName()
    {
        RequireEnabled();
        var config = TryRead()?.Config;
        return string.Create(CultureInfo.InvariantCulture, $"tcm-user/{Hba}/{Name}{(string.IsNullOrEmpty(config) ? "" : "/")}{config}");
    }

    private void RequireEnabled()
    {
        if (!IsEnabled) throw new TargetException(Folder, 0, "the device is absent or not enabled", "Make it, or finish making it, first.");
    }

    private void Check(TcmuDeviceSpecification wanted)
    {
        var state = TryRead() ?? throw new TargetException(Folder, 0, "the device went away", "Something else removes it.");
        Same("dev_config", state.Config, wanted.Config);
        Same("hw_block_size", state.BlockSize, wanted.BlockSize);
        if (state.Size != wanted.Size) SetSize(wanted.Size);
    }

    private void CheckAreas(TcmuDeviceSpecification wanted)
    {
        if (TryRead() is not { } state) return;

        // An attempt that ended half-way may have asked for one, when it was wanted.
        if (wanted.ZeroCopyMegabytes == 0 && state.ZeroCopyMegabytes > 0) KernelFiles.Write($"{Folder}/control", "zc_data_area_mb=0");

        // The kernel cuts an area that is above its limit, and says so in its log only.
        if (state.DataAreaMegabytes < wanted.DataAreaMegabytes)
        {
            throw new TargetException(
                Folder, 0, $"max_data_area_mb is {state.DataAreaMegabytes} instead of {wanted.DataAreaMegabytes}",
                "Raise global_max_data_area_mb of the module target_core_user.");
        }
    }

    private void Same<T>(string what, T found, T wanted)
        where T : IEquatable<T>
    {
        if (!found.Equals(wanted))
        {
            throw new TargetException(
                Folder, Errno.Exists, $"the device exists with {what} '{found}' instead of '{wanted}'", "Remove that device, or use another name.");
        }
    }
}

/// <summary>How the commands on a ring end when it is reset.</summary>
public enum RingReset
{
    /// <summary>With BUSY: the initiator repeats them.</summary>
    Retry,

    /// <summary>With CHECK CONDITION: they fail.</summary>
    Fail,
}
