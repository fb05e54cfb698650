using System.CommandLine;

namespace CsiTcmu.Verbs;

/// <summary>
/// <c>csi-tcmu standalone</c>: all CSI services on one socket, without Kubernetes; and <c>csi-tcmu node</c>: those of the kubelet, and the
/// agent that fulfils the node's TcmuVolumes.
/// </summary>
internal static class StandaloneVerb
{
    private const string DefaultEndpoint = "unix:///run/csi-tcmu/csi.sock";

    /// <summary>The verb <c>standalone</c>.</summary>
    public static Command Create() => Create("standalone", "Serve volumes of this machine to CSI clients", kubernetes: false);

    /// <summary>The verb <c>node</c>.</summary>
    public static Command CreateNode() => Create("node", "Serve this node's volumes to its kubelet and fulfil its TcmuVolumes", kubernetes: true);

    /// <summary>A verb. Exit status 0 after SIGTERM or SIGINT, 1 when it cannot start, 2 for wrong options.</summary>
    private static Command Create(string name, string description, bool kubernetes)
    {
        var endpoint = CommonOptions.Text("--endpoint", "Where gRPC is served: unix:///path, unix:/path or a path", DefaultEndpoint);
        var pools = CommonOptions.Pools();
        var node = CommonOptions.Text("--node-id", "Id of this node in CSI, at most 256 bytes");
        var engine = CommonOptions.Engine();
        var reactors = CommonOptions.Text("--reactors", "Threads that serve disks, 1 to 64; default: one per processor, at most 4");
        var zeroCopy = CommonOptions.ZeroCopy();
        var specification = CommonOptions.Specification();
        var metrics = CommonOptions.MetricsEndpoint();
        var level = CommonOptions.LogLevel();
        var format = CommonOptions.LogFormatting();
        var kubeconfig = ClusterOptions.Kubeconfig();
        var blocksEndpoint = CommonOptions.BlocksEndpoint();
        var blocksTls = CommonOptions.BlocksTls();
        var command = new Command(name, description) { endpoint, pools, node, engine, reactors, zeroCopy, specification, metrics, level, format };
        if (kubernetes)
        {
            command.Add(kubeconfig);
            command.Add(blocksEndpoint);
            command.Add(blocksTls);
        }

        command.SetAction(async (result, _) =>
        {
            var text = new StandaloneText(
                result.GetValue(endpoint)!, result.GetValue(pools)!, result.GetValue(node), result.GetValue(engine)!, result.GetValue(reactors),
                result.GetValue(specification)!, result.GetValue(metrics), kubernetes ? result.GetValue(blocksEndpoint) : null, kubernetes ? result.GetValue(blocksTls) : null)
            {
                ZeroCopy = result.GetValue(zeroCopy)!,
            };
            if (!StandaloneOptions.TryParse(text, out var options, out var problem))
            {
                await result.InvocationConfiguration.Error.WriteLineAsync($"csi-tcmu {name}: {problem}\nTry csi-tcmu {name} --help.");
                return 2;
            }

            using var logging = Logging.Log.Create(CommonOptions.ParseLevel(result.GetValue(level)!), CommonOptions.ParseFormat(result.GetValue(format)!));
            return await Standalone.RunAsync(options, kubernetes ? () => ClusterOptions.Load(result.GetValue(kubeconfig)) : null, logging);
        });
        return command;
    }
}
