using CsiTcmu.Linux;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Volumes.Pools;

/// <summary>
/// A pool: its folder, the lock on it, and the room in it. A pool that cannot be opened at start (a file system that is not mounted) is
/// tried again at each use, so that the volumes of the others are served.
/// </summary>
internal sealed class Pool : IDisposable
{
    // include/uapi/linux/magic.h
    private const long Ext4 = 0xef53, Tmpfs = 0x01021994, Ramfs = 0x858458f6, Overlay = 0x794c7630, Xfs = 0x58465342, Btrfs = 0x9123683e;
    private const long Ext4MostBlocks = uint.MaxValue; // fs/ext4/super.c, ext4_max_size

    private readonly PoolSpecification _specification;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private PoolLock? _lock;
    private FileStatus _identity;
    private long _reserved;

    public Pool(PoolSpecification specification, ILogger logger)
    {
        _specification = specification;
        _logger = logger;
        Volumes = new VolumeFolders(this, logger);
        Snapshots = new SnapshotFolders(this, logger);
        Groups = new GroupRecords(this);
    }

    /// <summary>What volumes call it.</summary>
    public string Name => _specification.Name;

    /// <summary>Its folder.</summary>
    public string Folder => _specification.Path;

    /// <summary>The volumes in it.</summary>
    public VolumeFolders Volumes { get; }

    /// <summary>The snapshots in it.</summary>
    public SnapshotFolders Snapshots { get; }

    /// <summary>The groups of snapshots that are written down in it.</summary>
    public GroupRecords Groups { get; }

    /// <summary>True when files of its file system can have blocks in common.</summary>
    public bool CanShare => FileSystem().Magic is Xfs or Btrfs;

    /// <summary>Takes the pool for this process and removes what a crash left half-made or half-deleted.</summary>
    /// <exception cref="VolumeException">FailedPrecondition: another process has it. Unavailable: it is not there.</exception>
    public void Open(TimeSpan patience)
    {
        lock (_gate)
        {
            if (_lock is null) OpenLocked(patience);
        }
    }

    /// <summary>Makes sure that the pool is still the one that was opened; opens it when it was not.</summary>
    /// <exception cref="VolumeException">Unavailable: the pool is gone.</exception>
    public void Require()
    {
        Open(TimeSpan.Zero);
        var status = Examine();
        if (status.FileSystem != _identity.FileSystem || status.Inode != _identity.Inode)
            throw Gone($"{Folder} is not the folder that was opened; unmount what was mounted over it, or restart this process");
    }

    /// <summary>Room for new volumes.</summary>
    public PoolRoom Measure()
    {
        lock (_gate) return MeasureLocked();
    }

    /// <summary>Keeps room for a volume, or for its growth, while it is made. The room is given back on disposal.</summary>
    /// <exception cref="VolumeException">Exhausted: there is not enough.</exception>
    public IDisposable Reserve(long bytes)
    {
        lock (_gate)
        {
            var room = MeasureLocked();
            if (bytes > room.Available)
            {
                throw new VolumeException(
                    VolumeError.Exhausted,
                    $"pool '{Name}' has room for {ByteSize.Text(Math.Max(0, room.Available))}, {ByteSize.Text(bytes)} are needed; delete volumes, enlarge the pool, or use another one");
            }

            _reserved += bytes;
            return new Reservation(this, bytes);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _lock?.Dispose();

    private void OpenLocked(TimeSpan patience)
    {
        try
        {
            var status = Examine();
            var lockFile = PoolLock.Take(Name, Folder, patience);
            try
            {
                _identity = status;
                Volumes.Prepare();
                Snapshots.Prepare();
                Groups.Prepare();
                _lock = lockFile;
            }
            finally
            {
                if (_lock is null) lockFile.Dispose();
            }
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw PoolErrors.Translate(Name, cause);
        }

        Advise();
    }

    private FileStatus Examine()
    {
        var file = Syscalls.Open(Folder, OpenFlags.Path | OpenFlags.Directory | OpenFlags.CloseOnExec);
        if (file == -Errno.NoEntry) throw Gone($"{Folder} does not exist; make it, or mount its file system");
        if (file == -Errno.NotDirectory) throw Gone($"{Folder} is not a folder; give the pool a folder");
        if (file < 0) throw Gone($"{Folder} cannot be opened: {Syscalls.Describe(file)}");
        var result = Syscalls.Status(file, out var status);
        _ = Syscalls.Close(file);
        return result == 0 ? status : throw Gone($"{Folder} cannot be examined: {Syscalls.Describe(result)}");
    }

    private VolumeException Gone(string what) => new(VolumeError.Unavailable, $"pool '{Name}' is not available: {what}");

    private void Advise()
    {
        switch (FileSystem().Magic)
        {
            case Tmpfs or Ramfs:
                _logger.LogWarning("Pool {Pool} lies in memory ({Folder}): its volumes are lost when the node restarts", Name, Folder);
                break;
            case Overlay:
                _logger.LogWarning("Pool {Pool} lies on an overlay ({Folder}): if that is a container's own, its volumes are lost with it", Name, Folder);
                break;
            default:
                _logger.LogInformation("Pool {Pool} is {Folder}", Name, Folder);
                break;
        }
    }

    private FileSystemStatus FileSystem()
    {
        var result = Syscalls.FileSystem(Folder, out var status);
        return result == 0 ? status : throw Gone($"statfs of {Folder}: {Syscalls.Describe(result)}");
    }

    private PoolRoom MeasureLocked()
    {
        Require();
        var status = FileSystem();
        var (promised, allocated) = Volumes.Measure();

        var promises = new Promises
        {
            Total = status.TotalBytes,
            Free = status.AvailableBytes,
            Reserve = _specification.Reserve,
            Promised = promised,
            Allocated = allocated,
            Beginning = _reserved,
            Ratio = _specification.OvercommitRatio,
        };
        var mostPerFile = status.Magic == Ext4 ? Ext4MostBlocks * status.BlockSize : VolumeSizes.Maximum;
        return new PoolRoom(promises, Math.Min(mostPerFile, VolumeSizes.Maximum), status.IsReadOnly);
    }

    private void Return(long bytes)
    {
        lock (_gate) _reserved -= bytes;
    }

    private sealed class Reservation(Pool pool, long bytes) : IDisposable
    {
        private long _bytes = bytes;

        public void Dispose() => pool.Return(Interlocked.Exchange(ref _bytes, 0));
    }
}

/// <summary>Room in a pool.</summary>
/// <param name="Promises">What is promised and what is there.</param>
/// <param name="MaximumFile">Largest image that the pool's file system can hold.</param>
/// <param name="IsReadOnly">True when nothing can be written to the pool.</param>
internal readonly record struct PoolRoom(Promises Promises, long MaximumFile, bool IsReadOnly)
{
    /// <summary>Bytes that can be promised to new volumes; negative when more is promised than may be.</summary>
    public long Available => Promises.Available;
}
