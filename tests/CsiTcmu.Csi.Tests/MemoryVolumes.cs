using CsiTcmu.Volumes;

namespace CsiTcmu.Csi.Tests;

/// <summary>
/// Volumes that exist in memory only, with the life cycle that the contracts promise. The services are tested against it alone; the
/// real catalogue and the real node have tests of their own.
/// </summary>
internal sealed partial class MemoryVolumes : IVolumeCatalogue, ISnapshotCatalogue, ISnapshotBlocks, INodeVolumes
{
    public const long Minimum = 1L << 20;
    public const long Maximum = 1L << 40;
    public const long Default = 1L << 30;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, Volume> _volumes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, VolumeWish> _wishes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Path, VolumeUse Use)> _staged = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Id, VolumeUse Use, bool ReadOnly)> _published = new(StringComparer.Ordinal);

    public string NodeId => "node-a";

    public int MaximumVolumes { get; set; }

    /// <summary>Runs at the start of every call: throws, or waits.</summary>
    public Func<CancellationToken, Task> Before { get; set; } = _ => Task.CompletedTask;

    /// <summary>The calls so far, by name.</summary>
    public List<string> Calls { get; } = [];

    public VolumeWish? LastWish { get; private set; }

    public SizeRange LastSize { get; private set; }

    public VolumeUse? LastUse { get; private set; }

    public VolumeSecrets? LastSecrets { get; private set; }

    public IReadOnlyDictionary<string, string>? LastContext { get; private set; }

    public (string Staging, string Target, bool ReadOnly) LastPublish { get; private set; }

    public string? LastPath { get; private set; }

    public async Task<Volume> CreateAsync(VolumeWish wish, CancellationToken cancellationToken)
    {
        await BeginAsync(nameof(CreateAsync), cancellationToken);
        lock (_lock)
        {
            LastWish = wish;
            var old = _volumes.Values.FirstOrDefault(volume => volume.Name == wish.Name);
            if (old is not null)
            {
                var fits = old.Size >= wish.Size.Required && (wish.Size.Limit == 0 || old.Size <= wish.Size.Limit)
                    && Same(_wishes[old.Id].Parameters, wish.Parameters) && _wishes[old.Id].Block == wish.Block;
                return fits ? old : throw new VolumeException(VolumeError.AlreadyExists, $"volume {wish.Name} exists with other properties");
            }

            var size = wish.Size.Required != 0 ? Math.Max(wish.Size.Required, Minimum) : Math.Min(Default, wish.Size.Limit == 0 ? Default : wish.Size.Limit);
            if (size < Minimum || size > Maximum || (wish.Size.Limit != 0 && size > wish.Size.Limit))
                throw new VolumeException(VolumeError.OutOfRange, $"a volume cannot have {size} bytes");
            var volume = new Volume
            {
                Id = $"vol-{_volumes.Count:d4}",
                Name = wish.Name,
                Pool = "main",
                Size = size,
                BlockSize = 512,
                Block = wish.Block,
                Encrypted = wish.Parameters.ContainsKey("encrypted"),
                FileSystem = wish.FileSystem.Length > 0 ? wish.FileSystem : "ext4",
                Parameters = wish.Parameters,
                MutableParameters = wish.MutableParameters,
                Wwid = $"6001405{_volumes.Count:x25}",
            };
            _wishes[volume.Id] = wish;
            return _volumes[volume.Id] = volume;
        }
    }

    public async Task DeleteAsync(string id, CancellationToken cancellationToken)
    {
        await BeginAsync(nameof(DeleteAsync), cancellationToken);
        lock (_lock)
        {
            if (_staged.ContainsKey(id))
                throw new VolumeException(VolumeError.FailedPrecondition, $"volume {id} is staged; unstage it first");
            _volumes.Remove(id);
        }
    }

    public async Task<Volume> ExpandAsync(string id, SizeRange size, CancellationToken cancellationToken)
    {
        await BeginAsync("ExpandAsync", cancellationToken);
        lock (_lock)
        {
            LastSize = size;
            var volume = Find(id);
            if (Math.Max(volume.Size, size.Required) > Math.Min(Maximum, size.Limit == 0 ? Maximum : size.Limit))
                throw new VolumeException(VolumeError.OutOfRange, $"volume {id} cannot grow to {size.Required} bytes");
            return _volumes[id] = volume with { Size = Math.Max(volume.Size, size.Required) };
        }
    }

    public async Task<Volume> ModifyAsync(string id, IReadOnlyDictionary<string, string> mutableParameters, CancellationToken cancellationToken)
    {
        await BeginAsync(nameof(ModifyAsync), cancellationToken);
        lock (_lock)
            return _volumes[id] = Find(id) with { MutableParameters = mutableParameters };
    }

    public async Task<Volume> GetAsync(string id, CancellationToken cancellationToken)
    {
        await BeginAsync(nameof(GetAsync), cancellationToken);
        lock (_lock)
            return Find(id);
    }

    public async Task<VolumePage> ListAsync(int maximum, string token, CancellationToken cancellationToken)
    {
        await BeginAsync(nameof(ListAsync), cancellationToken);
        lock (_lock)
        {
            if (token.Length > 0 && !token.StartsWith("vol-", StringComparison.Ordinal))
                throw new VolumeException(VolumeError.Aborted, $"{token} is not a token of ours");
            var rest = _volumes.Values.Where(volume => string.CompareOrdinal(volume.Id, token) > 0).ToList();
            var page = maximum == 0 ? rest : [.. rest.Take(maximum)];
            return new VolumePage(page, page.Count < rest.Count ? page[^1].Id : "");
        }
    }

    public (string FileSystem, bool Block) LastRoom { get; private set; }

    public async Task<Room> GetRoomAsync(
        IReadOnlyDictionary<string, string> parameters, string fileSystem, bool block, CancellationToken cancellationToken)
    {
        await BeginAsync(nameof(GetRoomAsync), cancellationToken);
        LastRoom = (fileSystem, block);
        return parameters.ContainsKey("pool") && parameters["pool"] != "main"
            ? throw new VolumeException(VolumeError.InvalidArgument, $"there is no pool {parameters["pool"]}")
            : new Room(5 * Maximum, Maximum, Minimum);
    }

    public async Task StageAsync(string id, string stagingPath, VolumeUse use, CancellationToken cancellationToken)
    {
        await BeginAsync(nameof(StageAsync), cancellationToken);
        lock (_lock)
        {
            (LastPath, LastUse) = (stagingPath, use);
            Find(id);
            if (_staged.TryGetValue(id, out var staged) && (staged.Path != stagingPath || !Same(staged.Use, use)))
                throw new VolumeException(VolumeError.AlreadyExists, $"volume {id} is staged at {staged.Path} with another capability");
            _staged[id] = (stagingPath, use);
        }
    }

    public async Task UnstageAsync(string id, string stagingPath, CancellationToken cancellationToken)
    {
        await BeginAsync(nameof(UnstageAsync), cancellationToken);
        lock (_lock)
        {
            LastPath = stagingPath;
            if (_published.Values.Any(published => published.Id == id))
                throw new VolumeException(VolumeError.FailedPrecondition, $"volume {id} is published");
            if (_staged.TryGetValue(id, out var staged) && staged.Path == stagingPath)
                _staged.Remove(id);
        }
    }

    public async Task PublishAsync(
        string id, string stagingPath, string targetPath, VolumeUse use, bool readOnly, CancellationToken cancellationToken)
    {
        await BeginAsync(nameof(PublishAsync), cancellationToken);
        lock (_lock)
        {
            (LastPublish, LastUse) = ((stagingPath, targetPath, readOnly), use);
            Find(id);
            if (!_staged.TryGetValue(id, out var staged) || staged.Path != stagingPath)
                throw new VolumeException(VolumeError.FailedPrecondition, $"volume {id} is not staged at {stagingPath}");
            if (_published.TryGetValue(targetPath, out var there))
            {
                if (there.Id != id || there.ReadOnly != readOnly || !Same(there.Use, use))
                    throw new VolumeException(VolumeError.AlreadyExists, $"{targetPath} is published with other properties");
                return;
            }

            if (use.AccessMode == AccessMode.SingleNodeSingleWriter && _published.Values.Any(published => published.Id == id))
                throw new VolumeException(VolumeError.FailedPrecondition, $"volume {id} is published at another path");
            _published[targetPath] = (id, use, readOnly);
        }
    }

    public async Task PublishEphemeralAsync(
        string id, string targetPath, VolumeUse use, IReadOnlyDictionary<string, string> context, bool readOnly, CancellationToken cancellationToken)
    {
        await BeginAsync(nameof(PublishEphemeralAsync), cancellationToken);
        lock (_lock)
        {
            (LastPath, LastUse, LastContext) = (targetPath, use, context);
            LastPublish = ("", targetPath, readOnly);
        }
    }

    public async Task UnpublishAsync(string id, string targetPath, CancellationToken cancellationToken)
    {
        await BeginAsync(nameof(UnpublishAsync), cancellationToken);
        lock (_lock)
        {
            LastPath = targetPath;
            if (_published.TryGetValue(targetPath, out var there) && there.Id == id)
                _published.Remove(targetPath);
        }
    }

    async Task<long> INodeVolumes.ExpandAsync(string id, string volumePath, SizeRange size, VolumeSecrets secrets, CancellationToken cancellationToken)
    {
        await BeginAsync("NodeExpandAsync", cancellationToken);
        lock (_lock)
        {
            (LastPath, LastSize, LastSecrets) = (volumePath, size, secrets);
            return FindAt(id, volumePath).Size;
        }
    }

    public async Task<VolumeStatistics> GetStatisticsAsync(string id, string volumePath, CancellationToken cancellationToken)
    {
        await BeginAsync(nameof(GetStatisticsAsync), cancellationToken);
        lock (_lock)
        {
            LastPath = volumePath;
            var volume = FindAt(id, volumePath);
            return _staged[id].Use.Block
                ? new VolumeStatistics(volume.Size, 0, 0, 0, 0, 0, Block: true)
                : volume.FileSystem == "btrfs" ? new VolumeStatistics(volume.Size, 100, volume.Size - 100, 0, 0, 0, Block: false)
                : new VolumeStatistics(volume.Size, 100, volume.Size - 100, 1000, 11, 989, Block: false);
        }
    }

    private static bool Same(IReadOnlyDictionary<string, string> one, IReadOnlyDictionary<string, string> other) =>
        one.Count == other.Count && one.All(entry => other.TryGetValue(entry.Key, out var value) && value == entry.Value);

    private static bool Same(VolumeUse one, VolumeUse other) =>
        one with { MountFlags = [], Secrets = VolumeSecrets.None } == other with { MountFlags = [], Secrets = VolumeSecrets.None } && one.MountFlags.SequenceEqual(other.MountFlags);

    private async Task BeginAsync(string call, CancellationToken cancellationToken)
    {
        lock (_lock)
            Calls.Add(call);
        await Before(cancellationToken);
    }

    private Volume Find(string id) =>
        _volumes.TryGetValue(id, out var volume) ? volume : throw new VolumeException(VolumeError.NotFound, $"there is no volume {id}");

    private Volume FindAt(string id, string path)
    {
        var volume = Find(id);
        var there = (_staged.TryGetValue(id, out var staged) && staged.Path == path)
            || (_published.TryGetValue(path, out var published) && published.Id == id);
        return there ? volume : throw new VolumeException(VolumeError.NotFound, $"volume {id} is not at {path}");
    }
}
