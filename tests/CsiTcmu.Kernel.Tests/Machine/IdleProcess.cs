namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>What a driver costs whose volumes are idle.</summary>
/// <param name="ProcessorTime">Time on a processor, of all threads, within the window.</param>
/// <param name="Window">How long it was looked at.</param>
/// <param name="ResidentBytes">Resident memory.</param>
internal sealed record IdleProcess(TimeSpan ProcessorTime, TimeSpan Window, long ResidentBytes)
{
    private const string ReactorPrefix = "reactor";
    private const int Windows = 24;
    private const int ClockTicks = 100; // USER_HZ
    private static readonly TimeSpan OneWindow = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Waits for a window in which no reactor wakes up and the process takes next to no time; file systems write a little after they were made,
    /// and the runtime compiles for a while what has been busy. Throws when there is none.
    /// </summary>
    /// <param name="process">Process id.</param>
    /// <param name="mostProcessor">Most processor time, as a part of one processor.</param>
    public static async Task<IdleProcess> SilenceAsync(int process, double mostProcessor)
    {
        var (switches, spent) = (0L, TimeSpan.Zero);
        for (var window = 0; window < Windows; window++)
        {
            var (before, time) = (Switches(process), ProcessorTicks(process));
            await Task.Delay(OneWindow);
            switches = Switches(process) - before;
            spent = TimeSpan.FromSeconds((ProcessorTicks(process) - time) / (double)ClockTicks);
            if (switches == 0 && spent < OneWindow * mostProcessor) return new(spent, OneWindow, Resident(process));
        }

        throw new InvalidOperationException(
            $"the driver never rests: {switches} wake-ups of reactors and {spent.TotalSeconds:F2} s of a processor within the last {OneWindow.TotalSeconds} s");
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"no wake-up of a reactor within {Window.TotalSeconds} s, {ProcessorTime / Window:P2} of one processor, {ResidentBytes >> 20} MiB resident";

    private static long Switches(int process)
    {
        var reactors = Directory.GetDirectories($"/proc/{process}/task").Where(IsReactor).ToArray();
        if (reactors.Length == 0) throw new InvalidOperationException($"process {process} has no thread named {ReactorPrefix}");
        return reactors.Sum(task => Field(task + "/status", "voluntary_ctxt_switches:"));
    }

    private static bool IsReactor(string task)
    {
        try
        {
            return File.ReadAllText(task + "/comm").StartsWith(ReactorPrefix, StringComparison.Ordinal);
        }
        catch (IOException) when (!Directory.Exists(task))
        {
            // A thread of the pool that has just ended.
            return false;
        }
    }

    private static long ProcessorTicks(int process)
    {
        // utime and stime, proc(5); the name in parentheses may hold blanks.
        var fields = File.ReadAllText($"/proc/{process}/stat").Split(')')[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return long.Parse(fields[11]) + long.Parse(fields[12]);
    }

    private static long Resident(int process) => Field($"/proc/{process}/status", "VmRSS:") * 1024;

    private static long Field(string file, string name)
    {
        var line = File.ReadLines(file).First(line => line.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim());
    }
}
