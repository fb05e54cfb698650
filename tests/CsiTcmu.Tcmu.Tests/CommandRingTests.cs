using CsiTcmu.KernelModel;

namespace CsiTcmu.Tcmu.Tests;

public sealed unsafe class CommandRingTests
{
    [Fact]
    public void An_empty_ring_gives_nothing_and_publishes_nothing()
    {
        using var f = new RingFixture();
        Assert.Equal(RingTake.Empty, f.TryTake());
        Assert.False(f.Ring.Publish());
        Assert.Equal(0, f.Ring.Outstanding);
    }

    [Fact]
    public void A_command_is_taken_with_its_cdb_and_data_and_ends_with_its_status()
    {
        using var f = new RingFixture();
        var data = new byte[10000];
        Random.Shared.NextBytes(data);
        var id = f.Submit(block: 0x01020304, data, DataDirection.Out);

        Assert.Equal(id, f.Take());
        Assert.Equal(RingFixture.ReadCdb(0x01020304), f.Cdb.ToArray());
        Assert.Equal(10000, f.Command->DataLength);
        Assert.Equal(1, f.Command->VectorCount);
        Assert.Equal(data, new ReadOnlySpan<byte>(f.Command->Vectors[0].Base, 10000).ToArray());
        Assert.Equal(1, f.Ring.Outstanding);

        f.Complete(id, 0x18);
        Assert.Equal(0, f.Look());
        Assert.Equal(1, f.Kick());
        Assert.Equal((id, (byte)0x18), (f.Ended[0].Id, f.Ended[0].Status));
        Assert.Equal(0, f.Ring.Outstanding);
    }

    [Theory]
    [InlineData(0x12, 6)]
    [InlineData(0x5a, 10)]
    [InlineData(0x9e, 16)]
    [InlineData(0xa8, 12)]
    [InlineData(0x7f, 32)]
    public void The_operation_code_tells_how_long_a_cdb_is(byte code, int length)
    {
        using var f = new RingFixture();
        var cdb = new byte[length];
        Random.Shared.NextBytes(cdb);
        cdb[0] = code;
        if (code == 0x7f) cdb[7] = 24;
        Assert.True(f.Kernel.TrySubmit(cdb, DataDirection.None, default, null, out _));
        f.Take();
        Assert.Equal(cdb, f.Cdb.ToArray());
    }

    [Fact]
    public void Data_in_reaches_the_initiator_up_to_the_read_length()
    {
        using var f = new RingFixture();
        var buffer = new byte[9000];
        var id = f.Submit(0, buffer, DataDirection.In);
        f.Take();
        new Span<byte>(f.Command->Vectors[0].Base, 5000).Fill(7);
        f.Complete(id, readLength: 5000);
        f.Kick();
        Assert.Equal(4000, f.Ended[0].Residual);
        Assert.All(buffer[..5000], b => Assert.Equal(7, b));
        Assert.All(buffer[5000..], b => Assert.Equal(0, b));
    }

    [Fact]
    public void A_read_that_fills_nothing_shows_no_stale_bytes_after_ClearData()
    {
        using var f = new RingFixture();
        var buffer = new byte[9000];
        var id = f.Submit(0, buffer, DataDirection.In);
        f.Take();
        f.Command->ClearData();
        f.Complete(id, readLength: 0);
        f.Kick();
        Assert.All(buffer, b => Assert.Equal(0, b));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(5000)]
    [InlineData(12287)]
    [InlineData(12288)]
    [InlineData(20000)]
    public void ClearData_clears_from_a_byte_on_across_vectors(int from)
    {
        using var f = new RingFixture();
        var blocks = Fragment(f, 3);
        Assert.Equal(3, f.Command->VectorCount);
        f.Command->ClearData(from);
        for (var i = 0; i < 3 * 4096; i++)
        {
            var value = f.Command->Vectors[i / 4096].Base[i % 4096];
            Assert.True(value == (i < from ? 0xa5 : 0), $"byte {i} is {value}");
        }

        Assert.NotEmpty(blocks);
    }

    [Fact]
    public void Adjacent_vectors_become_one()
    {
        using var f = new RingFixture();
        f.Submit(0, new byte[8192], DataDirection.Out);

        // The kernel merges by itself; two halves of its one vector are what an older one would give.
        var entry = (RingEntry*)(f.Kernel.Map + 128);
        var vectors = (RingVector*)((byte*)entry + RingEntry.VectorsOffset);
        entry->VectorCount = 2;
        vectors[1] = new RingVector { Offset = vectors[0].Offset + 4096, Length = 4096 };
        vectors[0].Length = 4096;
        f.Take();
        Assert.Equal(1, f.Command->VectorCount);
        Assert.Equal(8192u, f.Command->Vectors[0].Length);
        Assert.Equal(8192, f.Command->DataLength);
    }

