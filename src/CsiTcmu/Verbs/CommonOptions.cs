using System.CommandLine;
using System.Net;
using CsiTcmu.Csi;
using CsiTcmu.Logging;
using CsiTcmu.Metrics;
using CsiTcmu.Volumes;
using Serilog.Events;

namespace CsiTcmu.Verbs;

/// <summary>Options that several verbs share. Each is also an environment variable: <c>--node-id</c> is <c>CSI_TCMU_NODE_ID</c>.</summary>
internal static class CommonOptions
{
    /// <summary>An option of one value with its environment variable.</summary>
    public static Option<string?> Text(string name, string description, string? fallback = null) => new(name)
    {
        Description = $"{description} [{Variable(name)}]{(fallback is null ? "" : $" (default {fallback})")}",
        DefaultValueFactory = _ => FromEnvironment(name) ?? fallback,
    };

    /// <summary>An option that is one of a few words, with its environment variable.</summary>
    public static Option<string?> Choice(string name, string description, string fallback, params string[] words)
    {
        var option = Text(name, $"{description}: {string.Join(", ", words)}", fallback);
        option.Validators.Add(result =>
        {
            var value = result.GetValueOrDefault<string?>();
            if (value is not null && !words.Contains(value, StringComparer.Ordinal))
            {
                result.AddError($"{name} is '{value}'; it must be one of: {string.Join(", ", words)}");
            }
        });
        return option;
    }

    /// <summary>The pools: repeated option, or an environment variable with blanks between.</summary>
    public static Option<string[]> Pools() => new("--pool")
    {
        Description = $"A pool as NAME=PATH[,reserve=SIZE][,overcommitRatio=N]; may be repeated [{Variable("--pool")}, blanks between]",
        DefaultValueFactory = _ => FromEnvironment("--pool")?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [],
    };

    /// <summary>Where metrics are served.</summary>
    public static Option<string?> MetricsEndpoint()
    {
        const string name = "--metrics-endpoint";
        var option = Text(name, "Where metrics are served over HTTP, as ADDRESS:PORT of one interface; who reaches it reads them; default: nowhere");
        option.Validators.Add(result =>
        {
            var value = result.GetValueOrDefault<string?>();
            if (value is not null && !MetricsServer.TryParse(value, out _))
                result.AddError($"{name} is '{value}'; it must be the address of one interface and a port, such as 127.0.0.1:9810");
        });
        return option;
    }

    /// <summary>The endpoint of <see cref="MetricsEndpoint"/>; null for none.</summary>
    public static IPEndPoint? ParseEndpoint(string? text) => text is not null && MetricsServer.TryParse(text, out var endpoint) ? endpoint : null;

    /// <summary>Where the blocks of snapshots are told.</summary>
    public static Option<string?> BlocksEndpoint()
    {
        const string name = "--blocks-endpoint";
        var option = Text(name, "Where the blocks of snapshots are told to the controller, as ADDRESS:PORT of one interface; needs --blocks-tls; default: nowhere");
        option.Validators.Add(result =>
        {
            var value = result.GetValueOrDefault<string?>();
            if (value is not null && !MetricsServer.TryParse(value, out _))
                result.AddError($"{name} is '{value}'; it must be the address of one interface and a port, such as 10.1.2.3:9811");
        });
        return option;
    }

    /// <summary>What controller and nodes know each other by.</summary>
    public static Option<string?> BlocksTls() => Text(
        "--blocks-tls", $"Folder with tls.crt, tls.key and ca.crt, by which controller and nodes know each other; the certificate carries the name {SnapshotMetadataEntrance.CertificateName}");

    /// <summary>How much is logged.</summary>
    public static Option<string?> LogLevel() =>
        Choice("--log-level", "Least level that is logged", "info", "debug", "info", "warning", "error");

    /// <summary>How log lines look.</summary>
    public static Option<string?> LogFormatting() => Choice("--log-format", "Form of log lines", "text", "text", "json");

    /// <summary>What serves file I/O.</summary>
    public static Option<string?> Engine() => Choice("--io-engine", "What serves file I/O", "auto", "auto", "io_uring", "workers");

    /// <summary>Whether the kernel shows the pages of commands instead of copying them.</summary>
    public static Option<string?> ZeroCopy() => Choice(
        "--zero-copy", "Whether volumes that do not say themselves have the kernel map pages instead of copying, by the module of deploy/kernel", "off", [.. ZeroCopyParameter.Words]);

    /// <summary>The mode of a word of <see cref="ZeroCopy"/>.</summary>
    public static ZeroCopyMode ParseZeroCopy(string word) => ZeroCopyParameter.TryParse(word, out var mode) ? mode : ZeroCopyMode.Off;

    /// <summary>How health is told.</summary>
    public static Option<string?> Specification() => Choice("--csi-spec", "Version of CSI by which health is told", "1.12", "1.12", "1.13");

    /// <summary>The version of a word of <see cref="Specification"/>.</summary>
    public static CsiSpecification ParseSpecification(string word) => word == "1.13" ? CsiSpecification.Csi113 : CsiSpecification.Csi112;

    /// <summary>The logger's level of a word of <see cref="LogLevel"/>.</summary>
    public static LogEventLevel ParseLevel(string word) => word switch
    {
        "debug" => LogEventLevel.Debug,
        "warning" => LogEventLevel.Warning,
        "error" => LogEventLevel.Error,
        _ => LogEventLevel.Information,
    };

    /// <summary>The logger's format of a word of <see cref="LogFormatting"/>.</summary>
    public static LogFormat ParseFormat(string word) => word == "json" ? LogFormat.Json : LogFormat.Text;

    private static string? FromEnvironment(string name) =>
        Environment.GetEnvironmentVariable(Variable(name)) is { Length: > 0 } value ? value : null;

    private static string Variable(string name) => "CSI_TCMU_" + name.TrimStart('-').Replace('-', '_').ToUpperInvariant();
}
