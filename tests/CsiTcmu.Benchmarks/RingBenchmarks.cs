using BenchmarkDotNet.Attributes;
using CsiTcmu.Backstores;
using CsiTcmu.DataPlane;
using CsiTcmu.Linux;
using CsiTcmu.Scsi;
using CsiTcmu.Tcmu;

namespace CsiTcmu.Benchmarks;

/// <summary>
/// Passes of a reactor over commands of 4 KiB on the ring: event, ring, decoder, Null backstore, answer, publish, kick. Everything is done
/// on one thread, and nothing of what is measured is the kernel model's but the store of the head once per batch.
/// </summary>
/// <remarks>
/// The device's descriptor is <c>/dev/zero</c>, which takes a kick and gives an event of four bytes as a uio device does.
/// <see cref="SystemCalls"/> is the share of those two system calls.
/// </remarks>
public unsafe class RingBenchmarks
{
    private const long Size = 4L << 30;
    private Lap _lap = null!;
    private Reactor _reactor = null!;
    private UioDevice _device = null!;
    private ServedDisk _disk = null!;

    /// <summary>Commands that the kernel publishes at once.</summary>
    [Params(1, 8, 32)]
    public int Batch { get; set; }

    /// <summary>READ (10), whose memory the store fills with 4096 zeroes.</summary>
    [Benchmark(OperationsPerInvoke = Lap.Commands)]
    public void Read() => Serve();

    /// <summary>READ (10), whose memory the store leaves alone.</summary>
    [Benchmark(OperationsPerInvoke = Lap.Commands)]
    public void ReadUnfilled() => Serve();

    /// <summary>WRITE (10).</summary>
    [Benchmark(OperationsPerInvoke = Lap.Commands)]
    public void Write() => Serve();

    /// <summary>The two system calls of a pass alone: acknowledge the event, kick.</summary>
    [Benchmark(OperationsPerInvoke = Lap.Commands)]
    public void SystemCalls()
    {
        for (var done = 0; done < Lap.Commands; done += Batch)
        {
            _ = _device.Acknowledge();
            _ = _device.Kick();
        }
    }

    /// <summary>Makes the disk for reads.</summary>
    [GlobalSetup(Targets = [nameof(Read), nameof(SystemCalls)])]
    public void SetUpRead() => SetUp(0x28, fill: true);

    /// <summary>Makes the disk for reads that are not filled.</summary>
    [GlobalSetup(Target = nameof(ReadUnfilled))]
    public void SetUpReadUnfilled() => SetUp(0x28, fill: false);

    /// <summary>Makes the disk for writes.</summary>
    [GlobalSetup(Target = nameof(Write))]
    public void SetUpWrite() => SetUp(0x2A, fill: true);

    /// <summary>Puts a lap of commands on the ring.</summary>
    [IterationSetup]
    public void Restore() => _lap.Restore();

    /// <summary>Has a look at the answers.</summary>
    [IterationCleanup(Targets = [nameof(Read), nameof(ReadUnfilled), nameof(Write)])]
    public void Check() => _lap.Check();

    /// <summary>Gives everything back.</summary>
    [GlobalCleanup]
    public void CleanUp()
    {
        if (_disk.Fault is { } reason || _disk.Counters.Errors != 0) throw new InvalidOperationException($"The disk has failed: {_disk.Fault}");
        _device.Dispose();
        _lap.Dispose();
    }

    private void SetUp(byte operationCode, bool fill)
    {
        _lap = new Lap(Batch);
        var file = Syscalls.Open("/dev/zero", OpenFlags.ReadWrite | OpenFlags.CloseOnExec);
        if (file < 0) throw new IOException($"/dev/zero cannot be opened (errno {-file}).");
        _device = UioDevice.Wrap("/dev/zero", file, _lap.Map, _lap.Length);
        _reactor = new Reactor("benchmark", new EventEngine());
        var unit = new LogicalUnit
        {
            Designator = new byte[] { 0x60, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
            SerialNumber = "benchmark",
            BlockSize = 512,
            PhysicalBlockSize = 4096,
            BlockCount = Size / 512,
            WriteCache = true,
        };
        _disk = new ServedDisk(_reactor, 0, new DataPlaneOptions(), _device, unit, new NullBackstore(Size) { Fill = fill }, _ => { });
        _reactor.Attach(_disk);
        _reactor.Pass();
        _lap.Record(operationCode, _reactor.Pass);

        // The compiler's last tier is reached after a while only.
        for (var end = Environment.TickCount64 + 1000; Environment.TickCount64 < end;)
        {
            _lap.Restore();
            Serve();
            _lap.Check();
        }
    }

    private void Serve()
    {
        for (var first = 0; first < Lap.Commands; first += Batch)
        {
            _lap.Publish(first);
            _reactor.Pass();
        }
    }
}
