using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using CsiTcmu.KernelModel;
using CsiTcmu.Linux;

namespace CsiTcmu.Tcmu.Tests;

/// <summary>Tests that want the machine for themselves: another thread's garbage collection disturbs the count of allocated bytes.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>The ring between two threads, as it is between kernel and server.</summary>
[Collection(nameof(Alone))]
public sealed unsafe class CommandRingStressTests
{
    [Theory]
    [InlineData((1 << 16) - 128, 0)]
    [InlineData((1 << 16) - 128, 64)]
    [InlineData(8064, 0)]
    [InlineData(1032, 0)]
    public void Entries_that_end_in_random_order_are_each_ended_once_with_their_own_answer(int ringSize, int zeroCopyPages)
    {
        // As many as three seconds allow, so that a busy machine only does fewer; the end is not bound to time.
        const int Most = 2_000_000;
        var clock = Stopwatch.StartNew();
        using var kernel = new KernelRing(new KernelRingOptions
        {
            RingSize = ringSize,
            Blocks = 256,
            BlockSize = 512,
            Poison = false,
            ZeroCopyPages = zeroCopyPages,
            ZeroCopyMinimum = 4096,
        });
        using var user = new RandomServer(kernel);
        var thread = new Thread(user.Serve) { Name = "server" };
        thread.Start();

        // Every command has its number in its CDB and its data; the answer is made from it.
        var random = new Random(1);
        var ended = 0;
        var wrong = 0;
        var submitted = 0;
        var states = Enumerable.Range(0, 1024).Select(i => new Command(i)).ToArray();
        var free = new Queue<int>(Enumerable.Range(0, 1024));
        KernelCompletionHandler completed = c =>
        {
            var command = (Command)c.State!;
            ended++;
            if (c.Status != (byte)(command.Number << 2) || c.UnknownOperation) wrong++;
            if (command.Direction == DataDirection.In &&
                (BinaryPrimitives.ReadUInt32LittleEndian(command.Data) != command.Number || c.Residual != command.Length - 4)) wrong++;
            free.Enqueue(command.Slot);
        };
        var cdb = new byte[10];
        cdb[0] = 0x28;
        var full = false;
        while ((!full || ended < submitted) && kernel.BrokenReason is null && user.Fault is null)
        {
            full |= submitted == Most || clock.Elapsed > TimeSpan.FromSeconds(3);
            for (var burst = full ? 0 : random.Next(1, 60); burst > 0 && submitted < Most && free.TryPeek(out var slot); burst--)
            {
                if (random.Next(100) == 0) kernel.TrySubmitTaskManagement(1, 7, 8, 9);
                var command = states[slot];
                command.Number = (uint)submitted;
                command.Direction = (DataDirection)random.Next(3);
                command.Length = command.Direction == DataDirection.None ? 0 : zeroCopyPages > 0 && random.Next(2) == 0 ? 8192 : random.Next(8, 1537);
                BinaryPrimitives.WriteUInt32LittleEndian(command.Data, command.Direction == DataDirection.Out ? command.Number : uint.MaxValue);
                BinaryPrimitives.WriteUInt32BigEndian(cdb.AsSpan(2), command.Number);
                cdb[1] = (byte)command.Direction;
                if (!kernel.TrySubmit(cdb, command.Direction, command.Data.AsMemory(0, command.Length), command, out _)) break;
                free.Dequeue();
                submitted++;
            }

            // No kick is needed for the kernel to look.
            if (kernel.HandleCompletions(completed) == 0) Thread.Yield();
        }

        user.Stop = true;
        thread.Join();
        kernel.HandleCompletions(completed);
        Assert.Null(user.Fault);
        Assert.Null(kernel.BrokenReason);
        Assert.Equal((submitted, 0), (ended, wrong));
        Assert.InRange(submitted, 1000, Most);
        Assert.Equal(0, kernel.Outstanding);
        Assert.True(kernel.Pads > 0);
        Assert.True(user.TaskManagement > 0);
        Assert.Equal(0, kernel.ZeroCopyPagesUsed);
        Assert.Equal(zeroCopyPages > 0, kernel.Ways is { Mapped: > 0, Full: > 0, Small: > 0 });
    }

