using System.Collections.Concurrent;
using CsiTcmu.Tcmu;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Volumes;

public sealed partial class TcmuDiskAttacher
{
    private readonly ConcurrentDictionary<string, byte> _takingOver = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TakenOver>> TakeOverAsync(Func<string, string, DiskSpecification?> find)
    {
        var devices = await KernelCall.RunAsync(() => TcmuDevice.List(_options.Hba, _options.Paths));
        var results = await Task.WhenAll(devices.Select(device => TakeOverInTimeAsync(device, find)));
        return [.. results.OfType<TakenOver>()];
    }

    private async Task<TakenOver?> TakeOverInTimeAsync(TcmuDevice device, Func<string, string, DiskSpecification?> find)
    {
        var work = Task.Run(() => TakeOverAsync(device, find));
        try
        {
            return await work.WaitAsync(_options.StartPatience);
        }
        catch (TimeoutException)
        {
            _ = work.ContinueWith(
                late => logger.LogWarning("Take-over of volume {Id} ended late: {Result}", device.Name, late.Result?.Problem ?? "its I/O goes on"),
                TaskScheduler.Default);
            return new TakenOver("", device.Name, null, $"its take-over takes longer than {_options.StartPatience.TotalSeconds} s and goes on");
        }
    }

    /// <summary>A take-over that outlasts the start is alone with its device until it ends.</summary>
    private void CheckTakenOver(string id)
    {
        if (_takingOver.ContainsKey(id)) throw new VolumeException(VolumeError.Aborted, $"take-over of volume '{id}' is under way; try again when it has ended");
    }

    /// <summary>Goes on with one device. Never throws.</summary>
    private async Task<TakenOver?> TakeOverAsync(TcmuDevice device, Func<string, string, DiskSpecification?> find)
    {
        var (pool, id) = ("", device.Name);
        _takingOver[id] = 0;
        try
        {
            if (device.TryRead() is not { } state) return null;
            var parts = state.Config.Split('/');
            var named = parts.Length == 3 && parts[0] == Owner && parts[2] == device.Name;
            if (named) pool = parts[1];

            // A device of this HBA without configuration was left between two steps of its making.
            if (!named && state.Config.Length > 0) return null;
            DiskSpecification? disk = null;
            try
            {
                if (named && (disk = find(pool, id)) is null) return null;
            }
            catch (VolumeException) when (FindLun(device) is null)
            {
                // It is removed, whatever is the matter with the volume.
            }

            if (FindLun(device) is not null) return new TakenOver(pool, id, await AttachCoreAsync(disk!), null);

            // Without a LUN it has no user and no I/O.
            await DetachCoreAsync(id, disk);
            return new TakenOver(pool, id, null, null);
        }
        catch (Exception problem)
        {
            return new TakenOver(pool, id, null, await LetWaitAsync(device) + problem.Message);
        }
        finally
        {
            _takingOver.TryRemove(id, out _);
        }
    }

    /// <summary>Has the initiator repeat its commands until somebody serves the device again. Leaves one alone that another process serves.</summary>
    private async Task<string> LetWaitAsync(TcmuDevice device)
    {
        if (_served.ContainsKey(device.Name)) return "";
        try
        {
            (await KernelCall.RunAsync(() => device.TakeOver(TimeSpan.Zero))).Dispose();
            return "its I/O waits: ";
        }
        catch (IOException problem)
        {
            return $"{problem.Message} ";
        }
    }
}
