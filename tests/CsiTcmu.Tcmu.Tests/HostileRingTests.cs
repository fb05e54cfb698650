using CsiTcmu.KernelModel;

namespace CsiTcmu.Tcmu.Tests;

/// <summary>Entries and mailboxes that no kernel would make: each gives a reason that names the place and the field, and no fault.</summary>
public sealed unsafe class HostileRingTests
{
    private const int RingStart = 128;

    private delegate void Spoil(RingEntry* entry, RingVector* vectors, KernelRing kernel);

    [Theory]
    [InlineData(0u, "length 0")]
    [InlineData(8u, "too short for a command")]
    [InlineData(104u, "too short for a command")]
    [InlineData(136u, "up to cmd_head")]
    [InlineData(0xfffffff8u, "up to cmd_head")]
    [InlineData(0x80000000u, "up to cmd_head")]
    public void A_wrong_length_breaks_the_ring(uint length, string reason) =>
        AssertBroken((entry, _, _) => entry->LengthAndOperation = length | (uint)RingOperation.Command, "len_op", reason);

    [Fact]
    public void A_length_past_the_rings_end_breaks_the_ring()
    {
        // The head is on the next round, so that only the ring's end is in the way.
        using var f = new RingFixture(1032);
        for (var i = 0; i < 7; i++) f.Complete((f.Submit(), f.Take()).Item2);
        f.Kick();
        f.Submit();
        f.Submit();
        Assert.Equal(128u, f.Mailbox->Head);
        ((RingEntry*)(f.Kernel.Map + RingStart + 896))->LengthAndOperation = 144 | (uint)RingOperation.Command;
        AssertBroken(f, "offset 896", "ring's end");
    }

    [Fact]
    public void A_pad_past_the_head_breaks_the_ring() =>
        AssertBroken((entry, _, _) => entry->LengthAndOperation = 136 | (uint)RingOperation.Pad, "len_op", "up to cmd_head");

    [Fact]
    public void A_task_management_entry_that_is_too_short_breaks_the_ring() =>
        AssertBroken((entry, _, _) => entry->LengthAndOperation = 24 | (uint)RingOperation.TaskManagement, "len_op", "TMR");

    [Theory]
    [InlineData(6u)]
    [InlineData(1000u)]
    [InlineData(uint.MaxValue)]
    [InlineData(0x10000000u)]
    public void A_vector_count_that_does_not_fit_breaks_the_ring(uint count)
    {
        AssertBroken((entry, _, _) => entry->VectorCount = count, "iov_cnt", "do not fit");
        AssertBroken((entry, _, _) => entry->BidirectionalVectorCount = count, "iov_bidi_cnt", "do not fit");
        AssertBroken((entry, _, _) => entry->VectorCount = entry->BidirectionalVectorCount = count, "iov_bidi_cnt", "do not fit");
    }

    [Fact]
    public void More_vectors_than_are_kept_break_the_ring()
    {
        using var f = new RingFixture(blocks: 64, capacity: 3);
        var ids = Enumerable.Range(0, 8).Select(_ => f.Submit(0, new byte[4096], DataDirection.Out)).ToArray();
        foreach (var _ in ids) f.Take();
        foreach (var id in ids.Where((_, i) => i % 2 == 0)) f.Complete(id);
        f.Kick();
        f.Submit(0, new byte[3 * 4096], DataDirection.Out);
        f.Take();
        Assert.Equal(3, f.Command->VectorCount);
        f.Complete(f.Command->Id);
        f.Kick();
        f.Submit(0, new byte[4 * 4096], DataDirection.Out);
        AssertBroken(f, "iov_cnt 4", "3 vectors");
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(ulong.MaxValue)]
    [InlineData(RingStart + 47UL)]
    [InlineData(RingStart + 63UL)]
    [InlineData(RingStart + 128UL)]
    [InlineData(RingStart + 127UL)]
    public void A_cdb_outside_of_its_entry_breaks_the_ring(ulong offset) =>
        AssertBroken((entry, _, kernel) =>
        {
            entry->CdbOffset = offset;
            new Span<byte>(kernel.Map + RingStart + 127, 1).Fill(0x28);
        }, "offset 0");