    [Fact]
    public void Nothing_is_allocated_for_100000_commands()
    {
        using var f = new RingFixture(8064);
        var buffer = new byte[9000];
        var sense = new byte[18];
        var allocated = 0L;
        Span<ushort> ids = stackalloc ushort[10];
        for (var round = 0; round < 10_100; round++)
        {
            for (var i = 0; i < 10; i++) f.Submit((uint)i, i % 2 == 0 ? buffer : null, i % 2 == 0 ? DataDirection.In : DataDirection.None);
            f.Kernel.TrySubmitTaskManagement(1, 1);

            // The first hundred rounds are for the compiler.
            var before = GC.GetAllocatedBytesForCurrentThread();
            var count = 0;
            for (RingTake take; (take = f.Ring.TryTake(f.Command)) != RingTake.Empty;)
            {
                if (take == RingTake.Command) ids[count++] = f.Command->Id;
            }

            f.Command->ClearData(100);
            while (count > 0)
            {
                count--;
                f.Ring.Complete(ids[count], (byte)(count % 2 * 2), count % 2 == 0 ? default : sense, count % 4 == 0 ? 100 : -1);
            }

            f.Ring.Publish();
            var after = GC.GetAllocatedBytesForCurrentThread();
            if (round >= 100) allocated += after - before;
            Assert.Equal(10, f.Look());
            f.Ended.Clear();
        }

        Assert.Equal(0, allocated);
    }

    [Fact]
    public void A_server_that_answers_before_it_has_copied_requests_out_corrupts_them()
    {
        // The known-bad twin: answers go to slots whose requests are read only afterwards. The model and the data tell the difference.
        using var f = new RingFixture();
        for (uint i = 0; i < 8; i++) f.Submit(i + 1);
        var entries = (RingEntry*)(f.Kernel.Map + 128);
        var requests = Enumerable.Range(0, 8).Select(i => new ReadOnlySpan<byte>((byte*)entries + i * 128, 128).ToArray()).ToArray();
        var sense = new byte[96];
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(RingTake.Command, f.TryTake());
            f.Ring.Complete(f.Command->Id, RingFixture.CheckCondition, sense, -1);
        }

        // Right: untaken entries are whole. Wrong: a taken one, read late, is an answer.
        for (var i = 0; i < 8; i++)
        {
            var now = new ReadOnlySpan<byte>((byte*)entries + i * 128, 128).ToArray();
            Assert.Equal(i >= 4, now.SequenceEqual(requests[i]));
        }
    }

    private sealed class Command(int slot)
    {
        public int Slot => slot;

        public byte[] Data { get; } = new byte[8192];

        public uint Number { get; set; }

        public DataDirection Direction { get; set; }

        public int Length { get; set; }
    }

    /// <summary>Takes what there is, keeps a random number of commands back, and answers the others in random order.</summary>
    private sealed class RandomServer : IDisposable
    {
        private const int Slots = 512;
        private const int VectorsPerSlot = 16;
        private readonly KernelRing _kernel;
        private readonly RingCommand* _commands;
        private readonly Iovec* _vectors;

        public RandomServer(KernelRing kernel)
        {
            _kernel = kernel;
            _commands = (RingCommand*)NativeMemory.AllocZeroed((nuint)(Slots * sizeof(RingCommand)));
            _vectors = (Iovec*)NativeMemory.AllocZeroed((nuint)(Slots * VectorsPerSlot * sizeof(Iovec)));
            for (var i = 0; i < Slots; i++)
            {
                _commands[i].Vectors = _vectors + i * VectorsPerSlot;
                _commands[i].VectorCapacity = VectorsPerSlot;
            }
        }

        public volatile bool Stop;

        public volatile string? Fault;

        public int TaskManagement { get; private set; }

        public void Serve()
        {
            var ring = new CommandRing(_kernel.Map, _kernel.Length);
            var random = new Random(2);
            var waiting = new int[Slots];
            var spare = new Stack<int>(Enumerable.Range(0, Slots));
            var count = 0;
            while (!Stop && Fault is null)
            {
                while (spare.TryPeek(out var slot))
                {
                    var take = ring.TryTake(_commands + slot);
                    if (take == RingTake.Empty) break;
                    if (take == RingTake.Broken)
                    {
                        Fault = ring.BrokenReason;
                        return;
                    }

                    if (take == RingTake.TaskManagement)
                    {
                        TaskManagement++;
                        continue;
                    }

                    spare.Pop();
                    waiting[count++] = slot;
                }

                var keep = random.Next(4) == 0 ? 0 : random.Next(count + 1);
                while (count > keep)
                {
                    var pick = random.Next(count);
                    var slot = waiting[pick];
                    waiting[pick] = waiting[--count];
                    Answer(ring, _commands + slot);
                    spare.Push(slot);
                }

                if (!ring.Publish()) Thread.Yield();
            }
        }

        public void Dispose()
        {
            NativeMemory.Free(_commands);
            NativeMemory.Free(_vectors);
        }

        private void Answer(CommandRing ring, RingCommand* command)
        {
            var number = BinaryPrimitives.ReadUInt32BigEndian(new ReadOnlySpan<byte>(command->Cdb + 2, 4));
            var direction = (DataDirection)command->Cdb[1];
            if (direction == DataDirection.Out && *(uint*)command->Vectors[0].Base != number) Fault = $"data of command {number} is wrong";
            if (direction == DataDirection.In) *(uint*)command->Vectors[0].Base = number;
            ring.Complete(command->Id, (byte)(number << 2), default, direction == DataDirection.In ? 4 : -1);
        }
    }
}
