using System.Collections.Concurrent;
using CsiTcmu.Backstores;
using CsiTcmu.DataPlane;
using CsiTcmu.Linux;
using CsiTcmu.Scsi;
using CsiTcmu.Tcmu;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Volumes;

/// <summary>Makes disks by TCMU and tcm_loop and serves them in this process from their image files.</summary>
/// <remarks>
/// <para>The way there, each step repeatable: the target device, its ring mapped, served, the LUN linked, the block device seen and its
/// world wide name compared. The way back: the LUN unlinked while it is still served (the kernel flushes and waits for what is
/// outstanding), serving stopped, the device removed.</para>
/// <para>A device says in its configuration whose it is: <c>csi-tcmu/POOL/ID</c>. That is how a later process finds it.</para>
/// </remarks>
/// <param name="plane">Serves the rings.</param>
/// <param name="logger">Receives what is worth telling.</param>
/// <param name="options">Sizes and time-outs.</param>
public sealed partial class TcmuDiskAttacher(IDataPlane plane, ILogger logger, TcmuDiskOptions? options = null) : IDiskAttacher
{
    private const string Owner = "csi-tcmu";
    private readonly TcmuDiskOptions _options = options ?? new TcmuDiskOptions();
    private readonly ConcurrentDictionary<string, IServedDisk> _served = new(StringComparer.Ordinal);
    private readonly Lock _areas = new();
    private volatile bool _ended;

    /// <summary>The counters of the disks that are served, by volume id.</summary>
    public IReadOnlyDictionary<string, DiskCounters> Counters =>
        _served.ToDictionary(pair => pair.Key, pair => pair.Value.Counters, StringComparer.Ordinal);

    /// <inheritdoc/>
    public AttachedDisk? Find(string id) => FindLun(Device(id))?.FindDisk() is { } disk ? Describe(disk) : null;

    /// <inheritdoc/>
    public DiskService? FindService(string id) => _served.TryGetValue(id, out var served) ? new DiskService(served.Fault, served.Failures) : null;

    /// <inheritdoc/>
    public Task<AttachedDisk> AttachAsync(DiskSpecification disk)
    {
        CheckTakenOver(disk.Id);
        return AttachCoreAsync(disk);
    }

    /// <inheritdoc/>
    public async Task EnsureServedAsync(string id, DiskSpecification? disk)
    {
        CheckTakenOver(id);
        await EnsureServedCoreAsync(id, disk);
    }

    /// <inheritdoc/>
    public Task DetachAsync(string id, DiskSpecification? disk)
    {
        CheckTakenOver(id);
        return DetachCoreAsync(id, disk);
    }

    private async Task<AttachedDisk> AttachCoreAsync(DiskSpecification disk)
    {
        var device = await ServeAsync(disk);
        var lun = new LoopbackLun(disk.Target, _options.Paths);
        await lun.LinkAsync(device);
        FaultPoints.Reach(FaultPoints.StageLinked);
        var found = await LookAsync(disk, lun);
        await GrowCoreAsync(disk);
        return found;
    }

    private async Task DetachCoreAsync(string id, DiskSpecification? disk)
    {
        var device = Device(id);
        if (FindLun(device) is { } lun)
        {
            await EnsureServedCoreAsync(id, disk);
            try
            {
                await RemoveAsync(lun, device);
            }
            catch (TargetException cause) when (cause.Error == Errno.Busy)
            {
                throw new VolumeException(VolumeError.FailedPrecondition, $"volume '{id}': {cause.Message}", cause);
            }
        }

        // Folders of a LUN that never got its link.
        if (disk is not null) await new LoopbackLun(disk.Target, _options.Paths).RemoveAsync(null);
        FaultPoints.Reach(FaultPoints.UnstageUnlinked);
        if (_served.TryRemove(id, out var served)) await served.StopAsync();
        FaultPoints.Reach(FaultPoints.UnstageStopped);
        await KernelCall.RunAsync(device.Remove);
        FaultPoints.Reach(FaultPoints.UnstageRemoved);
    }

    /// <inheritdoc/>
    public async Task GrowAsync(DiskSpecification disk)
    {
        CheckTakenOver(disk.Id);
        if (FindLun(Device(disk.Id)) is null) return;
        await ServeAsync(disk);
        await GrowCoreAsync(disk);
    }

    /// <summary>First who serves the disk answers with the new size, then the initiator asks again.</summary>
    private async Task GrowCoreAsync(DiskSpecification disk)
    {
        var served = _served[disk.Id];
        if (served.Unit.BlockCount * served.Unit.BlockSize < disk.Size)
        {
            await served.GrowAsync(disk.Size);
            FaultPoints.Reach(FaultPoints.ExpandDisk);
        }

        var device = Device(disk.Id);
        if (device.TryRead() is { } state && state.Size != disk.Size)
        {
            device.SetSize(disk.Size);
            FaultPoints.Reach(FaultPoints.ExpandDevice);
        }

        if (FindLun(device)?.FindDisk() is not { } seen || seen.Size == disk.Size) return;
        var size = await seen.RescanAsync();
        if (size != disk.Size)
            throw new VolumeException(VolumeError.Unavailable, $"{seen.Path} of volume '{disk.Id}' shows {size} bytes instead of {disk.Size}; ask again");
        FaultPoints.Reach(FaultPoints.ExpandRescan);
    }

    /// <inheritdoc/>
    public Task StopAsync()
    {
        _ended = true;
        return Task.WhenAll(_served.Keys.Select(StopAsync));
    }

    private async Task StopAsync(string id)
    {
        if (!_served.TryRemove(id, out var served)) return;
        try
        {
            await KernelCall.RunAsync(Device(id).Block);
        }
        catch (IOException problem)
        {
            // Commands then wait in the ring, as they do after a crash.
            logger.LogWarning("Volume {Id} cannot be blocked: {Problem}", id, problem.Message);
        }

        await served.StopAsync();
    }