    [Fact]
    public void A_variable_cdb_without_room_for_its_length_breaks_the_ring() =>
        AssertBroken((entry, _, kernel) =>
        {
            entry->CdbOffset = RingStart + 124;
            kernel.Map[RingStart + 124] = 0x7f;
        }, "CDB");

    [Theory]
    [InlineData(0L, 512L)]
    [InlineData(64L, 512L)]
    [InlineData(8191L, 512L)]
    [InlineData(-1L, 512L)]
    [InlineData(-512L, 1024L)]
    [InlineData(long.MinValue, 512L)]
    [InlineData(8192L, -1L)]
    [InlineData(8192L, -8192L)]
    [InlineData(8192L, long.MaxValue)]
    [InlineData(8192L, long.MinValue)]
    [InlineData(8192L + 64 * 4096, 1L)]
    [InlineData(8192L + 64 * 4096 - 1, 2L)]
    [InlineData(8192L, 64L * 4096 + 1)]
    public void A_vector_outside_of_the_data_area_breaks_the_ring(long offset, long length) =>
        AssertBroken((_, vectors, _) => vectors[0] = new RingVector { Offset = (ulong)offset, Length = (ulong)length }, "iov[0]", "data area");

    [Theory]
    [InlineData(8192L, 64L * 4096)]
    [InlineData(8192L + 64 * 4096 - 1, 1L)]
    [InlineData(8192L + 64 * 4096, 0L)]
    public void A_vector_that_just_fits_the_data_area_is_taken(long offset, long length)
    {
        using var f = Spoiled((_, vectors, _) => vectors[0] = new RingVector { Offset = (ulong)offset, Length = (ulong)length });
        f.Take();
        Assert.Equal(length, f.Command->DataLength);
        Assert.Equal(length == 0 ? 0 : 1, f.Command->VectorCount);
    }

    [Fact]
    public void A_later_vector_is_checked_as_the_first()
    {
        AssertBroken((entry, vectors, _) =>
        {
            entry->VectorCount = 2;
            vectors[1] = new RingVector { Offset = 128, Length = 8 };
        }, "iov[1]");
    }

    [Theory]
    [InlineData(8064u)]
    [InlineData(8072u)]
    [InlineData(uint.MaxValue)]
    [InlineData(129u)]
    [InlineData(132u)]
    public void A_head_outside_of_the_ring_or_between_entries_breaks_the_ring(uint head)
    {
        using var f = new RingFixture();
        f.Submit();
        f.Kernel.PublishHead(head);
        AssertBroken(f, "cmd_head");
    }

    [Fact]
    public void A_head_that_passes_the_tail_breaks_the_ring()
    {
        using var f = new RingFixture();
        f.Submit();
        f.Submit();
        f.Take();
        f.Take();
        f.Kernel.PublishHead(128);
        AssertBroken(f, "cmd_head");
    }

    [Fact]
    public void An_id_that_is_outstanding_already_breaks_the_ring()
    {
        using var f = new RingFixture();
        var first = f.Submit();
        f.Submit();
        ((RingEntry*)(f.Kernel.Map + RingStart + 128))->Id = first;
        f.Take();
        AssertBroken(f, "offset 128", $"cmd_id {first}");
    }

    [Fact]
    public void The_id_0_breaks_the_ring() => AssertBroken((entry, _, _) => entry->Id = 0, "cmd_id is 0");

    [Fact]
    public void Commands_that_were_taken_before_are_answered_still()
    {
        using var f = new RingFixture();
        var good = f.Submit();
        f.Submit();
        ((RingEntry*)(f.Kernel.Map + RingStart + 128))->LengthAndOperation = 0;
        f.Take();
        AssertBroken(f, "offset 128");
        f.Complete(good, 0x28);
        Assert.Equal(1, f.Kick());
        Assert.Equal((good, (byte)0x28), (f.Ended[0].Id, f.Ended[0].Status));
    }

