using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace CsiTcmu.Linux.Tools;

/// <summary>How a program ended.</summary>
/// <param name="Program">Its name.</param>
/// <param name="ExitCode">Exit status; 128 and the signal's number when a signal ended it.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
public sealed record ToolResult(string Program, int ExitCode, string Output, string Error)
{
    /// <summary>One line for a message: what it printed last, and its exit status.</summary>
    public string Summary
    {
        get
        {
            const int longest = 400;
            var said = string.Join(' ', (Error.Length > 0 ? Error : Output).Split(['\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
            return $"{Program} ended with {ExitCode}: {(said.Length > longest ? said[^longest..] : said)}";
        }
    }
}

/// <summary>Programs of the system. They are started without a shell, in the C locale.</summary>
public static class Tool
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);
    private static readonly Dictionary<string, string> Nothing = [];

    /// <summary>Runs a program to its end.</summary>
    /// <param name="program">Name, looked up in PATH.</param>
    /// <param name="arguments">Arguments, passed as they are.</param>
    /// <param name="input">What it reads from its standard input, in UTF-8.</param>
    /// <param name="environment">More environment variables.</param>
    /// <param name="cancellationToken">Ends the program with SIGKILL; one that hangs in the kernel is left behind.</param>
    /// <exception cref="IOException">The program cannot be started.</exception>
    public static async Task<ToolResult> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        string input = "",
        IReadOnlyDictionary<string, string>? environment = null,
        CancellationToken cancellationToken = default)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,

            // The same bytes in every locale: a passphrase is one of the inputs.
            StandardInputEncoding = Utf8,
            WorkingDirectory = "/",
        };
        foreach (var (name, value) in environment ?? Nothing) start.Environment[name] = value;
        start.Environment["LC_ALL"] = "C";
        using var process = Start(start);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            await WriteAsync(process.StandardInput, input);
            await process.WaitForExitAsync(cancellationToken);
            return new ToolResult(program, process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }

    private static async Task WriteAsync(StreamWriter stream, string input)
    {
        try
        {
            await stream.WriteAsync(input);
            stream.Close();
        }
        catch (IOException)
        {
            // It ended without reading; its exit status tells.
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new IOException($"{start.FileName} cannot be started.");
        }
        catch (Win32Exception cause)
        {
            throw new IOException($"{start.FileName} cannot be started: {cause.Message}. Install the package that has it.", cause);
        }
    }
}
