using CsiTcmu.Volumes.Pools;

namespace CsiTcmu.Volumes;

public sealed partial class VolumeCatalogue
{
    /// <inheritdoc/>
    public Task<Room> GetRoomAsync(
        IReadOnlyDictionary<string, string> parameters, string fileSystem, bool block, CancellationToken cancellationToken) =>
        Task.Run(() => MeasureRoom(VolumeParameters.Parse(parameters, fileSystem, block), block), cancellationToken).WaitAsync(cancellationToken);

    private Room MeasureRoom(VolumeParameters parameters, bool block)
    {
        var minimum = VolumeSizes.Minimum(parameters.FileSystem, block);
        var (available, largest) = (0L, 0L);
        foreach (var (_, room) in Measure(Candidates(parameters.Pool)))
        {
            // A pool that has not even room for the smallest volume has none.
            var here = (room.Available - parameters.Encryption.Overhead) / VolumeSizes.Step * VolumeSizes.Step;
            if (room.IsReadOnly || here < minimum) continue;
            available = here > long.MaxValue - available ? long.MaxValue : available + here;
            largest = Math.Max(largest, Math.Min(here, VolumeSizes.MaximumIn(room, parameters.Encryption)));
        }

        return new Room(available, largest, minimum);
    }

    /// <summary>The roomiest of the pools that can be written to and can hold so large an image; any, for its error, where there is none.</summary>
    private static (Pool Pool, PoolRoom Room) Choose(IReadOnlyList<Pool> candidates, long required) =>
        Measure(candidates).MaxBy(entry => (!entry.Room.IsReadOnly, entry.Room.MaximumFile >= required, entry.Room.Available));

    /// <summary>Room in each of the pools that answer.</summary>
    /// <exception cref="VolumeException">None answers.</exception>
    private static List<(Pool Pool, PoolRoom Room)> Measure(IReadOnlyList<Pool> pools)
    {
        var rooms = new List<(Pool, PoolRoom)>();
        VolumeException? gone = null;
        foreach (var pool in pools)
        {
            try
            {
                rooms.Add((pool, InPool(pool, pool.Measure)));
            }
            catch (VolumeException problem)
            {
                gone ??= problem;
            }
        }

        return rooms.Count > 0 || gone is null ? rooms : throw gone;
    }

    /// <summary>Pools that a volume may be made in.</summary>
    private IReadOnlyList<Pool> Candidates(string name)
    {
        if (name.Length == 0) return _pools;
        return _pools.FirstOrDefault(pool => string.Equals(pool.Name, name, StringComparison.Ordinal)) is { } named
            ? [named]
            : throw new VolumeException(
                VolumeError.InvalidArgument, $"pool '{name}' is not one of this node's: {string.Join(", ", _pools.Select(pool => pool.Name))}");
    }
}
