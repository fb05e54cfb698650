using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using CsiTcmu.Linux;
using CsiTcmu.TestClient;

namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>The driver as users run it: a process of its own with a pool and a socket.</summary>
internal sealed class DriverProcess : IAsyncDisposable
{
    private const int TerminateSignal = 15;
    private const int SetIoFlusher = 57;
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);
    private readonly ConcurrentQueue<string> _log = new();
    private readonly string _program;
    private readonly string _specification;
    private Process? _process;

    /// <summary>A driver that is not started yet.</summary>
    /// <param name="pool">Folder of its one pool.</param>
    /// <param name="program">Program beside the tests; the ordinary driver unless said otherwise.</param>
    /// <param name="socket">Path of its socket.</param>
    /// <param name="poolName">Name of the pool; drivers side by side need different ones.</param>
    /// <param name="poolOptions">What follows the folder in <c>--pool</c>.</param>
    public DriverProcess(
        string pool, string program = "csi-tcmu", string socket = "/run/csi-tcmu-test/csi.sock", string poolName = "test", string poolOptions = "")
    {
        _specification = $"{poolName}={pool}{poolOptions}";
        Pool = pool;
        SocketPath = socket;
        Client = new(socket);
        _program = Path.Combine(AppContext.BaseDirectory, "driver", program);
    }

    /// <summary>Folder of the pool.</summary>
    public string Pool { get; }

    /// <summary>Socket of the driver.</summary>
    public string SocketPath { get; }

    /// <summary>A client of this driver; it connects again after a restart.</summary>
    public CsiClient Client { get; }

    /// <summary>Process id of the running driver.</summary>
    public int Id => _process!.Id;

    /// <summary>All log lines so far.</summary>
    public IReadOnlyCollection<string> Log => _log;

    /// <summary>Starts it and waits until its socket is open, which is when all disks are served.</summary>
    /// <param name="variables">More environment variables.</param>
    public async Task StartAsync(params (string Name, string Value)[] variables)
    {
        Begin(variables);
        var limit = Stopwatch.StartNew();
        while (!await IsOpenAsync())
        {
            if (_process!.HasExited) throw new InvalidOperationException($"the driver ended with {_process.ExitCode}:\n{Tail()}");
            if (limit.Elapsed > StartLimit) throw new TimeoutException($"the driver did not open its socket within {StartLimit}:\n{Tail()}");
            await Task.Delay(50);
        }
    }

    /// <summary>Starts it and does not wait.</summary>
    /// <param name="variables">More environment variables.</param>
    public void Begin(params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo(_program, ["standalone", "--endpoint", "unix://" + SocketPath, "--pool", _specification, "--node-id", "node-1"])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in variables) start.Environment[name] = value;
        _process?.Dispose();
        _process = StartAsFlusher(start);
        _process.ErrorDataReceived += Keep;
        _process.OutputDataReceived += Keep;
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    /// <summary>
    /// The child has this thread's I/O flusher flag, so it need not execute itself again for it: a fifth of its start. The demo starts it
    /// without.
    /// </summary>
    private static Process StartAsFlusher(ProcessStartInfo start)
    {
        _ = Syscalls.ProcessControl(SetIoFlusher, 1);
        try
        {
            return Process.Start(start)!;
        }
        finally
        {
            _ = Syscalls.ProcessControl(SetIoFlusher, 0);
        }
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM; the driver must end with status 0.</summary>
    public async Task TerminateAsync()
    {
        _ = Syscalls.Kill(_process!.Id, TerminateSignal);
        await _process.WaitForExitAsync();
        if (_process.ExitCode != 0) throw new InvalidOperationException($"the driver ended with {_process.ExitCode}:\n{Tail()}");
    }

    /// <summary>Waits until the driver has ended by itself.</summary>
    public async Task WaitForEndAsync() => await _process!.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2));

    /// <summary>The last log lines.</summary>
    public string Tail() => string.Join('\n', _log.TakeLast(40));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false }) await KillAsync();
        _process?.Dispose();
        Client.Dispose();
    }

    private async Task<bool> IsOpenAsync()
    {
        if (!File.Exists(SocketPath)) return false;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath));
            return true;
        }
        catch (SocketException)
        {
            return false; // Left by a process that was killed.
        }
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is not null) _log.Enqueue(line.Data);
    }
}