    /// <summary>Makes the target device where it is missing and serves it where this process does not yet.</summary>
    private async Task<TcmuDevice> ServeAsync(DiskSpecification disk)
    {
        if (_ended) throw new VolumeException(VolumeError.Unavailable, "this process is ending; ask the next one");
        if (_served.TryGetValue(disk.Id, out var served))
        {
            if (served.Fault is null)
            {
                // The last step of an attempt that ended just before it.
                Device(disk.Id).Unblock();
                return Device(disk.Id);
            }

            logger.LogWarning("Volume {Id} was not served any more ({Fault}); its ring begins anew", disk.Id, served.Fault);
            await served.StopAsync();
            _served.TryRemove(disk.Id, out _);
        }

        var (device, plan) = await KernelCall.RunAsync(() => CreateDevice(disk));
        await CheckZeroCopyAsync(disk, device, plan);
        FaultPoints.Reach(FaultPoints.StageDevice);

        // A device of an earlier process, or of an attempt that ended half-way, is taken over; a new one is not different.
        var uio = await KernelCall.RunAsync(() => device.TakeOver(_options.TakeOverPatience));
        IBackstore backstore;
        try
        {
            FaultPoints.Reach(FaultPoints.StageOpened);
            backstore = new FileBackstore(disk.Image, disk.Size, way: plan.Way);
        }
        catch
        {
            uio.Dispose();
            throw;
        }

        served = await plane.ServeAsync(uio, Unit(disk), backstore, disk.Limits);
        _served[disk.Id] = served;
        Watch(disk.Id, served);
        device.Unblock();
        FaultPoints.Reach(FaultPoints.StageServed);
        return device;
    }

    private (TcmuDevice Device, ZeroCopyPlan Plan) CreateDevice(DiskSpecification disk)
    {
        lock (_areas)
        {
            // While the sum of all areas is within the kernel's limit, no page of an area is ever taken back.
            var devices = TcmuDevice.List(_options.Hba, _options.Paths);
            var others = devices.Count(device => device.Name != disk.Id);
            if (devices.Count > 0) DataAreaLimit.Raise((others + 1) * _options.DataAreaMegabytes, _options.Paths);
            var plan = Plan(disk, devices);
            var device = TcmuDevice.Create(
                new TcmuDeviceSpecification
                {
                    Hba = _options.Hba,
                    Name = disk.Id,
                    Config = $"{Owner}/{disk.Pool}/{disk.Id}",
                    Size = disk.Size,
                    BlockSize = disk.BlockSize,
                    Serial = disk.Wwid,
                    DataAreaMegabytes = _options.DataAreaMegabytes,
                    DataPagesPerBlock = _options.DataPagesPerBlock,
                    CommandRingMegabytes = _options.CommandRingMegabytes,
                    ZeroCopyMegabytes = plan.Megabytes,
                },
                _options.Paths);
            return (device, plan);
        }
    }

    /// <summary>Waits for the block device and sees that it is the volume's, before anybody writes to it.</summary>
    private async Task<AttachedDisk> LookAsync(DiskSpecification disk, LoopbackLun lun)
    {
        var seen = await lun.WaitForDiskAsync(_options.DiskPatience);
        var identity = seen.Identity;
        if (!string.Equals(identity, "naa." + disk.Wwid, StringComparison.Ordinal))
        {
            throw new VolumeException(
                VolumeError.FailedPrecondition, $"{seen.Path} is {identity} and not volume '{disk.Id}' (naa.{disk.Wwid}); it is not touched");
        }

        await seen.ConfigureAsync(_options.Settings);
        return Describe(seen);
    }

    private async Task EnsureServedCoreAsync(string id, DiskSpecification? disk)
    {
        if (_served.TryGetValue(id, out var served) && served.Fault is null) return;
        if (disk is null)
        {
            throw new VolumeException(
                VolumeError.FailedPrecondition, $"the disk of volume '{id}' is not served, since the volume cannot be used; mend the volume first, then repeat");
        }

        await ServeAsync(disk);
    }

    /// <summary>Takes a disk away, after what was written past a file system has left the page cache.</summary>
    private static async Task RemoveAsync(LoopbackLun lun, TcmuDevice device)
    {
        if (lun.FindDisk() is { } disk) SystemCallException.Check(await disk.SyncAsync(), $"{disk.Path} cannot be made durable");
        await lun.RemoveAsync(device);
    }

    private LogicalUnit Unit(DiskSpecification disk) => new()
    {
        Designator = Convert.FromHexString(disk.Wwid),
        SerialNumber = disk.Wwid,
        BlockSize = disk.BlockSize,
        PhysicalBlockSize = Math.Max(_options.PhysicalBlockSize, disk.BlockSize),
        BlockCount = disk.Size / disk.BlockSize,
        WriteCache = true,
    };

    private void Watch(string id, IServedDisk served) => _ = served.Faulted.ContinueWith(
        fault => logger.LogError("Volume {Id} is not served any more: {Fault}. Its I/O waits; staging it again begins its ring anew", id, fault.Result),
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnRanToCompletion,
        TaskScheduler.Default);

    private TcmuDevice Device(string id) => new(_options.Hba, id, _options.Paths);

    /// <summary>The LUN that links to a device.</summary>
    private LoopbackLun? FindLun(TcmuDevice device) =>
        LoopbackLun.Of(device, _options.Paths).FirstOrDefault(lun => lun.Target.StartsWith(WorldWideNames.TargetPrefix, StringComparison.Ordinal));

    private static AttachedDisk Describe(LoopbackDisk disk) => new(disk.Name, DeviceNumber.Parse(disk.Number));
}
