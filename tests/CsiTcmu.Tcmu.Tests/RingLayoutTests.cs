using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CsiTcmu.Tcmu.Tests;

/// <summary>Sizes and offsets as a C compiler gives them for include/uapi/linux/target_core_user.h.</summary>
public sealed class RingLayoutTests
{
    [Theory]
    [InlineData(nameof(Mailbox.Version), 0)]
    [InlineData(nameof(Mailbox.Flags), 2)]
    [InlineData(nameof(Mailbox.RingOffset), 4)]
    [InlineData(nameof(Mailbox.RingSize), 8)]
    [InlineData(nameof(Mailbox.Head), 12)]
    [InlineData(nameof(Mailbox.ZeroCopyOffset), 16)]
    [InlineData(nameof(Mailbox.Tail), 64)]
    public void Mailbox_fields_lie_where_the_kernel_has_them(string field, int offset) => AssertOffset<Mailbox>(field, offset);

    [Theory]
    [InlineData(nameof(RingEntry.LengthAndOperation), 0)]
    [InlineData(nameof(RingEntry.Id), 4)]
    [InlineData(nameof(RingEntry.KernelFlags), 6)]
    [InlineData(nameof(RingEntry.UserFlags), 7)]
    [InlineData(nameof(RingEntry.VectorCount), 8)]
    [InlineData(nameof(RingEntry.BidirectionalVectorCount), 12)]
    [InlineData(nameof(RingEntry.IntegrityVectorCount), 16)]
    [InlineData(nameof(RingEntry.CdbOffset), 24)]
    public void Request_fields_lie_where_the_kernel_has_them(string field, int offset) => AssertOffset<RingEntry>(field, offset);

    [Theory]
    [InlineData(nameof(RingResponse.LengthAndOperation), 0)]
    [InlineData(nameof(RingResponse.Id), 4)]
    [InlineData(nameof(RingResponse.KernelFlags), 6)]
    [InlineData(nameof(RingResponse.UserFlags), 7)]
    [InlineData(nameof(RingResponse.Status), 8)]
    [InlineData(nameof(RingResponse.ReadLength), 12)]
    [InlineData(nameof(RingResponse.Sense), 16)]
    public void Response_fields_lie_where_the_kernel_has_them(string field, int offset) => AssertOffset<RingResponse>(field, offset);

    [Theory]
    [InlineData(nameof(RingTaskManagement.LengthAndOperation), 0)]
    [InlineData(nameof(RingTaskManagement.Function), 8)]
    [InlineData(nameof(RingTaskManagement.CommandCount), 12)]
    public void Task_management_fields_lie_where_the_kernel_has_them(string field, int offset) =>
        AssertOffset<RingTaskManagement>(field, offset);

    [Fact]
    public void Sizes_are_the_kernels()
    {
        Assert.Equal(128, Unsafe.SizeOf<Mailbox>());
        Assert.Equal(112, Unsafe.SizeOf<RingEntry>());
        Assert.Equal(112, Unsafe.SizeOf<RingResponse>());
        Assert.Equal(16, Unsafe.SizeOf<RingVector>());
        Assert.Equal(32, Unsafe.SizeOf<RingTaskManagement>());
        Assert.Equal(48, RingEntry.VectorsOffset);
    }

    private static void AssertOffset<T>(string field, int offset) => Assert.Equal(offset, (int)Marshal.OffsetOf<T>(field));
}
