using CsiTcmu.Backstores;
using CsiTcmu.DataPlane;
using CsiTcmu.Tcmu;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Volumes;

public sealed partial class TcmuDiskAttacher
{
    private const string NoModule = "the kernel's target_core_user has no zero copy area; deploy/kernel of the driver builds one that has";

    /// <summary>How many disks are served, and how many of them by a device with a zero copy area.</summary>
    public (int Disks, int WithZeroCopy) ZeroCopyUse
    {
        get
        {
            IServedDisk[] disks = [.. _served.Values];
            return (disks.Length, disks.Count(disk => disk.ZeroCopyLength > 0));
        }
    }

    /// <summary>Plans for a disk. A device that is there has what it was made with, and its disk goes on whatever is wanted now.</summary>
    private ZeroCopyPlan Plan(DiskSpecification disk, IReadOnlyList<TcmuDevice> devices) => ZeroCopyPlan.Make(
        disk.ZeroCopy ?? _options.ZeroCopy,
        () => FileBackstore.GoesThroughPageCache(disk.Image),
        _options,
        () => devices.Where(device => device.Name != disk.Id).Sum(device => device.TryRead()?.ZeroCopyMegabytes ?? 0));

    /// <summary>
    /// Refuses a disk that requires zero copy and whose device has none, before anybody uses it. One that is in use goes on without: it was linked
    /// when it was not required, or by another module.
    /// </summary>
    private async Task CheckZeroCopyAsync(DiskSpecification disk, TcmuDevice device, ZeroCopyPlan plan)
    {
        var mode = disk.ZeroCopy ?? _options.ZeroCopy;
        if (mode == ZeroCopyMode.Off) return;
        var megabytes = device.TryRead()?.ZeroCopyMegabytes ?? 0;
        var why = plan.Reason.Length > 0 ? plan.Reason : NoModule;
        if (megabytes > 0) logger.LogInformation("Volume {Id} has a zero copy area of {Size} MiB", disk.Id, megabytes);
        else if (mode == ZeroCopyMode.Auto || FindLun(device) is not null) logger.LogInformation("Volume {Id} has no zero copy area: {Reason}", disk.Id, why);
        else await RefuseAsync(disk, device, plan, why);
    }

    private static async Task RefuseAsync(DiskSpecification disk, TcmuDevice device, ZeroCopyPlan plan, string why)
    {
        await KernelCall.RunAsync(device.Remove);
        throw new VolumeException(
            plan.Reason.Length > 0 ? VolumeError.Exhausted : VolumeError.FailedPrecondition,
            $"volume '{disk.Id}' requires zero copy: {why}");
    }
}
