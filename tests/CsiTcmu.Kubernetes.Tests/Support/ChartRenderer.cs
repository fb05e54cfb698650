using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace CsiTcmu.Kubernetes.Tests.Support;

/// <summary>
/// Renders the chart: by a helm on the PATH, else by <c>tests/chart/render.go</c>, built once with Debian's Go and its package of sprig
/// (docs/testing.md names the packages) and kept in the cache.
/// </summary>
internal static class ChartRenderer
{
    public const string Missing = "there is no helm on the PATH, and no go with sprig (apt-get install golang-go golang-github-masterminds-sprig-dev golang-k8s-sigs-yaml-dev)";
    public const string Namespace = "csi-tcmu";
    private const string Release = "csi-tcmu";
    private const string GoPath = "/usr/share/gocode";
    private static readonly string Source = Path.Combine(Manifests.Root, "tests", "chart", "render.go");
    private static readonly Lazy<string?> Program = new(Find);

    public static bool IsAvailable => Program.Value is not null;

    /// <summary>The objects of the chart that are installed.</summary>
    /// <param name="values">Values, as YAML, in the place of the chart's own.</param>
    public static IReadOnlyList<JsonObject> Render(string values = "") => [.. RenderAll(values).Where(item => !IsHook(item))];

    /// <summary>The objects of <c>helm test</c>.</summary>
    /// <param name="values">Values, as YAML, in the place of the chart's own.</param>
    public static IReadOnlyList<JsonObject> RenderTest(string values = "") => [.. RenderAll(values).Where(IsHook)];

    private static IReadOnlyList<JsonObject> RenderAll(string values) => Manifests.Parse(RenderText(values));

    /// <summary>All of it, as the renderer prints it.</summary>
    /// <param name="values">Values, as YAML, in the place of the chart's own.</param>
    public static string RenderText(string values)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, values);
            var program = Program.Value!;
            if (Manifests.Parse(values) is [var given])
            {
                // As helm does.
                var schema = JsonNode.Parse(File.ReadAllText(Path.Combine(Manifests.Chart, "values.schema.json")))!.AsObject();
                Assert.Empty(ValuesSchema.Complaints(given, schema));
            }

            string[] arguments = Path.GetFileName(program) == "helm"
                ? ["template", Release, Manifests.Chart, "--namespace", Namespace, "--values", file]
                : [Manifests.Chart, Namespace, Release, file];
            return Run(program, arguments);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static bool IsHook(JsonObject item) => item["metadata"]!["annotations"]?["helm.sh/hook"] is not null;

    private static string? Find()
    {
        if (OnPath("helm") is { } helm) return helm;
        var hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Source)))[..16];
        var cached = Path.Combine(Binaries.Cache, $"chart-render-{hash}");
        if (File.Exists(cached)) return cached;
        if (OnPath("go") is not { } go || !Directory.Exists(GoPath + "/src/github.com/Masterminds/sprig")) return null;
        Directory.CreateDirectory(Binaries.Cache);
        var building = $"{cached}.{Environment.ProcessId}";
        Run(go, ["build", "-o", building, Source], ("GO111MODULE", "off"), ("GOPATH", GoPath), ("GOFLAGS", ""), ("CGO_ENABLED", "0"));
        File.Move(building, cached, overwrite: true);
        return cached;
    }

    /// <summary>Where the PATH has the program; null when it has not.</summary>
    public static string? OnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    /// <summary>What the program prints; an <see cref="InvalidOperationException"/> with its complaint when it fails.</summary>
    public static string Run(string program, string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {error.Result}{output}");
    }
}
