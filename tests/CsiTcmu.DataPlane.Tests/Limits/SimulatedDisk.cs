using CsiTcmu.KernelModel;
using CsiTcmu.Linux;
using CsiTcmu.Tcmu;

namespace CsiTcmu.DataPlane.Tests.Limits;

/// <summary>A disk of a <see cref="Simulation"/>, with an initiator that keeps a number of commands outstanding.</summary>
internal sealed unsafe class SimulatedDisk : IDisposable
{
    private const int Size = 64 << 20;
    private static readonly byte[] Data = new byte[1 << 20];
    private readonly Simulation _simulation;
    private readonly KernelRing _ring = new();
    private readonly Queue<(byte[] Cdb, DataDirection Direction, int Length)> _queue = [];
    private readonly int _file;
    private bool _news;

    public SimulatedDisk(Simulation simulation, Reactor reactor, int number, DiskLimits? limits)
    {
        _simulation = simulation;
        _file = Syscalls.Open("/dev/zero", OpenFlags.ReadWrite | OpenFlags.CloseOnExec);
        Assert.True(_file >= 0, "/dev/zero cannot be opened");
        Store = new RecordingStore(Size, simulation.Clock);
        var device = UioDevice.Wrap("/dev/zero", _file, _ring.Map, _ring.Length);
        Served = new ServedDisk(reactor, number, new DataPlaneOptions(), device, Rig.Unit(Size), Store, _ => { }, limits);
        reactor.Attach(Served);
    }

    public ServedDisk Served { get; }

    public RecordingStore Store { get; }

    /// <summary>Most commands on the ring at once.</summary>
    public int Depth { get; set; } = 32;

    /// <summary>Commands on the ring that have no answer.</summary>
    public int Outstanding => _ring.Outstanding;

    /// <summary>Answers that were not GOOD.</summary>
    public int Failures { get; private set; }

    /// <summary>What is sent when the queue is empty; null for nothing.</summary>
    public Action<SimulatedDisk>? Refill { get; set; }

    public void Read(long block, int blocks = 8) => _queue.Enqueue((Cdb.Read(block, blocks), DataDirection.In, blocks * 512));

    public void Write(long block, int blocks = 8) => _queue.Enqueue((Cdb.Write(block, blocks), DataDirection.Out, blocks * 512));

    public void Send(byte[] cdb, int dataIn = 0) => _queue.Enqueue((cdb, dataIn > 0 ? DataDirection.In : DataDirection.None, dataIn));

    /// <summary>The kernel's part: answers are taken, and new commands put on the ring.</summary>
    public void Feed()
    {
        _ring.HandleCompletions(ended => Failures += ended.Status == 0 ? 0 : 1);
        Assert.Null(_ring.BrokenReason);
        while (_ring.Outstanding < Depth)
        {
            if (_queue.Count == 0) Refill?.Invoke(this);
            if (!_queue.TryPeek(out var next) || !_ring.TrySubmit(next.Cdb, next.Direction, Data.AsMemory(0, next.Length), null, out _)) break;
            _queue.Dequeue();
            _news = true;
        }

        if (_news) _simulation.Engine.Signal(_file);
        _news = false;
    }

    public void Dispose() => _ring.Dispose();
}
