using System.Text.Json;
using System.Text.Json.Nodes;
using CsiTcmu.Kubernetes.Caching;
using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Resources;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Kubernetes.Agent;

/// <summary>
/// The taint that a new node may be given so that no pod that needs a volume starts before the driver does. It is removed, once, when the
/// kubelet has registered the driver.
/// </summary>
/// <param name="client">The server.</param>
/// <param name="node">The node.</param>
/// <param name="driver">Name of the driver.</param>
/// <param name="logger">Receives what is worth telling.</param>
internal sealed class StartupTaint(ApiClient client, string node, string driver, ILogger logger)
{
    private static readonly Backoff Pauses = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));

    /// <summary>The taint's key, whatever its effect.</summary>
    public const string Key = Kinds.Group + "/agent-not-ready";

    /// <summary>Tries until the taint is not there any more.</summary>
    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; !cancellationToken.IsCancellationRequested; attempt++)
        {
            try
            {
                if (await TryRemoveAsync(cancellationToken)) return;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (ApiException failure)
            {
                logger.LogInformation("The start-up taint is looked at again: {Reason}", failure.Message);
            }

            await Pauses.WaitAsync(attempt, cancellationToken);
        }
    }

    private async Task<bool> TryRemoveAsync(CancellationToken cancellationToken)
    {
        var current = await client.GetAsync(Kinds.Nodes, node, null, cancellationToken);
        var taints = current.Spec?.Taints ?? [];
        if (taints.TrueForAll(taint => taint.Key != Key)) return true;
        var registered = await client.FindAsync(Kinds.CsiNodes, node, null, cancellationToken);
        if (registered?.Spec?.Drivers?.Exists(entry => entry.Name == driver) != true) return false;

        var rest = JsonSerializer.SerializeToNode(
            new CoreNodeSpec { Taints = [.. taints.Where(taint => taint.Key != Key)] }, ResourceJson.Default.CoreNodeSpec);
        await client.PatchAsync(
            Kinds.Nodes, node, null,
            new JsonObject { ["metadata"] = new JsonObject { ["resourceVersion"] = current.Metadata.ResourceVersion }, ["spec"] = rest },
            cancellationToken);
        logger.LogInformation("Removed the start-up taint {Taint} of node {Node}", Key, node);
        return true;
    }
}
