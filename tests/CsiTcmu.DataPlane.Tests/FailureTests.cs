namespace CsiTcmu.DataPlane.Tests;

/// <summary>Failures of the backstore are counted by kind, with their age and whether anything succeeded since.</summary>
public sealed class FailureTests
{
    private const int IoError = -5, NoSpace = -28, ReadOnly = -30, QuotaExceeded = -122;

    [Fact]
    public async Task Failures_are_counted_by_kind()
    {
        var store = new AsyncStore(1 << 20);
        await using var rig = await Rig.StartAsync(store);
        await rig.WriteAsync(0, new byte[512]);
        Assert.Equal(new DiskFailures(new(0, TimeSpan.Zero, true), new(0, TimeSpan.Zero, true), new(0, TimeSpan.Zero, true)), rig.Disk.Failures);

        store.Error = IoError;
        Rig.Check(await rig.SubmitAsync(Cdb.Read(0, 1), 512), "03/11/00");
        Assert.Equal((1, 0, 0), Counts(rig));
        Assert.False(rig.Disk.Failures.Reads.IsPast);

        await rig.SubmitAsync(Cdb.Write(0, 1), new byte[512]);
        await rig.SubmitAsync(Cdb.SynchronizeCache());
        store.Error = ReadOnly;
        await rig.SubmitAsync(Cdb.Write(0, 1), new byte[512]);
        Assert.Equal((1, 3, 0), Counts(rig));

        store.Error = NoSpace;
        Rig.Check(await rig.SubmitAsync(Cdb.Write(0, 1), new byte[512]), "07/27/07");
        store.Error = QuotaExceeded;
        Rig.Check(await rig.SubmitAsync(Cdb.WriteSame(0, 8, noDataOut: true)), "07/27/07");
        Assert.Equal((1, 3, 2), Counts(rig));
        Assert.Equal(6, rig.Disk.Counters.Errors);
        Assert.False(rig.Disk.Failures.Space.IsPast);
    }

    [Fact]
    public async Task A_success_of_the_same_direction_makes_a_failure_past()
    {
        var store = new AsyncStore(1 << 20) { Error = IoError };
        await using var rig = await Rig.StartAsync(store);
        await rig.SubmitAsync(Cdb.Read(0, 1), 512);
        await rig.SubmitAsync(Cdb.Write(0, 1), new byte[512]);

        store.Error = 0;
        await rig.WriteAsync(0, new byte[512]);
        Assert.False(rig.Disk.Failures.Reads.IsPast);
        Assert.True(rig.Disk.Failures.Writes.IsPast);
        await rig.ReadAsync(0, 1);
        Assert.True(rig.Disk.Failures.Reads.IsPast);

        var age = rig.Disk.Failures.Reads.Age;
        await GateTests.UntilAsync(() => rig.Disk.Failures.Reads.Age > age);
        store.Error = IoError;
        await rig.SubmitAsync(Cdb.Read(0, 1), 512);
        Assert.Equal(2, rig.Disk.Failures.Reads.Count);
        Assert.False(rig.Disk.Failures.Reads.IsPast);
    }

    [Fact]
    public async Task What_the_initiator_did_wrong_is_no_failure()
    {
        await using var rig = await Rig.StartAsync(new AsyncStore(1 << 20));
        Rig.Check(await rig.SubmitAsync(Cdb.Read(2048, 1), 512), "05/21/00");
        Assert.Equal((0, 0, 0), Counts(rig));
    }

    private static (long Reads, long Writes, long Space) Counts(Rig rig) =>
        (rig.Disk.Failures.Reads.Count, rig.Disk.Failures.Writes.Count, rig.Disk.Failures.Space.Count);
}
