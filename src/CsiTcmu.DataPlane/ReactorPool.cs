using CsiTcmu.Backstores;
using CsiTcmu.Linux;
using CsiTcmu.Scsi;
using CsiTcmu.Tcmu;

namespace CsiTcmu.DataPlane;

/// <summary>The reactors of this process. A new disk goes to the reactor with the fewest disks and stays there.</summary>
public sealed class ReactorPool : IDataPlane
{
    private readonly Lock _lock = new();
    private readonly DataPlaneOptions _options;
    private readonly Reactor[] _reactors;
    private readonly Dictionary<ServedDisk, Reactor> _disks = [];
    private Task? _ended;

    private ReactorPool(DataPlaneOptions options, Reactor[] reactors, string engineDescription)
    {
        _options = options;
        _reactors = reactors;
        EngineDescription = engineDescription;
    }

    /// <inheritdoc/>
    public string EngineDescription { get; }

    /// <summary>How the disks are spread.</summary>
    internal int[] DisksPerReactor
    {
        get
        {
            lock (_lock) return [.. _reactors.Select(reactor => _disks.Values.Count(other => other == reactor))];
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<ReactorUsage> Reactors => [.. DisksPerReactor.Select((disks, number) => new ReactorUsage
    {
        Number = number,
        Disks = disks,
        ProcessorTime = _reactors[number].ProcessorTime,
        Sleeps = _reactors[number].Sleeps,
    })];

    /// <summary>Starts the reactors.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="IOException">The engine that is asked for is refused by the kernel.</exception>
    public static async Task<ReactorPool> StartAsync(DataPlaneOptions? options = null)
    {
        options ??= new DataPlaneOptions();
        options.Check();
        var reactors = new Reactor[options.ReactorCount];
        var started = 0;
        try
        {
            var description = "";
            var patience = options.PatienceMicroseconds is { } asked ? TimeSpan.FromMicroseconds(asked) : Patience.Bound(WakeUp.Cost());
            for (; started < reactors.Length; started++)
            {
                var engine = IoEngines.Create(options.Engine, options.EngineQueueDepth, out description);
                reactors[started] = new Reactor($"reactor {started}", engine, options.Clock, patience);
                reactors[started].Start();
            }

            return new ReactorPool(options, reactors, $"{description}, patience of at most {patience.TotalMicroseconds:F0} µs");
        }
        catch
        {
            for (var i = 0; i < started; i++) await reactors[i].StopAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<IServedDisk> ServeAsync(UioDevice device, LogicalUnit unit, IBackstore backstore, DiskLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(unit);
        ArgumentNullException.ThrowIfNull(backstore);
        ServedDisk disk;
        try
        {
            limits?.Check();
            disk = Place(device, unit, backstore, limits);
        }
        catch
        {
            device.Dispose();
            backstore.Dispose();
            throw;
        }

        await disk.StartAsync();
        return disk;
    }

    /// <summary>Stops all disks, then the reactors. Idempotent.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_lock) _ended ??= EndAsync([.. _disks.Keys]);
        return new ValueTask(_ended);
    }

    private ServedDisk Place(UioDevice device, LogicalUnit unit, IBackstore backstore, DiskLimits? limits)
    {
        if (backstore.Size < unit.Size)
        {
            throw new ArgumentException(
                $"The disk {unit.SerialNumber} has {unit.BlockCount} blocks of {unit.BlockSize} bytes, and {backstore.Description} holds {backstore.Size} bytes only.",
                nameof(backstore));
        }

        if (unit.MaxTransferLength > SlotTable.MaximumTransferLength)
        {
            throw new ArgumentException(
                $"The disk {unit.SerialNumber} promises transfers of {unit.MaxTransferLength} bytes; {SlotTable.MaximumTransferLength} is the most.",
                nameof(unit));
        }

        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_ended is not null, this);
            var reactor = _reactors.MinBy(each => _disks.Values.Count(other => other == each))!;
            var taken = _disks.Where(pair => pair.Value == reactor).Select(pair => pair.Key.Number).ToHashSet();
            var number = 0;
            while (taken.Contains(number)) number++;
            var disk = new ServedDisk(reactor, number, _options, device, unit, backstore, Forget, limits);
            _disks.Add(disk, reactor);
            return disk;
        }
    }

    private void Forget(ServedDisk disk)
    {
        lock (_lock) _disks.Remove(disk);
    }

    private async Task EndAsync(ServedDisk[] disks)
    {
        try
        {
            await Task.WhenAll(disks.Select(disk => disk.StopAsync()));
        }
        finally
        {
            await Task.WhenAll(_reactors.Select(reactor => reactor.StopAsync()));
        }
    }
}
