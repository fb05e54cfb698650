using System.Runtime.InteropServices;
using CsiTcmu.KernelModel;
using CsiTcmu.Linux;

namespace CsiTcmu.Tcmu.Tests;

/// <summary>A kernel model and a ring over the same memory, used by one thread, with room for one taken command.</summary>
internal sealed unsafe class RingFixture : IDisposable
{
    public const byte Good = 0;
    public const byte CheckCondition = 2;
    public const int Capacity = 256;

    public RingFixture(int ringSize = 8064, int blocks = 64, int blockSize = 4096, int capacity = Capacity, int zeroCopyPages = 0)
    {
        Kernel = new KernelRing(new KernelRingOptions
        {
            RingSize = ringSize,
            Blocks = blocks,
            BlockSize = blockSize,
            ZeroCopyPages = zeroCopyPages,
        });
        Ring = new CommandRing(Kernel.Map, Kernel.Length);
        Command = (RingCommand*)NativeMemory.AllocZeroed((nuint)sizeof(RingCommand));
        Command->Vectors = (Iovec*)NativeMemory.AllocZeroed((nuint)(sizeof(Iovec) * Capacity));
        Command->VectorCapacity = capacity;
    }

    public KernelRing Kernel { get; }

    public CommandRing Ring { get; set; }

    public RingCommand* Command { get; }

    /// <summary>The mailbox, for tests that change it.</summary>
    public Mailbox* Mailbox => (Mailbox*)Kernel.Map;

    /// <summary>What the kernel has seen end: id, status and sense.</summary>
    public List<(ushort Id, byte Status, bool Unknown, int Residual, byte[] Sense)> Ended { get; } = [];

    public static byte[] ReadCdb(uint block, ushort blocks = 8) =>
        [0x28, 0, (byte)(block >> 24), (byte)(block >> 16), (byte)(block >> 8), (byte)block, 0, (byte)(blocks >> 8), (byte)blocks, 0];

    public ReadOnlySpan<byte> Cdb => new(Command->Cdb, Command->CdbLength);

    /// <summary>The one piece of memory that the command has.</summary>
    public Span<byte> Data
    {
        get
        {
            Assert.Equal(1, Command->VectorCount);
            return new(Command->Vectors[0].Base, (int)Command->Vectors[0].Length);
        }
    }

    public ushort Submit(uint block = 0, byte[]? data = null, DataDirection direction = DataDirection.None)
    {
        Assert.True(Kernel.TrySubmit(ReadCdb(block), direction, data, null, out var id));
        return id;
    }

    public ushort Take()
    {
        Assert.Equal(RingTake.Command, Ring.TryTake(Command));
        return Command->Id;
    }

    public RingTake TryTake() => Ring.TryTake(Command);

    public void Complete(ushort id, byte status = Good, int readLength = -1) => Ring.Complete(id, status, default, readLength);

    /// <summary>Publishes, and lets the kernel look.</summary>
    public int Kick()
    {
        Ring.Publish();
        return Look();
    }

    public int Look()
    {
        var count = Kernel.HandleCompletions(c => Ended.Add((c.Id, c.Status, c.UnknownOperation, c.Residual, c.Sense.ToArray())));
        Assert.Null(Kernel.BrokenReason);
        return count;
    }

    public void Dispose()
    {
        NativeMemory.Free(Command->Vectors);
        NativeMemory.Free(Command);
        Kernel.Dispose();
    }
}
