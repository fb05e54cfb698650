using System.CommandLine;
using CsiTcmu.Kubernetes.Client;

namespace CsiTcmu.Verbs;

/// <summary>Options of the verbs that speak to an API server.</summary>
internal static class ClusterOptions
{
    /// <summary>How this program names itself to the API server.</summary>
    public static string UserAgent { get; } = "csi-tcmu/" + VersionVerb.Version.Split('+')[0];

    /// <summary>Where the cluster is, outside of it.</summary>
    public static Option<string?> Kubeconfig() =>
        CommonOptions.Text("--kubeconfig", "A kubeconfig file, outside of a cluster; default: the service account of the pod");

    /// <summary>The cluster that the option names, or else the one that this process runs in.</summary>
    public static ClusterConfiguration Load(string? kubeconfig) =>
        kubeconfig is null ? ClusterConfiguration.InCluster() : CsiTcmu.Kubernetes.Client.Kubeconfig.Load(kubeconfig);
}
