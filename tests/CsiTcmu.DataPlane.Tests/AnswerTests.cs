using CsiTcmu.Backstores;
using CsiTcmu.Scsi;

namespace CsiTcmu.DataPlane.Tests;

/// <summary>What the initiator gets to see: no byte of another command, and the right sense data.</summary>
public sealed class AnswerTests
{
    private const byte Undelivered = 0xEE;

    [Fact]
    public async Task A_short_reply_leaves_the_rest_of_the_buffer_alone()
    {
        await using var rig = await Rig.StartAsync(new NullBackstore(1 << 20));
        var completion = await rig.SubmitAsync(Cdb.Inquiry(36), 4096);
        Rig.Good(completion);
        Assert.Equal(4096 - 36, completion.Residual);
        Assert.Equal(5, completion.Data[2] >= 5 ? 5 : completion.Data[2]);
        Assert.False(completion.Data.AsSpan(36).ContainsAnyExcept(Undelivered));
    }

    [Fact]
    public async Task A_reply_of_nothing_clears_the_buffer()
    {
        await using var rig = await Rig.StartAsync(new NullBackstore(1 << 20));
        byte[][] cdbs = [Cdb.TestUnitReady(), Cdb.Inquiry(0), Cdb.Read(0, 0), Cdb.SynchronizeCache(), Cdb.WriteSame(0, 1, false, noDataOut: true)];
        foreach (var cdb in cdbs)
        {
            var completion = await rig.SubmitAsync(cdb, 8192);
            if (completion.Status == (byte)ScsiStatus.CheckCondition)
                Assert.False(completion.Data.AsSpan().ContainsAnyExcept(Undelivered));
            else
                Assert.False(completion.Data.AsSpan().ContainsAnyExcept((byte)0));
        }
    }

    [Fact]
    public async Task A_read_into_a_longer_buffer_delivers_what_was_read()
    {
        await using var rig = await Rig.StartAsync(new AsyncStore(1 << 20));
        await rig.WriteAsync(3, [.. Enumerable.Repeat((byte)9, 1024)]);
        var completion = await rig.SubmitAsync(Cdb.Read(3, 2), 12288);
        Rig.Good(completion);
        Assert.Equal(12288 - 1024, completion.Residual);
        Assert.False(completion.Data.AsSpan(0, 1024).ContainsAnyExcept((byte)9));
        Assert.False(completion.Data.AsSpan(1024).ContainsAnyExcept(Undelivered));
    }

    [Fact]
    public async Task A_transfer_longer_than_its_buffer_is_refused()
    {
        await using var rig = await Rig.StartAsync(new AsyncStore(1 << 20));
        var read = await rig.SubmitAsync(Cdb.Read(0, 4), 1024);
        Assert.Equal((byte)ScsiStatus.CheckCondition, read.Status);
        Assert.False(read.Data.AsSpan().ContainsAnyExcept(Undelivered));
        Assert.Equal((byte)ScsiStatus.CheckCondition, (await rig.SubmitAsync(Cdb.Write(0, 4), new byte[1024])).Status);
        Assert.Equal((byte)ScsiStatus.CheckCondition, (await rig.SubmitAsync(Cdb.Read(0, 4))).Status);
    }

    [Fact]
    public async Task A_failed_read_delivers_nothing()
    {
        var store = new AsyncStore(1 << 20) { Error = -5 };
        await using var rig = await Rig.StartAsync(store);
        var completion = await rig.SubmitAsync(Cdb.Read(0, 8), 4096);
        Rig.Check(completion, "03/11/00");
        Assert.False(completion.Data.AsSpan().ContainsAnyExcept(Undelivered));
    }

    [Theory]
    [InlineData(5, "03/0c/00")]
    [InlineData(28, "07/27/07")]
    [InlineData(122, "07/27/07")]
    [InlineData(30, "07/27/00")]
    [InlineData(22, "04/44/00")]
    public async Task A_failed_write_says_why(int error, string sense)
    {
        var store = new AsyncStore(1 << 20) { Error = -error };
        await using var rig = await Rig.StartAsync(store);
        Rig.Check(await rig.SubmitAsync(Cdb.Write(0, 1), new byte[512]), sense);
        Rig.Check(await rig.SubmitAsync(Cdb.WriteSame(0, 1, noDataOut: true)), sense);
        Rig.Check(await rig.SubmitAsync(Cdb.SynchronizeCache()), sense);
        Assert.Equal(3, rig.Disk.Counters.Errors);

        // And the disk goes on.
        store.Error = 0;
        await rig.WriteAsync(0, new byte[512]);
        Assert.Null(rig.Disk.Fault);
    }

    [Fact]
    public async Task An_unknown_command_is_refused()
    {
        await using var rig = await Rig.StartAsync(new NullBackstore(1 << 20));
        Rig.Check(await rig.SubmitAsync([0xC1, 0, 0, 0, 0, 0, 0, 0, 0, 0]), "05/20/00");
        Rig.Check(await rig.SubmitAsync(Cdb.Read(2048, 1), 512), "05/21/00");
    }
}