    [Fact]
    public void Scattered_vectors_stay_apart()
    {
        using var f = new RingFixture();
        Fragment(f, 5);
        Assert.Equal(5, f.Command->VectorCount);
        Assert.Equal(5 * 4096, f.Command->DataLength);
    }

    [Fact]
    public void Answers_in_any_order_reach_the_right_commands()
    {
        using var f = new RingFixture();
        var ids = Enumerable.Range(0, 20).Select(i => f.Submit((uint)i)).ToArray();
        foreach (var id in ids) Assert.Equal(id, f.Take());
        foreach (var id in ids.Reverse()) f.Complete(id, (byte)(id * 2));
        Assert.Equal(20, f.Kick());
        Assert.All(f.Ended, e => Assert.Equal((byte)(e.Id * 2), e.Status));
        Assert.Equal(ids.Reverse(), f.Ended.Select(e => e.Id));
    }

    [Fact]
    public void Sense_data_is_passed_on_and_the_rest_is_zero()
    {
        using var f = new RingFixture();
        var id = f.Submit();

        // Where the sense data will end there is something already: iovecs, or what the last round left.
        new Span<byte>(f.Kernel.Map + 128 + 48, 64).Fill(0x33);
        f.Take();
        byte[] sense = [0x70, 0, 3, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x11, 0, 0, 0, 0, 0];
        f.Ring.Complete(id, RingFixture.CheckCondition, sense, -1);
        f.Kick();
        Assert.Equal(sense, f.Ended[0].Sense[..18]);
        Assert.All(f.Ended[0].Sense[18..], b => Assert.Equal(0, b));
    }

    [Fact]
    public void What_a_slot_says_beside_the_request_does_not_get_into_the_answer()
    {
        using var f = new RingFixture();
        var id = f.Submit();
        var entry = (RingEntry*)(f.Kernel.Map + 128);
        entry->UserFlags = ResponseFlags.UnknownOperation | ResponseFlags.KeepBuffer;
        entry->KernelFlags = (KernelFlags)0xff;
        f.Take();
        f.Complete(id);
        f.Kick();
        Assert.Equal((RingFixture.Good, false), (f.Ended[0].Status, f.Ended[0].Unknown));
    }

    [Fact]
    public void Sense_data_longer_than_96_bytes_is_cut_off()
    {
        using var f = new RingFixture();
        var first = f.Submit();
        var second = f.Submit(0x11111111);
        f.Take();
        var sense = new byte[200];
        sense.AsSpan().Fill(0x77);
        f.Ring.Complete(first, RingFixture.CheckCondition, sense, -1);
        Assert.Equal(second, f.Take());
        Assert.Equal(RingFixture.ReadCdb(0x11111111), f.Cdb.ToArray());
        f.Complete(second);
        Assert.Equal(2, f.Kick());
        Assert.All(f.Ended[0].Sense, b => Assert.Equal(0x77, b));
    }

    [Fact]
    public void A_ring_goes_round_with_padding_at_its_end()
    {
        // Entries of 128 bytes do not divide the ring, so that its end is met in several ways.
        foreach (var size in new[] { 1000, 1024, 1032, 1096, 1104, 1120 })
        {
            using var f = new RingFixture(size);
            for (uint i = 0; i < 2000; i++)
            {
                f.Submit(i);
                Assert.Equal((RingTake.Command, i), (f.TryTake(), BlockOf(f)));
                f.Complete(f.Command->Id);
                Assert.Equal(1, f.Kick());
            }

            Assert.Equal(size % 128 == 0, f.Kernel.Pads == 0);
            Assert.Equal(f.Mailbox->Head, f.Mailbox->Tail);
        }
    }

