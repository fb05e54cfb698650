using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CsiTcmu.Grpc.Tests;

/// <summary>What came of a call, as a client written by others saw it.</summary>
/// <param name="Code">The status code by name, for example <c>DEADLINE_EXCEEDED</c>.</param>
/// <param name="Details">The message of the status.</param>
/// <param name="Responses">The responses.</param>
/// <param name="Headers">Metadata ahead of the responses.</param>
/// <param name="Trailers">Metadata with the status.</param>
internal sealed record Outcome(
    string Code, string? Details, JsonElement[] Responses, Dictionary<string, string> Headers, Dictionary<string, string> Trailers);

/// <summary>A call for a client to make; see tests/clients/call.js.</summary>
internal sealed record Call(string Method, object? Request = null)
{
    public string? Path { get; init; }

    public int? TimeoutMs { get; init; }

    public bool? CancelOnHeaders { get; init; }

    public Dictionary<string, string>? Metadata { get; init; }

    public int? Times { get; init; }
}

/// <summary>Runs the clients of tests/clients.</summary>
internal static class ForeignClient
{
    public const string Js = "grpc-js";
    public const string Python = "grpcio";

    public static readonly string Repository = FindRepository();
    public static readonly string Clients = Path.Combine(Repository, "tests/clients");

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
    };

    private static readonly Lazy<Task> NodePackages = new(async () =>
    {
        var (status, _, errors) = await RunAsync(Path.Combine(Clients, "install.sh"), [], "");
        Assert.True(status == 0, $"tests/clients/install.sh failed, so grpc-js cannot judge: {errors}");
    });

    public static async Task<Outcome> CallAsync(string client, TestServer server, Call call) =>
        Assert.Single(await CallAsync(client, server, null, call));

    public static async Task<Outcome[]> CallAsync(
        string client, TestServer server, Dictionary<string, int>? channelOptions, params Call[] calls)
    {
        var job = new JsonObject
        {
            ["endpoint"] = server.Endpoint,
            ["proto"] = client == Js ? Path.Combine(Repository, "tests/CsiTcmu.Grpc.Tests/wire.proto") : server.DescriptorFile,
            ["service"] = "csitcmu.test.Wire",
            ["calls"] = JsonSerializer.SerializeToNode(calls, Json),
        };
        if (channelOptions is not null)
            job["channelOptions"] = JsonSerializer.SerializeToNode(channelOptions);

        var (status, output, errors) = client == Js
            ? await NodeAsync("call.js", [], job.ToJsonString())
            : await RunAsync("/usr/bin/python3", [Path.Combine(Clients, "call.py")], job.ToJsonString());
        Assert.True(status == 0, $"{client} ended with {status}; is Debian's python3-grpcio and python3-protobuf installed? {errors}");
        return JsonSerializer.Deserialize<Outcome[]>(output, Json)!;
    }

    public static async Task<(int Status, string Output, string Errors)> NodeAsync(string script, string[] arguments, string input)
    {
        await NodePackages.Value;
        return await RunAsync("node", [Path.Combine(Clients, script), .. arguments], input);
    }

    public static Process Start(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException($"{program} cannot be started ({e.Message}): install nodejs, npm and python3-grpcio.", e);
        }
    }

    private static async Task<(int Status, string Output, string Errors)> RunAsync(string program, string[] arguments, string input)
    {
        using var process = Start(program, arguments);
        using var limit = new CancellationTokenSource(TestServer.Patience);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException e)
        {
            process.Kill();
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end.", e);
        }
    }

    private static string FindRepository()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "CsiTcmu.sln")))
            directory = directory.Parent;
        return directory?.FullName ?? throw new InvalidOperationException("The tests must run inside the repository, where the clients are.");
    }
}
