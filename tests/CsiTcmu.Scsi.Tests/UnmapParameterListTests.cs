using System.Buffers.Binary;
using FsCheck;
using FsCheck.Fluent;

namespace CsiTcmu.Scsi.Tests;

public class UnmapParameterListTests
{
    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void Descriptors_become_extents(int blockSize)
    {
        LogicalUnit unit = Disk.Of(blockSize);
        byte[] list = Disk.Hex("0026 0020 00000000  0000000000000005 00000003 00000000  0000000000000100 00000010 00000000");
        Assert.Equal([new(5 * blockSize, 3 * blockSize), new(256 * blockSize, 16 * blockSize)], Parse(unit, list));
    }

    [Fact]
    public void A_descriptor_of_no_blocks_yields_nothing()
    {
        LogicalUnit unit = Disk.Of(512);
        Assert.Equal([new(512, 512)], Parse(unit, List((0, 0), (1, 1), (Disk.Blocks, 0))));
        Refused(unit, List((Disk.Blocks + 1, 0)), SenseCode.LogicalBlockAddressOutOfRange, FieldPointer.InParameterList(8));
    }

    [Fact]
    public void No_descriptors_are_no_error() => Assert.Empty(Parse(Disk.Of(512), Disk.Hex("0006 0000 00000000")));

    [Fact]
    public void A_last_descriptor_that_is_cut_is_ignored()
    {
        byte[] list = Disk.Hex("0021 001B 00000000  0000000000000005 00000003 00000000  FFFFFFFFFFFFFFFF 000000");
        Assert.Equal([new(5 * 512, 3 * 512)], Parse(Disk.Of(512), list));
    }

    [Fact]
    public void Bytes_behind_the_descriptors_are_ignored() =>
        Assert.Equal([new(5 * 512, 3 * 512)], Parse(Disk.Of(512), [.. List((5, 3)), 0xFF, 0xFF, 0xFF]));

    [Fact]
    public void A_list_shorter_than_it_says_is_refused()
    {
        LogicalUnit unit = Disk.Of(512);
        byte[] list = List((5, 3), (9, 1));
        for (int length = 0; length < list.Length; length++)
            Refused(unit, list[..length], SenseCode.ParameterListLengthError, default);
    }

    [Fact]
    public void A_data_length_that_leaves_no_room_for_the_descriptors_is_refused()
    {
        byte[] list = List((5, 3));
        BinaryPrimitives.WriteUInt16BigEndian(list, 21);
        Refused(Disk.Of(512), list, SenseCode.InvalidFieldInParameterList, FieldPointer.InParameterList(0));
    }