    [Fact]
    public void A_full_ring_is_taken_to_its_last_entry_at_every_position()
    {
        foreach (var size in new[] { 1000, 1024, 1032, 1104 })
        {
            using var f = new RingFixture(size);
            for (uint i = 0, shift = 0; shift < 50; shift++)
            {
                var count = 0;
                while (f.Kernel.TrySubmit(RingFixture.ReadCdb(i + (uint)count), DataDirection.None, default, null, out _)) count++;
                Assert.InRange(count, 5, 8);
                var ids = new List<ushort>();
                for (var n = 0; n < count; n++)
                {
                    ids.Add(f.Take());
                    Assert.Equal(i++, BlockOf(f));
                }

                Assert.Equal(RingTake.Empty, f.TryTake());
                Random.Shared.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(ids));
                foreach (var id in ids) f.Complete(id);
                Assert.Equal(count, f.Kick());
                Assert.Equal(f.Mailbox->Head, f.Mailbox->Tail);
            }
        }
    }

    [Fact]
    public void Task_management_is_reported_at_every_position_and_holds_up_nothing()
    {
        // For every place of the notification among six entries, and every order of answers of some.
        for (var place = 0; place <= 6; place++)
        {
            for (var round = 0; round < 30; round++)
            {
                using var f = new RingFixture(1032);
                for (var turn = 0; turn < round; turn++) ServeOne(f);
                var ids = new List<ushort>();
                for (var i = 0; i <= 5; i++)
                {
                    if (i == place) Assert.True(f.Kernel.TrySubmitTaskManagement(5, 1, 2));
                    if (i < 5) ids.Add(f.Submit((uint)i));
                }

                if (place == 6) Assert.True(f.Kernel.TrySubmitTaskManagement(1, 3));
                var notified = 0;
                var taken = 0;
                for (RingTake take; (take = f.TryTake()) != RingTake.Empty;)
                {
                    if (take == RingTake.TaskManagement) notified++;
                    else Assert.Equal((RingTake.Command, ids[taken++]), (take, f.Command->Id));
                }

                Assert.Equal((1, 5), (notified, taken));
                var order = ids.ToArray();
                new Random(round).Shuffle(order);
                f.Ended.Clear();
                foreach (var id in order)
                {
                    f.Complete(id);
                    Assert.Equal(1, f.Kick());
                }

                Assert.Equal(order, f.Ended.Select(e => e.Id));
                Assert.Equal(f.Mailbox->Head, f.Mailbox->Tail);
            }
        }
    }

    [Fact]
    public void Task_management_alone_gives_its_space_back()
    {
        using var f = new RingFixture(1032);
        for (var i = 0; i < 500; i++)
        {
            Assert.True(f.Kernel.TrySubmitTaskManagement(5, 1));
            Assert.Equal(RingTake.TaskManagement, f.TryTake());
            f.Kick();
            Assert.Equal(f.Mailbox->Head, f.Mailbox->Tail);
        }
    }

    [Fact]
    public void A_new_server_goes_on_after_an_orderly_end_with_new_entries_waiting()
    {
        using var f = new RingFixture(1032);
        for (var i = 0; i < 5; i++) ServeOne(f);
        f.Submit(70);
        f.Submit(71);
        Assert.Equal(f.Mailbox->Tail, f.Mailbox->Head - 256);

        f.Ring = new CommandRing(f.Kernel.Map, f.Kernel.Length);
        foreach (var block in new uint[] { 70, 71 })
        {
            var id = f.Take();
            Assert.Equal(block, BlockOf(f));
            f.Complete(id);
        }

        Assert.Equal(2, f.Kick());
    }

    [Fact]
    public void A_new_server_starts_anew_after_a_reset_of_the_ring()
    {
        using var f = new RingFixture(1032);
        for (var i = 0; i < 3; i++) ServeOne(f);
        f.Submit();
        f.Submit();
        f.Take();
        f.Kernel.Reset(8, c => f.Ended.Add((c.Id, c.Status, false, 0, [])));
        Assert.Equal(new byte[] { 8, 8 }, f.Ended.TakeLast(2).Select(e => e.Status));

        f.Ring = new CommandRing(f.Kernel.Map, f.Kernel.Length);
        Assert.Equal(RingTake.Empty, f.TryTake());
        for (var i = 0; i < 20; i++) ServeOne(f);
    }

    private static void ServeOne(RingFixture f)
    {
        f.Submit();
        f.Complete(f.Take());
        Assert.Equal(1, f.Kick());
    }

    private static uint BlockOf(RingFixture f) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(f.Cdb[2..]);

    /// <summary>Takes a data-in command whose blocks have gaps between them.</summary>
    private static int[] Fragment(RingFixture f, int vectors)
    {
        var ids = Enumerable.Range(0, vectors * 2).Select(_ => f.Submit(0, new byte[4096], DataDirection.Out)).ToArray();
        foreach (var _ in ids) f.Take();
        foreach (var id in ids.Where((_, i) => i % 2 == 0)) f.Complete(id);
        f.Kick();
        f.Submit(0, new byte[vectors * 4096], DataDirection.In);
        f.Take();
        return [vectors];
    }
}
