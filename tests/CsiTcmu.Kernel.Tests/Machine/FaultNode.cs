using System.Diagnostics;

namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>
/// The driver's volumes in a process that ends itself by SIGKILL at a fault point. Several stand side by side, each with a pool and a
/// volume name of its own.
/// </summary>
internal sealed class FaultNode : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private Process? _process;

    /// <summary>A node that is not started yet.</summary>
    /// <param name="root">Folder that the pool is made in.</param>
    /// <param name="number">Tells nodes apart.</param>
    public FaultNode(string root, int number)
    {
        Name = $"fault-{number}";
        Pool = Directory.CreateDirectory(Path.Combine(root, Name)).FullName;
    }

    /// <summary>Name of the pool, and for a volume.</summary>
    public string Name { get; }

    /// <summary>Folder of the pool.</summary>
    public string Pool { get; }

    /// <summary>Starts it, also again, and waits until it has taken its disks over.</summary>
    public async Task StartAsync()
    {
        _process?.Dispose();
        _process = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "driver", "CsiTcmu.FaultDriver"), [$"{Name}={Pool}"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        await AnswerAsync("start");
    }

    /// <summary>Does one operation and throws when it fails.</summary>
    public async Task DoAsync(params string[] words)
    {
        var operation = string.Join(' ', words);
        await _process!.StandardInput.WriteLineAsync(operation);
        await _process.StandardInput.FlushAsync();
        await AnswerAsync(operation);
    }

    /// <summary>Begins an operation that comes to a fault point, and waits until the process has been killed there.</summary>
    public async Task DieAsync(string fault, params string[] words)
    {
        await DoAsync("fault", fault);
        var end = await Record.ExceptionAsync(() => DoAsync(words));
        Assert.True(end is EndOfStreamException, $"'{string.Join(' ', words)}' did not come to {fault}: {end?.Message ?? "it was done"}");
        await _process!.WaitForExitAsync().WaitAsync(Limit);
    }

    /// <summary>Lets it end and removes its pool.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync().WaitAsync(Limit);
            _process.Dispose();
        }

        Directory.Delete(Pool, recursive: true);
    }

    private async Task AnswerAsync(string operation)
    {
        var answer = await _process!.StandardOutput.ReadLineAsync().WaitAsync(Limit) ?? throw new EndOfStreamException($"the process ended in '{operation}'");
        if (!string.Equals(answer, "done", StringComparison.Ordinal)) throw new InvalidOperationException($"'{operation}' failed: {answer}");
    }
}
