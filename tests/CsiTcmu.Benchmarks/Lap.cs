using System.Runtime.InteropServices;
using CsiTcmu.KernelModel;
using CsiTcmu.Tcmu;

namespace CsiTcmu.Benchmarks;

/// <summary>
/// One lap around the ring, recorded once while the kernel model put it there, and replayed as often as one likes: so the model's own cost
/// is no part of what is measured.
/// </summary>
/// <remarks>
/// The model puts a batch on the ring, has it served and ends it before the next, so that ids and data blocks are used again, lowest first,
/// as with a queue depth of one batch. All entries are as long, and a whole number of batches fills the ring: after a lap both head and tail
/// are where they began.
/// </remarks>
internal sealed unsafe class Lap : IDisposable
{
    /// <summary>Commands of a lap.</summary>
    public const int Commands = 8192;

    /// <summary>Bytes of a command's data.</summary>
    public const int Transfer = 4096;

    /// <summary>An entry with one vector and room for an answer, and a CDB of 10 bytes, rounded up to 8.</summary>
    private const int EntryLength = 112 + 16;

    private const int RingLength = Commands * EntryLength;

    private readonly KernelRing _kernel = new(new KernelRingOptions { RingSize = RingLength, Blocks = 64, Poison = false });
    private readonly byte* _record = (byte*)NativeMemory.AlignedAlloc(RingLength, 4096);
    private readonly int _batch;

    /// <summary>Makes an empty ring.</summary>
    /// <param name="batch">Commands that the kernel publishes at once; divides <see cref="Commands"/>.</param>
    public Lap(int batch) => _batch = batch;

    /// <summary>Start of the mapping.</summary>
    public byte* Map => _kernel.Map;

    /// <summary>Length of the mapping in bytes.</summary>
    public long Length => _kernel.Length;

    private Mailbox* Mailbox => (Mailbox*)Map;

    private byte* Ring => Map + sizeof(Mailbox);

    /// <summary>Has the model put a lap on the ring, and records it.</summary>
    /// <param name="operationCode">READ (10) or WRITE (10), of 8 blocks of 512 bytes at ever other places.</param>
    /// <param name="serve">Serves a batch.</param>
    public void Record(byte operationCode, Action serve)
    {
        const int Blocks = Transfer / 512;
        Span<byte> cdb = [operationCode, 0, 0, 0, 0, 0, 0, 0, Blocks, 0];
        var direction = operationCode == 0x28 ? DataDirection.In : DataDirection.Out;
        var data = new byte[Transfer];
        for (var done = 0; done < Commands; done += _batch)
        {
            var start = _kernel.Head;
            for (var i = 0; i < _batch; i++)
            {
                // A stride that is odd and larger than the disk's neighbourhood of a block: no two commands are next to each other.
                System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(cdb[2..], (done + i) * 40503 % (1 << 20) * Blocks);
                if (!_kernel.TrySubmit(cdb, direction, data, null, out _)) throw new InvalidOperationException("The ring is full.");
            }

            Buffer.MemoryCopy(Ring + start, _record + start, RingLength - start, _batch * EntryLength);
            serve();
            var ended = _kernel.HandleCompletions(completion =>
            {
                if (completion.Status != 0) throw new InvalidOperationException($"A command ended with status {completion.Status}.");
            });
            if (ended != _batch) throw new InvalidOperationException(_kernel.BrokenReason ?? $"{ended} of {_batch} commands ended.");
        }

        if (_kernel.Head != 0) throw new InvalidOperationException($"The lap ends at {_kernel.Head}.");
    }

    /// <summary>Puts the record on the ring, unpublished.</summary>
    public void Restore() => Buffer.MemoryCopy(_record, Ring, RingLength, RingLength);

    /// <summary>Publishes the batch that begins with a command of the lap.</summary>
    public void Publish(int first) => _kernel.PublishHead((uint)((first + _batch) % Commands * EntryLength));

    /// <summary>Throws unless every command of the lap has been answered with GOOD and published.</summary>
    public void Check()
    {
        if (Mailbox->Tail != 0) throw new InvalidOperationException($"The tail is at {Mailbox->Tail}.");
        for (var i = 0; i < Commands; i++)
        {
            var response = (RingResponse*)(Ring + (i * EntryLength));
            if (response->Id == 0 || response->Status != 0 || response->UserFlags != ResponseFlags.None || ((ulong*)response)[1] != 0)
                throw new InvalidOperationException($"Command {i} of the lap was not answered with GOOD.");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_record);
        _kernel.Dispose();
    }
}
