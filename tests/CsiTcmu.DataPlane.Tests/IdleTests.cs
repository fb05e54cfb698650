using CsiTcmu.Backstores;
using CsiTcmu.Linux;

namespace CsiTcmu.DataPlane.Tests;

/// <summary>Alone, since other tests have reactors of the same name.</summary>
[CollectionDefinition(nameof(IdleTests), DisableParallelization = true)]
[Collection(nameof(IdleTests))]
public sealed class IdleTests
{
    [Theory]
    [InlineData(IoEngineChoice.IoUring)]
    [InlineData(IoEngineChoice.Workers)]
    public async Task An_idle_reactor_sleeps(IoEngineChoice engine)
    {
        await using var rig = await Rig.StartAsync(new MemoryBackstore(1 << 20), engine);
        await rig.WriteAsync(0, new byte[512]);
        var before = await SleepsForASecondAsync();
        await rig.ReadAsync(0, 1);
        await GateTests.UntilAsync(() => Switches() != before);
    }

    /// <summary>A busy machine may keep the reactor from its sleep for a while; how often it has gone to sleep when it stays asleep.</summary>
    private static async Task<string> SleepsForASecondAsync()
    {
        var before = Switches();
        for (var tries = 0; tries < 10; tries++)
        {
            await Task.Delay(1000);
            var after = Switches();
            if (after == before) return after;
            before = after;
        }

        Assert.Fail("The reactor wakes up every second.");
        return before;
    }

    /// <summary>How often the reactor's thread has gone to sleep.</summary>
    private static string Switches()
    {
        var thread = Directory.GetDirectories("/proc/self/task").Single(task => File.ReadAllText($"{task}/comm").Trim() == "reactor 0");
        return File.ReadLines($"{thread}/status").Single(line => line.StartsWith("voluntary_ctxt_switches", StringComparison.Ordinal));
    }
}