    [Fact]
    public void There_are_as_many_descriptors_as_page_B0_claims()
    {
        LogicalUnit unit = Disk.Of(512);
        int most = (int)BlockLimitsClaim.MaximumUnmapDescriptors(unit);
        (long, uint)[] descriptors = [.. Enumerable.Range(0, most + 1).Select(i => (i * 10L, 1u))];
        byte[] full = List(descriptors[..most]);
        Assert.Equal(UnmapParameterList.MaximumLength, full.Length);
        Assert.Equal(most, Parse(unit, full).Length);
        Refused(unit, List(descriptors), SenseCode.InvalidFieldInParameterList, FieldPointer.InParameterList(2));

        // As the data plane sees it: cut to the length that the decoder tells.
        Refused(unit, List(descriptors)[..UnmapParameterList.MaximumLength], SenseCode.InvalidFieldInParameterList, FieldPointer.InParameterList(2));
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void There_are_as_many_blocks_as_page_B0_claims(int blockSize)
    {
        LogicalUnit unit = Disk.Of(blockSize, blocks: 1L << 32);
        uint most = BlockLimitsClaim.MaximumUnmapBlocks(unit);
        Assert.Equal([new(0, (long)most * blockSize)], Parse(unit, List((0, most))));
        Refused(unit, List((0, most + 1)), SenseCode.InvalidFieldInParameterList, FieldPointer.InParameterList(16));
        Refused(unit, List((0, 1), (most, most)), SenseCode.InvalidFieldInParameterList, FieldPointer.InParameterList(32));
    }

    [Fact]
    public void A_range_beyond_the_end_refuses_the_whole_list()
    {
        LogicalUnit unit = Disk.Of(512);
        Refused(unit, List((0, 1), (Disk.Blocks - 1, 2)), SenseCode.LogicalBlockAddressOutOfRange, FieldPointer.InParameterList(24));
        Refused(unit, List((-1, 1)), SenseCode.LogicalBlockAddressOutOfRange, FieldPointer.InParameterList(8));
        Refused(unit, List((long.MaxValue, uint.MaxValue)), SenseCode.LogicalBlockAddressOutOfRange, FieldPointer.InParameterList(8));
    }

    [Fact]
    public void Fewer_extents_than_descriptors_are_not_overrun()
    {
        bool parsed = UnmapParameterList.TryParse(Disk.Of(512), List((0, 1), (2, 1)), new ByteExtent[1], out int count, out SenseCode sense, out _);
        Assert.Equal((false, 0, SenseCode.InvalidFieldInParameterList), (parsed, count, sense));
    }

    [Fact]
    public void Any_bytes_give_extents_on_the_medium_or_a_reason()
    {
        // Lists that are nearly right: descriptors around both ends of the medium, then a byte changed and the list cut.
        Gen<long> addresses = Gen.Frequency(
            (6, Gen.Choose(0, 1000).Select(value => (long)value)),
            (2, Gen.Choose(-3, 3).Select(value => Disk.Blocks + value)),
            (1, Gen.Elements(-1L, long.MaxValue, long.MinValue)));
        Gen<uint> blocks = Gen.Frequency((8, Gen.Choose(0, 5).Select(value => (uint)value)), (1, Gen.Elements(uint.MaxValue, 1u << 20, (uint)Disk.Blocks)));
        Gen<byte[]> lists =
            from count in Gen.Choose(0, BlockLimits.MaximumUnmapDescriptors + 1)
            from descriptors in addresses.Zip(blocks).ArrayOf(count)
            from change in Gen.Frequency((3, Gen.Constant(-1)), (1, Gen.Choose(0, 7 + 16 * count)))
            from value in Gen.Choose(0, 255)
            from cut in Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Choose(0, 8 + 16 * count)))
            select Change(List([.. descriptors.Select(pair => (pair.Item1, pair.Item2))]), change, (byte)value)[..^cut];
        LogicalUnit unit = Disk.Of(512);
        int parsed = 0;
        Prop.ForAll(lists.ToArbitrary(), list =>
        {
            var extents = new ByteExtent[BlockLimits.MaximumUnmapDescriptors];
            bool right = UnmapParameterList.TryParse(unit, list, extents, out int count, out SenseCode sense, out _);
            Assert.Equal(right, sense == SenseCode.NoSense);
            Assert.True(right || count == 0);
            foreach (ByteExtent extent in extents.AsSpan(0, count))
                Assert.True(extent.Offset >= 0 && extent.Length > 0 && extent.Length <= unit.Size - extent.Offset && extent.Offset % 512 == 0 && extent.Length % 512 == 0);
            Assert.True(extents.Take(count).Sum(extent => extent.Length) <= BlockLimits.MaximumUnmapLength);
            parsed += right && count > 0 ? 1 : 0;
        }).Check(Properties.Many);
        Assert.True(parsed > 100, $"Only {parsed} lists were right.");
    }

    private static byte[] Change(byte[] list, int index, byte value)
    {
        if (index >= 0)
            list[index] = value;
        return list;
    }

    private static byte[] List(params (long Address, uint Blocks)[] descriptors)
    {
        byte[] list = new byte[8 + 16 * descriptors.Length];
        BinaryPrimitives.WriteUInt16BigEndian(list, (ushort)(list.Length - 2));
        BinaryPrimitives.WriteUInt16BigEndian(list.AsSpan(2), (ushort)(list.Length - 8));
        for (int i = 0; i < descriptors.Length; i++)
        {
            BinaryPrimitives.WriteInt64BigEndian(list.AsSpan(8 + 16 * i), descriptors[i].Address);
            BinaryPrimitives.WriteUInt32BigEndian(list.AsSpan(16 + 16 * i), descriptors[i].Blocks);
        }

        return list;
    }

    private static ByteExtent[] Parse(LogicalUnit unit, byte[] list)
    {
        var extents = new ByteExtent[BlockLimits.MaximumUnmapDescriptors];
        bool parsed = UnmapParameterList.TryParse(unit, list, extents, out int count, out SenseCode sense, out FieldPointer field);
        Assert.Equal((true, SenseCode.NoSense, default), (parsed, sense, field));
        return extents[..count];
    }

    private static void Refused(LogicalUnit unit, byte[] list, SenseCode expected, FieldPointer expectedField)
    {
        var extents = new ByteExtent[BlockLimits.MaximumUnmapDescriptors];
        bool parsed = UnmapParameterList.TryParse(unit, list, extents, out int count, out SenseCode sense, out FieldPointer field);
        Assert.Equal((false, 0, expected, expectedField), (parsed, count, sense, field));
    }
}
