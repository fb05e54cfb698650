using System.Diagnostics;

namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>Runs programs; a failure carries what they printed.</summary>
internal static class Shell
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    /// <summary>Runs to the end and gives standard output; exit status other than 0 throws.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var (code, output, error) = await TryAsync(program, arguments);
        return code == 0
            ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: exit status {code}\n{output}\n{error}");
    }

    /// <summary>Runs to the end and gives exit status and outputs.</summary>
    public static async Task<(int Code, string Output, string Error)> TryAsync(string program, params string[] arguments)
    {
        using var process = Start(program, arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException expired)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end within {Limit}", expired);
        }

        return (process.ExitCode, await output, await error);
    }

    /// <summary>Starts a program with captured outputs.</summary>
    public static Process Start(string program, params string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        UseShellExecute = false,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
}
