using CsiTcmu.KernelModel;
using CsiTcmu.Linux;

namespace CsiTcmu.Tcmu.Tests;

/// <summary>The zero copy area: what is told of a command's memory, and that it is the initiator's for as long as the command is under way.</summary>
public sealed unsafe class ZeroCopyTests
{
    private const int Large = 64 * 1024;
    private const int AreaPages = 40;

    [Fact]
    public void Without_the_mailbox_flag_there_is_no_area_whatever_else_stands_there()
    {
        using var f = new RingFixture();
        f.Mailbox->ZeroCopyOffset = 8192;
        f.Ring = new CommandRing(f.Kernel.Map, f.Kernel.Length);
        Assert.Equal(0, f.Ring.ZeroCopyLength);
        f.Submit(0, new byte[Large], DataDirection.Out);
        f.Take();
        Assert.Equal(DataPlace.Copied, f.Command->Place);
        Assert.Equal(default, f.Kernel.Ways);
    }

    [Fact]
    public void What_is_written_to_a_mapped_read_is_in_the_initiators_pages_at_once()
    {
        using var f = Mapping();
        Assert.Equal(AreaPages * 4096, f.Ring.ZeroCopyLength);
        var buffer = new byte[Large];
        var id = f.Submit(0, buffer, DataDirection.In);
        f.Take();
        Assert.Equal((DataPlace.Mapped, Large), (f.Command->Place, f.Command->DataLength));
        f.Data.Fill(0x77);
        Assert.False(f.Kernel.InitiatorPages(id).ContainsAnyExcept((byte)0x77));
        f.Complete(id);
        f.Kick();
        Assert.False(buffer.AsSpan().ContainsAnyExcept((byte)0x77));
        Assert.Equal(new ZeroCopyWays(1, 0, 0, 0), f.Kernel.Ways);
    }

    [Fact]
    public void A_mapped_write_shows_the_initiators_bytes_and_takes_no_store()
    {
        using var f = Mapping();
        var data = new byte[Large + 4096];
        Random.Shared.NextBytes(data);
        var id = f.Submit(0, data, DataDirection.Out);
        f.Take();
        Assert.Equal(DataPlace.MappedReadOnly, f.Command->Place);
        Assert.True(f.Data.SequenceEqual(data));
        f.Kernel.InitiatorPages(id)[5000] ^= 1;
        Assert.Equal(data[5000] ^ 1, f.Data[5000]);
        Assert.False(CanStore(f.Command->Vectors[0].Base));
        Assert.True(CanLoad(f.Command->Vectors[0].Base));
    }

    [Theory]
    [InlineData(Large - 4096)]
    [InlineData(Large + 512)]
    [InlineData(512)]
    public void Small_commands_and_those_without_whole_pages_are_copied(int length)
    {
        using var f = Mapping();
        f.Submit(0, new byte[Large], DataDirection.Out);
        f.Take();
        f.Submit(0, new byte[length], DataDirection.Out);
        f.Take();
        Assert.Equal(DataPlace.Copied, f.Command->Place);
        Assert.True(f.Command->Vectors[0].Base + length <= AreaStart(f));
        Assert.Equal(1, f.Kernel.Ways.Small + f.Kernel.Ways.Ineligible);
    }

    [Fact]
    public void Commands_are_copied_while_the_area_is_full()
    {
        using var f = Mapping();
        var ids = new ushort[3];
        for (var i = 0; i < 3; i++)
        {
            ids[i] = f.Submit(0, new byte[Large], DataDirection.Out);
            f.Take();
            Assert.Equal(i < 2 ? DataPlace.MappedReadOnly : DataPlace.Copied, f.Command->Place);
        }

        Assert.Equal(new ZeroCopyWays(2, 0, 0, 1), f.Kernel.Ways);
        Assert.Equal(32, f.Kernel.ZeroCopyPagesUsed);
        f.Complete(ids[0]);
        f.Kick();
        f.Submit(0, new byte[Large], DataDirection.Out);
        f.Take();
        Assert.Equal(DataPlace.MappedReadOnly, f.Command->Place);
        Assert.Equal(32, f.Kernel.ZeroCopyPagesUsed);
    }

