using System.Globalization;

namespace CsiTcmu.Linux;

/// <summary>Which engine is wanted.</summary>
public enum IoEngineChoice
{
    /// <summary>io_uring, or workers where the kernel refuses it.</summary>
    Auto,

    /// <summary>io_uring; an error where the kernel refuses it.</summary>
    IoUring,

    /// <summary>Threads with blocking calls.</summary>
    Workers,
}

/// <summary>Chooses the engine that serves file I/O on this machine.</summary>
public static class IoEngines
{
    /// <summary>Makes an engine. Any thread may make it; the first thread that uses it owns it.</summary>
    /// <param name="choice">Which engine.</param>
    /// <param name="queueDepth">Most requests in flight, 1 to 16384.</param>
    /// <param name="description">What was chosen and, when it is not the first choice, why and what mends it.</param>
    /// <exception cref="IoUringRefusedException">io_uring is asked for and refused.</exception>
    public static IIoEngine Create(IoEngineChoice choice, int queueDepth, out string description)
    {
        unsafe
        {
            return Create(choice, queueDepth, Syscalls.IoUringSetup, out description);
        }
    }

    internal static IIoEngine Create(IoEngineChoice choice, int queueDepth, IoUringSetup setup, out string description)
    {
        // Each worker holds one request that blocks in the kernel; a disk wants several of them at once, whatever the processors.
        var threads = Math.Clamp(Environment.ProcessorCount * 2, 4, 16);
        var workers = string.Create(CultureInfo.InvariantCulture, $"workers ({threads} threads)");
        if (choice == IoEngineChoice.Workers)
        {
            description = $"{workers}, as chosen";
            return new WorkersEngine(queueDepth, threads);
        }
        try
        {
            var engine = new IoUringEngine(queueDepth, setup);
            description = $"io_uring ({engine.SetupName})";
            return engine;
        }
        catch (IoUringRefusedException refusal) when (choice == IoEngineChoice.Auto)
        {
            description = $"{workers}: {refusal.Message}";
            return new WorkersEngine(queueDepth, threads);
        }
    }
}
