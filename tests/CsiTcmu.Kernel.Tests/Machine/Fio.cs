using System.Diagnostics;
using System.Text.Json;

namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>fio with verification: four jobs of random reads and writes, 4k to 256k, direct.</summary>
internal sealed class Fio
{
    private const int Jobs = 4;
    // Writes of a job that are not yet verified, at most. fio verifies nothing more once its time is over.
    private const int Backlog = 16;
    private readonly string _folder;
    private readonly int _jobs;
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private Fio(string folder, int jobs, Process process)
    {
        (_folder, _jobs) = (folder, jobs);
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
        _error = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Starts verified load on several files or devices at once, each job in a range of its own.</summary>
    /// <param name="seconds">How long each job writes and verifies, unless <see cref="Stop"/> ends it before.</param>
    /// <param name="rangePerJob">Bytes of each of the four jobs.</param>
    /// <param name="rate">Bytes read, and written, per second and job; 0: as many as it gets.</param>
    /// <param name="targets">Files or devices.</param>
    public static Fio Start(int seconds, long rangePerJob, long rate, params string[] targets)
    {
        var folder = Directory.CreateTempSubdirectory("fio-").FullName;
        File.WriteAllLines(folder + "/jobs",
        [
            "[global]", "ioengine=libaio", "direct=1", "rw=randrw", "bsrange=4k-256k", "iodepth=8", "verify=crc32c", "verify_fatal=1", $"verify_backlog={Backlog}",
            "time_based=1", $"runtime={seconds}", $"size={rangePerJob}", "norandommap=0", "group_reporting=0", "max_latency=0",
            .. rate == 0 ? Array.Empty<string>() : [$"rate={rate},{rate}"],
            .. targets.SelectMany((target, t) => Enumerable.Range(0, Jobs)
                .SelectMany(job => new[] { $"[t{t}j{job}]", $"filename={target}", $"offset={job * rangePerJob}" })),
        ]);
        // Nicely: a driver that starts again must not wait behind twelve checksumming jobs on two emulated processors.
        return new(folder, Jobs * targets.Length,
            Shell.Start("nice", "-n", "19", "fio", "--output-format=json", $"--aux-path={folder}", $"--trigger-file={folder}/stop", folder + "/jobs"));
    }

    /// <summary>Waits until its jobs are there, seconds after its start.</summary>
    public async Task UnderWayAsync()
    {
        var children = $"/proc/{_process.Id}/task/{_process.Id}/children";
        while (!_process.HasExited && (await File.ReadAllTextAsync(children)).Split(' ', StringSplitOptions.RemoveEmptyEntries).Length < _jobs) await Task.Delay(100);
    }

    /// <summary>Has it finish what it has begun and end. Its signals would do the same, but make its exit status that of a failure.</summary>
    public void Stop() => File.WriteAllText(_folder + "/stop", "");

    /// <summary>Waits for its end; any error of I/O or of verification throws.</summary>
    /// <returns>Bytes read and written, and the longest time that one I/O took.</returns>
    public async Task<(long Read, long Written, TimeSpan Longest)> FinishAsync()
    {
        await _process.WaitForExitAsync();
        Directory.Delete(_folder, recursive: true);
        var output = await _output;
        if (_process.ExitCode != 0) throw new InvalidOperationException($"fio: exit status {_process.ExitCode}\n{await _error}\n{output[..Math.Min(output.Length, 2000)]}");
        using var json = JsonDocument.Parse(output[output.IndexOf('{')..]);
        long read = 0, written = 0, longest = 0;
        foreach (var job in json.RootElement.GetProperty("jobs").EnumerateArray())
        {
            var error = job.GetProperty("error").GetInt32();
            if (error != 0) throw new InvalidOperationException($"fio: job {job.GetProperty("jobname").GetString()} ended with error {error}");
            read += job.GetProperty("read").GetProperty("io_bytes").GetInt64();
            written += job.GetProperty("write").GetProperty("io_bytes").GetInt64();
            foreach (var direction in new[] { "read", "write" })
            {
                longest = Math.Max(longest, (long)job.GetProperty(direction).GetProperty("lat_ns").GetProperty("max").GetDouble());
            }
        }

        if (read == 0 || written == 0) throw new InvalidOperationException("fio did nothing");
        return (read, written, TimeSpan.FromMilliseconds(longest / 1e6));
    }
}