    [Fact]
    public void An_answer_to_a_command_that_is_not_outstanding_breaks_the_ring_and_is_not_written()
    {
        using var f = new RingFixture();
        var id = f.Submit();
        f.Take();
        f.Complete((ushort)(id + 1));
        Assert.Contains("not outstanding", f.Ring.BrokenReason);
        Assert.Equal(0, f.Kick());
        f.Complete(id);
        Assert.Equal(1, f.Kick());
        f.Complete(id);
        Assert.Equal(0, f.Kick());
    }

    [Theory]
    [InlineData(3u)]
    [InlineData(7u)]
    public void An_unknown_operation_is_answered_as_such_and_the_ring_goes_on(uint operation)
    {
        using var f = new RingFixture();
        var first = f.Submit();
        var strange = f.Submit();
        var last = f.Submit();
        var entry = (RingEntry*)(f.Kernel.Map + RingStart + 128);
        f.Kernel.Rewrite(128, entry->LengthAndOperation & ~7u | operation);
        Assert.Equal(first, f.Take());
        Assert.Equal(last, f.Take());
        Assert.Equal(2, f.Ring.Outstanding);
        f.Kick();
        Assert.Equal((strange, true), (f.Ended[0].Id, f.Ended[0].Unknown));
        f.Complete(last);
        f.Complete(first);
        Assert.Equal(2, f.Kick());
        Assert.Equal([strange, last, first], f.Ended.Select(e => e.Id));
        Assert.Equal(f.Mailbox->Head, f.Mailbox->Tail);
    }

    [Fact]
    public void A_cdb_longer_than_is_kept_is_answered_as_unknown_and_the_ring_goes_on()
    {
        using var f = new RingFixture();
        var cdb = new byte[40];
        cdb[0] = 0x7f;
        cdb[7] = 32;
        Assert.True(f.Kernel.TrySubmit(cdb, DataDirection.None, default, null, out var id));
        Assert.Equal(RingTake.Empty, f.TryTake());
        Assert.Equal(1, f.Kick());
        Assert.Equal((id, true), (f.Ended[0].Id, f.Ended[0].Unknown));
        f.Submit();
        f.Take();
    }

    [Fact]
    public void A_bidirectional_command_is_answered_as_an_invalid_operation_code_and_the_ring_goes_on()
    {
        using var f = new RingFixture();
        var id = f.Submit(0, new byte[4096], DataDirection.Out);
        var entry = (RingEntry*)(f.Kernel.Map + RingStart);
        var vectors = (RingVector*)((byte*)entry + RingEntry.VectorsOffset);
        entry->BidirectionalVectorCount = 1;
        vectors[1] = vectors[0];
        Assert.Equal(RingTake.Empty, f.TryTake());
        Assert.Equal(1, f.Kick());
        var end = f.Ended[0];
        Assert.Equal((id, RingFixture.CheckCondition, false), (end.Id, end.Status, end.Unknown));
        Assert.Equal((5, 0x20, 0), (end.Sense[2], end.Sense[12], end.Sense[13]));
    }

    [Theory]
    [InlineData(0, 20000)]
    [InlineData(20, 5000)]
    public void Random_bytes_in_the_ring_never_fault(int zeroCopyPages, int rounds)
    {
        // Values that are near to valid ones reach further into the checks than plain noise does.
        var random = new Random(20);
        var broken = 0;
        var taken = 0;
        for (var round = 0; round < rounds; round++)
        {
            using var f = new RingFixture(1032, blocks: 16, zeroCopyPages: zeroCopyPages);
            f.Submit(0, new byte[zeroCopyPages == 0 ? 6000 : 65536], DataDirection.Out);
            f.Submit(1, new byte[100], DataDirection.In);
            f.Kernel.TrySubmitTaskManagement(1, 1);
            f.Submit(2);
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                var at = random.Next(2) == 0 ? random.Next(424) : random.Next(3) * 128 + random.Next(64);
                f.Kernel.Map[RingStart + at] = (byte)(random.Next(3) == 0 ? random.Next(256) : f.Kernel.Map[RingStart + at] ^ 1 << random.Next(8));
            }

            for (var i = 0; i < 100; i++)
            {
                var take = f.TryTake();
                if (take == RingTake.Broken) broken++;
                if (take is RingTake.Broken or RingTake.Empty) break;
                Assert.NotEqual(99, i);
                if (take != RingTake.Command) continue;
                taken++;
                Touch(f);
                f.Complete(f.Command->Id);
            }

            f.Ring.Publish();
        }

