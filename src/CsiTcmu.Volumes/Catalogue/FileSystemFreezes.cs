using CsiTcmu.Linux;
using CsiTcmu.Linux.Mounts;
using CsiTcmu.Linux.Sysfs;
using CsiTcmu.Linux.Tools;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Volumes;

/// <summary>Freezes mounted file systems of volumes for a moment, and thaws them on every way out, also that of a crash.</summary>
/// <remarks>
/// A freeze writes through the very disk that this process serves, so a child process makes it (<see cref="OutOfProcess"/>), before the disk is held, and
/// the thaw after. A mark in the volume's folder says that a freeze is ours: whoever finds it at take-over thaws.
/// </remarks>
internal sealed class FileSystemFreezes(IDiskAttacher attacher, ILogger logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Freezes what is mounted of the volumes; nothing where nothing is mounted.</summary>
    /// <returns>Thaws when disposed.</returns>
    /// <exception cref="VolumeException">Unavailable: it takes too long. FailedPrecondition: somebody else has frozen it.</exception>
    public async Task<IAsyncDisposable> FreezeAsync(IReadOnlyList<StoredVolume> volumes)
    {
        var freezes = new Freezes(this);
        try
        {
            foreach (var volume in volumes)
            {
                if (FindMount(volume.Id) is not { } mount) continue;
                await FreezeAsync(volume, mount);
                freezes.Frozen.Add((volume, mount));
            }

            return freezes;
        }
        catch
        {
            await freezes.DisposeAsync();
            throw;
        }
    }

    /// <summary>Thaws what an earlier process left frozen. Success when nothing is.</summary>
    public async Task ThawLeftAsync(StoredVolume volume)
    {
        if (!File.Exists(Mark(volume))) return;
        if (FindMount(volume.Id) is { } mount) await ThawAsync(volume, mount);
        else File.Delete(Mark(volume));
    }

    private async Task FreezeAsync(StoredVolume volume, string mount)
    {
        // It need not outlive the machine, and neither does a freeze.
        await File.WriteAllTextAsync(Mark(volume), mount);
        var freeze = OutOfProcess.FreezeAsync(mount);
        if (await Task.WhenAny(freeze, Task.Delay(Patience)) != freeze)
        {
            // The kernel goes on with it; the thaw waits for that.
            _ = freeze.ContinueWith(_ => ThawAsync(volume, mount), TaskScheduler.Default);
            throw new VolumeException(VolumeError.Unavailable, $"volume '{volume.Id}' cannot be frozen within {Patience.TotalSeconds} s; its disk may be slow or stuck");
        }

        int result;
        try
        {
            result = await freeze;
        }
        catch (IOException)
        {
            // How far it came is not known.
            await ThawAsync(volume, mount);
            throw;
        }

        if (result == 0) return;
        File.Delete(Mark(volume));
        if (result == -Errno.Busy)
            throw new VolumeException(VolumeError.FailedPrecondition, $"{mount} of volume '{volume.Id}' is frozen already; thaw it first: fsfreeze --unfreeze {mount}");
        throw new SystemCallException($"{mount} of volume '{volume.Id}' cannot be frozen", result);
    }

    /// <summary>Thaws. Never throws: the mark stays until it is done, for the next try.</summary>
    private async Task ThawAsync(StoredVolume volume, string mount)
    {
        try
        {
            var result = await OutOfProcess.ThawAsync(mount);
            if (result is not (0 or -Errno.InvalidArgument)) throw new SystemCallException($"{mount} cannot be thawed", result);
            File.Delete(Mark(volume));
        }
        catch (IOException problem)
        {
            logger.LogError("Volume {Id} may be frozen: {Problem} Thaw it: fsfreeze --unfreeze {Mount}", volume.Id, problem.Message, mount);
        }
    }

    /// <summary>Where the file system on a volume's disk, or on what lies over that disk, is mounted; null when it is not.</summary>
    private string? FindMount(string id)
    {
        if (attacher.Find(id) is not { } disk) return null;
        List<DeviceNumber> devices = [disk.Number];
        foreach (var holder in BlockDevice.Find(disk.Name)?.Holders ?? [])
        {
            if (BlockDevice.Find(holder) is { } over) devices.Add(over.Number);
        }

        return MountTable.Read().Entries.FirstOrDefault(entry => entry.Root == "/" && devices.Contains(entry.Disk))?.Target;
    }

    private static string Mark(StoredVolume volume) => volume.Pool.Volumes.FrozenMark(volume.Id);

    private sealed class Freezes(FileSystemFreezes owner) : IAsyncDisposable
    {
        public List<(StoredVolume Volume, string Mount)> Frozen { get; } = [];

        public async ValueTask DisposeAsync() => await Task.WhenAll(Frozen.Select(one => owner.ThawAsync(one.Volume, one.Mount)));
    }
}