    [Theory]
    [InlineData(DataDirection.In)]
    [InlineData(DataDirection.Out)]
    public void Pages_are_gone_once_the_command_has_ended(DataDirection direction)
    {
        using var f = Mapping();
        var id = f.Submit(0, new byte[Large], direction);
        f.Take();
        var data = f.Command->Vectors[0].Base;
        Assert.True(CanLoad(data));
        Assert.Equal(direction == DataDirection.In, CanStore(data));
        f.Complete(id);
        Assert.True(CanLoad(data));
        f.Kick();
        Assert.False(CanLoad(data) || CanStore(data) || CanLoad(data + Large - 1));

        // Nor are they the next command's, which has other slots.
        f.Submit(0, new byte[Large], direction);
        f.Take();
        Assert.NotEqual((nint)data, (nint)f.Command->Vectors[0].Base);
        Assert.False(CanLoad(data));
    }

    [Fact]
    public void A_reset_takes_the_pages_of_all_commands()
    {
        using var f = Mapping();
        var buffer = new byte[Large];
        f.Submit(0, buffer, DataDirection.In);
        f.Take();
        var data = f.Command->Vectors[0].Base;
        f.Data.Fill(9);
        byte? status = null;
        f.Kernel.Reset(8, c => status = c.Status);
        Assert.Equal((byte?)8, status);
        Assert.False(CanLoad(data));
        Assert.Equal(0, f.Kernel.ZeroCopyPagesUsed);
        Assert.Equal(9, buffer[Large - 1]);

        f.Ring = new CommandRing(f.Kernel.Map, f.Kernel.Length);
        var id = f.Submit(0, buffer, DataDirection.In);
        f.Take();
        f.Data.Fill(10);
        f.Complete(id);
        f.Kick();
        Assert.False(buffer.AsSpan().ContainsAnyExcept((byte)10));
    }

    [Fact]
    public void A_ring_that_goes_on_finds_mapped_commands_of_before()
    {
        using var f = Mapping();
        var data = new byte[Large];
        data[Large - 1] = 5;
        f.Submit(0, data, DataDirection.Out);
        f.Ring = new CommandRing(f.Kernel.Map, f.Kernel.Length);
        f.Take();
        Assert.Equal((DataPlace.MappedReadOnly, 5), (f.Command->Place, f.Data[Large - 1]));
    }

    [Fact]
    public void A_failed_read_leaves_in_the_initiators_pages_what_was_written_there()
    {
        using var f = Mapping();
        var buffer = new byte[Large];
        var id = f.Submit(0, buffer, DataDirection.In);
        f.Take();
        f.Data[..100].Fill(3);
        f.Complete(id, RingFixture.CheckCondition);
        f.Kick();
        Assert.Equal((3, 0), (buffer[99], buffer[100]));
    }

    [Fact]
    public void A_command_that_does_not_fit_the_ring_takes_no_slots()
    {
        using var f = new RingFixture(1032, blocks: 64, zeroCopyPages: 512);
        var submitted = 0;
        while (f.Kernel.TrySubmit(RingFixture.ReadCdb(0), DataDirection.Out, new byte[Large], null, out _)) submitted++;
        Assert.InRange(submitted, 1, 30);
        Assert.Equal(submitted * 16, f.Kernel.ZeroCopyPagesUsed);
        Assert.Equal(submitted, f.Kernel.Ways.Mapped);
    }

    [Theory]
    [InlineData(0, "kflags are 0 for data in the zero copy area")]
    [InlineData((int)KernelFlags.ReadOnly, "kflags are 2 for data in the zero copy area")]
    public void A_mapped_command_that_is_not_called_one_breaks_the_ring(int flags, string reason) =>
        AssertBroken(Large, (entry, _, _) => entry->KernelFlags = (KernelFlags)flags, reason);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_copied_command_that_is_called_mapped_breaks_the_ring(int flags) =>
        AssertBroken(4096, (entry, _, _) => entry->KernelFlags = (KernelFlags)flags, $"kflags are {flags} for data in the data area");

