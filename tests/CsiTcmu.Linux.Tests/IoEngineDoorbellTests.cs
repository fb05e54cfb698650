namespace CsiTcmu.Linux.Tests;

/// <summary>The doorbell by itself, in the moments that an engine seldom meets.</summary>
public class IoEngineDoorbellTests
{
    [Fact]
    public void A_ring_is_used_up_by_the_park_that_it_prevents()
    {
        using var doorbell = new IoEngineDoorbell();
        doorbell.Ring();
        doorbell.Ring();
        Assert.False(IsReadable(doorbell));
        Assert.False(doorbell.TryPark());
        Assert.True(doorbell.TryPark());
        doorbell.Ring();
        doorbell.Ring();
        Assert.True(IsReadable(doorbell));
        doorbell.Unpark();
        doorbell.Silence();
        Assert.False(IsReadable(doorbell));
        doorbell.RingSleeper();
        Assert.True(doorbell.TryPark());
        doorbell.RingSleeper();
        Assert.True(IsReadable(doorbell));
        doorbell.Unpark();
    }

    [Fact]
    public void Dispose_waits_for_a_ringer_that_is_about_to_write()
    {
        IoEngineDoorbell? current = null;
        var stop = false;
        var ringer = new Thread(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                var doorbell = Volatile.Read(ref current);
                if (doorbell is null)
                {
                    Thread.Yield();
                    continue;
                }
                doorbell.Ring();
                Volatile.Write(ref current, null);
            }
        });
        ringer.Start();
        try
        {
            for (var round = 0; round < 5_000; round++)
            {
                var doorbell = new IoEngineDoorbell();
                Assert.True(doorbell.TryPark());
                Volatile.Write(ref current, doorbell);
                Thread.SpinWait(round % 64);
                doorbell.Unpark();
                doorbell.Dispose();

                // Takes the number of the closed descriptor, and would receive a late write.
                using var bystander = new EventFile();
                while (Volatile.Read(ref current) is not null) Thread.Yield();
                Assert.Equal(0UL, bystander.Take());
            }
        }
        finally
        {
            Volatile.Write(ref stop, true);
            ringer.Join();
        }
    }

    private static unsafe bool IsReadable(IoEngineDoorbell doorbell)
    {
        var entry = new PollEntry { File = doorbell.File, Events = PollEntry.Readable };
        return Syscalls.Poll(&entry, 1, 0) == 1;
    }
}
