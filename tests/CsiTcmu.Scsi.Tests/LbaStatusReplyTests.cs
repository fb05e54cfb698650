using System.Buffers.Binary;
using FsCheck;
using FsCheck.Fluent;

namespace CsiTcmu.Scsi.Tests;

public class LbaStatusReplyTests
{
    [Fact]
    public void Runs_become_descriptors() => Assert.Equal(
        Convert.ToHexString(Disk.Hex("""
            00000034 00000000
            0000000000000064 00000008 00 000000
            000000000000006C 00000010 01 000000
            000000000000007C 000F41C7 00 000000
            """)),
        Convert.ToHexString(Build(Disk.Of(512), 100, 1024, (4096, true), (8192, false), (long.MaxValue, true))));

    [Fact]
    public void Runs_of_the_same_kind_are_one() =>
        Assert.Equal([(0, 3, 1), (3, 2, 0)], Descriptors(Build(Disk.Of(512), 0, 1024, (512, false), (1024, false), (512, true), (512, true))));

    [Fact]
    public void A_block_that_is_partly_mapped_is_mapped() =>
        Assert.Equal([(0, 1, 1), (1, 2, 0), (3, 1, 1)], Descriptors(Build(Disk.Of(4096), 0, 1024, (4096 + 512, false), (4096, true), (2 * 4096 - 512, false))));

    [Fact]
    public void A_run_of_more_than_32_bits_of_blocks_is_split() =>
        Assert.Equal(
            [(0, uint.MaxValue, 1), (uint.MaxValue, 6, 1)],
            Descriptors(Build(Disk.Of(512, blocks: 1L << 40), 0, 1024, (512L * ((1L << 32) + 5), false))));

    [Fact]
    public void The_allocation_length_limits_what_is_told()
    {
        LogicalUnit unit = Disk.Of(512);
        (long, bool)[] runs = [(512, true), (512, false), (512, true)];
        Assert.Equal(2, Descriptors(Build(unit, 0, 40, runs)).Length);
        Assert.Equal(2, Descriptors(Build(unit, 0, 55, runs)).Length);
        Assert.Equal(3, Descriptors(Build(unit, 0, 56, runs)).Length);
        byte[] whole = Build(unit, 0, 24, runs);
        Assert.Equal("00000014 00000000 0000000000000000 00000001 00 000000".Replace(" ", "", StringComparison.Ordinal), Convert.ToHexString(whole));
        for (int length = 1; length < 24; length++)
            Assert.Equal(whole[..length], Build(unit, 0, length, runs));
    }

    [Fact]
    public void A_buffer_without_room_for_a_descriptor_is_refused() => Assert.Throws<ArgumentException>(() =>
    {
        var command = new ScsiCommand { Length = 512, ParameterLength = 24 };
        _ = new LbaStatusReply(Disk.Of(512), command, new byte[23]);
    });

    [Fact]
    public void Any_runs_agree_with_a_map_of_single_blocks()
    {
        const int Blocks = 64;
        LogicalUnit unit = Disk.Of(4096, Blocks);
        Gen<(int First, (int Length, bool Mapped)[] Runs)> cases =
            from first in Gen.Choose(0, Blocks - 1)
            from runs in Gen.Choose(0, 40).Select(length => length * 512).Zip(Gen.Elements(true, false)).NonEmptyListOf()
            select (first, runs.Select(run => (run.Item1, run.Item2)).ToArray());
        Prop.ForAll(cases.ToArbitrary(), sample =>
        {
            // A sector is 512 bytes, a block eight of them; null is past the runs.
            bool?[] sectors = new bool?[Blocks * 8];
            int position = sample.First * 8;
            foreach ((int length, bool mapped) in sample.Runs)
            {
                for (int i = 0; i < length / 512 && position < sectors.Length; i++)
                    sectors[position++] = mapped;
            }

            byte[] reply = Build(unit, sample.First, 4096, [.. sample.Runs.Select(run => ((long)run.Length, run.Mapped))]);
            long next = sample.First;
            foreach ((long address, long count, int status) in Descriptors(reply))
            {
                Assert.Equal(next, address);
                Assert.True(count > 0);
                for (long block = address; block < address + count; block++)
                {
                    ReadOnlySpan<bool?> told = sectors.AsSpan((int)block * 8, 8);
                    Assert.Equal(told.Contains(true), status == 0);
                    Assert.True(status == 0 || !told.Contains(null));
                }

                next = address + count;
            }

            // Nothing that is known is left out.
            Assert.True(next >= position / 8);
        }).Check(Properties.Many);
    }

    private static byte[] Build(LogicalUnit unit, long block, int allocationLength, params (long Length, bool Mapped)[] runs)
    {
        ScsiCommand command = unit.Ask(Cdb.Sixteen(0x9E, (ulong)block, (uint)allocationLength, flags: 0x12)).Command;
        byte[] buffer = new byte[4096];
        Array.Fill(buffer, (byte)0xA5);
        var reply = new LbaStatusReply(unit, command, buffer);
        foreach ((long length, bool mapped) in runs)
        {
            if (reply.WantsMore)
                reply.Append(length, mapped);
        }

        return buffer[..reply.Complete()];
    }

    private static (long Address, long Count, int Status)[] Descriptors(byte[] reply)
    {
        int count = (BinaryPrimitives.ReadInt32BigEndian(reply) - 4) / 16;
        Assert.Equal(8 + 16 * count, reply.Length);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            Span<byte> descriptor = reply.AsSpan(8 + 16 * i, 16);
            return (BinaryPrimitives.ReadInt64BigEndian(descriptor), (long)BinaryPrimitives.ReadUInt32BigEndian(descriptor[8..]), (int)descriptor[12]);
        })];
    }
}