        Assert.InRange(broken, rounds / 20, rounds);
        Assert.InRange(taken, rounds / 20, rounds * 3);
    }

    [Fact]
    public void Mailboxes_that_are_not_understood_are_refused_with_the_reason()
    {
        AssertUnusable(m => m->Version = 1, "version is 1");
        AssertUnusable(m => m->Flags = default, "flags are 0x0");
        AssertUnusable(m => m->Flags = MailboxFlags.OutOfOrderCompletion, "flags are 0x1");
        AssertUnusable(m => m->Flags = MailboxFlags.ReadLength, "flags are 0x2");
        AssertUnusable(m => m->RingOffset = 0, "cmdr_off is 0");
        AssertUnusable(m => m->RingOffset = 132, "cmdr_off is 132");
        AssertUnusable(m => m->RingOffset = 0xfffffff8, "cmdr_off 4294967288");
        AssertUnusable(m => m->RingSize = 0, "cmdr_size is 0");
        AssertUnusable(m => m->RingSize = 8060, "cmdr_size is 8060");
        AssertUnusable(m => m->RingSize = 0xfffffff8, "cmdr_size is 4294967288");
        AssertUnusable(m => m->Tail = 8064, "cmd_tail is 8064");
        AssertUnusable(m => m->Tail = 4, "cmd_tail is 4");
        using var kernel = new KernelRing();
        Assert.Throws<InvalidDataException>(() => new CommandRing(kernel.Map, 127));
    }

    private delegate void SpoilMailbox(Mailbox* mailbox);

    private static void AssertUnusable(SpoilMailbox spoil, string reason)
    {
        using var kernel = new KernelRing(new KernelRingOptions { RingSize = 8064, Blocks = 4 });
        spoil((Mailbox*)kernel.Map);
        Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => new CommandRing(kernel.Map, kernel.Length)).Message);
    }

    private static void Touch(RingFixture f)
    {
        var total = 0L;
        for (var i = 0; i < f.Command->VectorCount; i++)
        {
            var vector = f.Command->Vectors[i];
            Assert.True(vector.Base >= f.Kernel.Map && vector.Base + vector.Length <= f.Kernel.Map + f.Kernel.Length);
            total += (long)vector.Length;
        }

        Assert.Equal(f.Command->DataLength, total);
        if (f.Command->Place == DataPlace.Copied) f.Command->ClearData();
    }

    private static RingFixture Spoiled(Spoil spoil)
    {
        var f = new RingFixture();
        f.Submit(0, new byte[512], DataDirection.Out);
        var entry = (RingEntry*)(f.Kernel.Map + RingStart);
        Assert.Equal(8192, (long)((RingVector*)((byte*)entry + RingEntry.VectorsOffset))->Offset);
        spoil(entry, (RingVector*)((byte*)entry + RingEntry.VectorsOffset), f.Kernel);
        return f;
    }

    private static void AssertBroken(Spoil spoil, params string[] reasons)
    {
        using var f = Spoiled(spoil);
        AssertBroken(f, ["offset 0", .. reasons]);
    }

    private static void AssertBroken(RingFixture f, params string[] reasons)
    {
        var outstanding = f.Ring.Outstanding;
        Assert.Equal(RingTake.Broken, f.TryTake());
        Assert.Equal(RingTake.Broken, f.TryTake());
        Assert.NotNull(f.Ring.BrokenReason);
        foreach (var reason in reasons) Assert.Contains(reason, f.Ring.BrokenReason);
        Assert.Equal(outstanding, f.Ring.Outstanding);
        Assert.False(f.Ring.Publish());
    }
}
