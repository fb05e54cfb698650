using System.CommandLine;
using CsiTcmu.Csi;
using CsiTcmu.Kubernetes.Controller;

namespace CsiTcmu.Verbs;

/// <summary><c>csi-tcmu controller</c>: the CSI controller of a cluster, over its TcmuVolumes.</summary>
internal static class ControllerVerb
{
    private const string DefaultEndpoint = "unix:///csi/csi.sock";
    private const int LeastPatience = 1, MostPatience = 600;
    private const int LeastAge = 300, MostAge = 365 * 24 * 3600; // A provisioner that is about to write a persistent volume has minutes.

    /// <summary>The verb. Exit status 0 after SIGTERM or SIGINT, 1 when it cannot start, 2 for wrong options.</summary>
    public static Command Create()
    {
        var endpoint = CommonOptions.Text("--endpoint", "Where gRPC is served: unix:///path, unix:/path or a path", DefaultEndpoint);
        var kubeconfig = ClusterOptions.Kubeconfig();
        var patience = CommonOptions.Text(
            "--patience", $"Seconds that a call waits for a node before it is answered ABORTED, {LeastPatience} to {MostPatience}; less than the sidecars' --timeout", "50");
        var orphanAge = CommonOptions.Text(
            "--orphan-age",
            $"Seconds after which a volume whose claim and persistent volume are both gone is deleted, {LeastAge} or more; 0: it is only told of, never deleted", "0");
        var goneNodeAge = CommonOptions.Text(
            "--gone-node-age", $"Seconds after which what is deleted is let go without a node that has left the cluster, {LeastAge} or more; 0: never", "900");
        var specification = CommonOptions.Specification();
        var blocksTls = CommonOptions.BlocksTls();
        var metrics = CommonOptions.MetricsEndpoint();
        var level = CommonOptions.LogLevel();
        var format = CommonOptions.LogFormatting();
        var command = new Command("controller", "Serve the volumes of a cluster to the CSI sidecars") { endpoint, kubeconfig, patience, orphanAge, goneNodeAge, specification, blocksTls, metrics, level, format };
        command.SetAction(async (result, _) =>
        {
            if (!TryParse(result.GetValue(patience), LeastPatience, MostPatience, out var seconds))
                return await RefuseAsync(result, patience, $"{LeastPatience} to {MostPatience} seconds");
            if (!TryParseAge(result.GetValue(orphanAge), out var orphaned)) return await RefuseAsync(result, orphanAge, $"0, or {LeastAge} to {MostAge} seconds");
            if (!TryParseAge(result.GetValue(goneNodeAge), out var gone)) return await RefuseAsync(result, goneNodeAge, $"0, or {LeastAge} to {MostAge} seconds");

            using var logging = Logging.Log.Create(CommonOptions.ParseLevel(result.GetValue(level)!), CommonOptions.ParseFormat(result.GetValue(format)!));
            var options = new ResourceCatalogueOptions
            {
                Patience = TimeSpan.FromSeconds(seconds),
                DriverName = CsiServices.DriverName,
                Sweeps = new SweepOptions { OrphanAge = orphaned, GoneNodeAge = gone },
            };
            return await ClusterController.RunAsync(
                result.GetValue(endpoint)!, CommonOptions.ParseEndpoint(result.GetValue(metrics)), () => ClusterOptions.Load(result.GetValue(kubeconfig)), options,
                CommonOptions.ParseSpecification(result.GetValue(specification)!), result.GetValue(blocksTls), logging);
        });
        return command;
    }

    private static bool TryParse(string? text, int least, int most, out int seconds) => int.TryParse(text, out seconds) && seconds >= least && seconds <= most;

    /// <summary>An age; null for never.</summary>
    private static bool TryParseAge(string? text, out TimeSpan? age)
    {
        age = null;
        if (text == "0") return true;
        if (!TryParse(text, LeastAge, MostAge, out var seconds)) return false;
        age = TimeSpan.FromSeconds(seconds);
        return true;
    }

    private static async Task<int> RefuseAsync(ParseResult result, Option<string?> option, string range)
    {
        await result.InvocationConfiguration.Error.WriteLineAsync($"csi-tcmu controller: {option.Name} is '{result.GetValue(option)}'; it must be {range}");
        return 2;
    }
}
