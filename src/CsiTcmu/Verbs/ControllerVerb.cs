using System.CommandLine;

namespace CsiTcmu.Verbs;

/// <summary><c>csi-tcmu controller</c>: the CSI controller of a cluster, over its TcmuVolumes.</summary>
internal static class ControllerVerb
{
    private const string DefaultEndpoint = "unix:///csi/csi.sock";
    private const int LeastPatience = 1, MostPatience = 600;

    /// <summary>The verb. Exit status 0 after SIGTERM or SIGINT, 1 when it cannot start, 2 for wrong options.</summary>
    public static Command Create()
    {
        var endpoint = CommonOptions.Text("--endpoint", "Where gRPC is served: unix:///path, unix:/path or a path", DefaultEndpoint);
        var kubeconfig = ClusterOptions.Kubeconfig();
        var patience = CommonOptions.Text(
            "--patience", $"Seconds that a call waits for a node before it is answered ABORTED, {LeastPatience} to {MostPatience}; less than the sidecars' --timeout", "50");
        var level = CommonOptions.LogLevel();
        var format = CommonOptions.LogFormatting();
        var command = new Command("controller", "Serve the volumes of a cluster to the CSI sidecars") { endpoint, kubeconfig, patience, level, format };
        command.SetAction(async (result, _) =>
        {
            if (!int.TryParse(result.GetValue(patience), out var seconds) || seconds is < LeastPatience or > MostPatience)
            {
                await result.InvocationConfiguration.Error.WriteLineAsync(
                    $"csi-tcmu controller: --patience is '{result.GetValue(patience)}'; it must be {LeastPatience} to {MostPatience} seconds");
                return 2;
            }

            using var logging = Logging.Log.Create(CommonOptions.ParseLevel(result.GetValue(level)!), CommonOptions.ParseFormat(result.GetValue(format)!));
            return await ClusterController.RunAsync(
                result.GetValue(endpoint)!, () => ClusterOptions.Load(result.GetValue(kubeconfig)), TimeSpan.FromSeconds(seconds), logging);
        });
        return command;
    }
}