    [Theory]
    [InlineData(-1L, 2L)]
    [InlineData(-4096L, 8192L)]
    [InlineData(0L, AreaPages * 4096L + 1)]
    [InlineData(AreaPages * 4096L, 1L)]
    [InlineData(AreaPages * 4096L - 1, 2L)]
    [InlineData(4096L, -1L)]
    [InlineData(4096L, long.MinValue)]
    [InlineData(4096L, 0L)]
    [InlineData(long.MinValue, 4096L)]
    public void A_vector_that_is_not_wholly_in_one_area_breaks_the_ring(long fromArea, long length) => AssertBroken(
        Large,
        (_, vectors, area) => vectors[0] = new RingVector { Offset = (ulong)(area + fromArea), Length = (ulong)length },
        "iov[0]", "zero copy area");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Several_vectors_with_one_in_the_area_break_the_ring(bool isFirst) => AssertBroken(
        Large,
        (entry, vectors, _) =>
        {
            entry->VectorCount = 2;
            vectors[1] = vectors[0];
            vectors[isFirst ? 1 : 0] = new RingVector { Offset = 8192, Length = 512 };
        },
        isFirst ? "iov[0]" : "iov[1]", "not the only one");

    [Fact]
    public void Mailboxes_with_an_area_that_cannot_be_are_refused_with_the_reason()
    {
        using var f = Mapping();
        var offset = (long)f.Mailbox->ZeroCopyOffset;
        foreach (var wrong in new[] { 0, 4096, offset + 512, f.Kernel.Length, f.Kernel.Length + 4096, long.MinValue, -4096 })
        {
            f.Mailbox->ZeroCopyOffset = (ulong)wrong;
            var error = Assert.Throws<InvalidDataException>(() => new CommandRing(f.Kernel.Map, f.Kernel.Length));
            Assert.Contains($"zc_off is {(ulong)wrong} ", error.Message);
        }
    }

    private delegate void Spoil(RingEntry* entry, RingVector* vectors, long area);

    private static void AssertBroken(int length, Spoil spoil, params string[] reasons)
    {
        using var f = Mapping();
        f.Submit(0, new byte[length], DataDirection.In);
        var entry = (RingEntry*)(f.Kernel.Map + 128);
        spoil(entry, (RingVector*)((byte*)entry + RingEntry.VectorsOffset), AreaStart(f) - f.Kernel.Map);
        Assert.Equal(RingTake.Broken, f.TryTake());
        foreach (var reason in reasons) Assert.Contains(reason, f.Ring.BrokenReason);
        Assert.Equal(0, f.Ring.Outstanding);
    }

    private static RingFixture Mapping() => new(zeroCopyPages: AreaPages);

    private static byte* AreaStart(RingFixture f) => f.Kernel.Map + f.Kernel.Length - f.Ring.ZeroCopyLength;

    private static bool CanLoad(byte* address) => Probe(address).Written;

    private static bool CanStore(byte* address) => Probe(address).Read;

    /// <summary>Has the kernel load and store a byte: it says EFAULT where an access of our own would end the process.</summary>
    private static (bool Written, bool Read) Probe(byte* address)
    {
        using var file = File.OpenHandle(
            Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), FileMode.CreateNew, FileAccess.ReadWrite, options: FileOptions.DeleteOnClose);
        var number = (int)file.DangerousGetHandle();
        byte any = 0x33;
        Assert.Equal(1, Syscalls.Write(number, &any, 1));
        var written = Syscalls.Write(number, address, 1);
        Assert.True(written is 1 or -14);
        var vector = new Iovec { Base = address, Length = 1 };
        var read = Syscalls.ReadVector(number, &vector, 1, 0);
        Assert.True(read is 1 or -14);
        return (written == 1, read == 1);
    }
}
