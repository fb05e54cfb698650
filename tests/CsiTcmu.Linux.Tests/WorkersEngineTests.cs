using System.Diagnostics;

namespace CsiTcmu.Linux.Tests;

/// <summary>Threads with blocking calls.</summary>
public class WorkersEngineTests : IoEngineTests
{
    protected override IIoEngine Create(int queueDepth) => new WorkersEngine(queueDepth, 4);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    public void No_request_is_left_lying_by_workers_that_fall_asleep(int threads, int together)
    {
        // Each request meets workers that have just found nothing to do.
        using var engine = new WorkersEngine(8, threads);
        var request = new IoRequest { Operation = IoOperation.DataSync, File = -1 };
        Span<IoCompletion> completions = stackalloc IoCompletion[8];
        for (var round = 0; round < 100_000; round++)
        {
            for (var i = 0; i < together; i++) Assert.True(engine.TryQueue(in request));
            for (var left = together; left > 0;)
            {
                var start = Stopwatch.GetTimestamp();
                var count = engine.Wait(completions, 60_000);
                if (Stopwatch.GetElapsedTime(start).TotalSeconds >= 60) Assert.Fail($"A request of round {round} never ends.");
                left -= count;
            }
        }
    }
}
