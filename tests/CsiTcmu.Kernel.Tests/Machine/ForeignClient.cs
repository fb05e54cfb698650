using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>
/// A client that others wrote, grpc-js: <c>tests/clients/csi.js</c> in one process for many calls, one at a time. Numbers of 64 bits are texts in its JSON, and what is zero,
/// false or empty is left out.
/// </summary>
internal sealed class ForeignClient : IAsyncDisposable
{
    /// <summary>The code of a call that went well.</summary>
    public const string Ok = "OK";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly JsonSerializerOptions WithoutNulls = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
    private readonly Process _process;

    /// <summary>Starts it.</summary>
    /// <param name="socketPath">Socket of the driver, which may come later.</param>
    public ForeignClient(string socketPath) => _process = Process.Start(new ProcessStartInfo("node", [Script, "--endpoint", "unix://" + socketPath, "--lines"])
    {
        UseShellExecute = false,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;

    /// <summary>The script.</summary>
    public static string Script { get; } = Path.Combine(Repository(), "tests/clients/csi.js");

    /// <summary>Makes a call.</summary>
    /// <param name="method">As in <c>Controller.CreateVolume</c>.</param>
    /// <param name="request">The request, with the names of the protocol; null for an empty one.</param>
    /// <returns>The code, and the response or, of a failure, the message.</returns>
    public async Task<(string Code, string Text)> AskAsync(string method, object? request = null)
    {
        await _process.StandardInput.WriteLineAsync($"{method} {JsonSerializer.Serialize(request ?? new { }, WithoutNulls)}");
        await _process.StandardInput.FlushAsync();
        var line = await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience) ?? throw new InvalidOperationException($"the client ended in {method}");
        return line.StartsWith(Ok + " ", StringComparison.Ordinal)
            ? (Ok, line[(Ok.Length + 1)..])
            : line.Split(": ", 2) is [var code, var text] ? (code, text) : throw new InvalidOperationException($"{method}: '{line}' is no answer");
    }

    /// <summary>Makes a call that goes well.</summary>
    /// <returns>The response; of a stream all of them.</returns>
    public async Task<JsonElement> CallAsync(string method, object? request = null)
    {
        var (code, text) = await AskAsync(method, request);
        return code == Ok ? JsonSerializer.Deserialize<JsonElement>(text) : throw new InvalidOperationException($"{method}: {code}: {text}");
    }

    /// <summary>Makes a call that is refused.</summary>
    public async Task RefusedAsync(string code, string method, object request) => Assert.Equal(code, (await AskAsync(method, request)).Code);

    /// <summary>Ends it.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync().WaitAsync(Patience);
        _process.Dispose();
    }

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "CsiTcmu.sln"))) folder = folder.Parent;
        return folder.FullName;
    }
}
