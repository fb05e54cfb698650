using System.Net;
using System.Text.Json.Nodes;
using CsiTcmu.Kubernetes.Tests.Support;

namespace CsiTcmu.Kubernetes.Tests;

/// <summary>The chart and its test on the API server.</summary>
[Collection(nameof(ApiServer))]
public sealed class ChartServerTests : IAsyncLifetime
{
    private const string Snapshots = "sidecars: {snapshotter: {enabled: true}}\n";
    private readonly ApiServer _server;

    public ChartServerTests(ApiServer server)
    {
        _server = server;
        Assert.SkipUnless(server.IsAvailable, Binaries.Missing);
        Assert.SkipUnless(ChartRenderer.IsAvailable, ChartRenderer.Missing);
    }

    public async ValueTask InitializeAsync() =>
        await _server.ApplyAsync("api/v1/namespaces", Manifests.Parse($"{{apiVersion: v1, kind: Namespace, metadata: {{name: {ChartRenderer.Namespace}}}}}")[0]);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("")]
    [InlineData("""
        crds: {install: false}
        controller: {replicaCount: 1, podDisruptionBudget: {enabled: false}, tolerations: [], affinity: {nodeAffinity: {}}, serviceAccount: {create: false, name: given}}
        node: {loadModules: false, tolerations: [], updateStrategy: {type: OnDelete}, serviceAccount: {create: false, name: given}}
        helmTest: {enabled: false}
        """)]
    [InlineData("""
        imagePullSecrets: [{name: pull}]
        nameOverride: other
        fullnameOverride: a-name-that-is-longer-than-what-names-of-pods-and-labels-may-have
        customLabels: {team: storage}
        sidecars:
          provisioner: {additionalArgs: [--worker-threads=7], resources: {limits: {memory: 99Mi}}}
          snapshotter: {enabled: true, resources: {requests: {cpu: 5m}}}
        controller:
          topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {a: b}}}]
          updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 1}}
          podAnnotations: {a: b}
          podLabels: {c: d}
          nodeSelector: {e: f}
        node: {installHostRules: true, kubeletPath: /var/lib/k0s/kubelet, reactors: 2, pools: [{name: a, path: /srv/a, reserve: 10Gi}, {name: b, path: /srv/b}], nodeSelector: {g: h}, affinity: {nodeAffinity: {}}}
        metrics: {enabled: true, port: 9999}
        snapshotMetadata: {enabled: true, serviceAuthority: "-----BEGIN CERTIFICATE-----"}
        monitoring: {podMonitor: {enabled: true}, prometheusRule: {enabled: true}, dashboard: {enabled: true}}
        networkPolicy: {enabled: true, apiServerPeers: [{ipBlock: {cidr: 10.0.0.0/8}}], metricsPeers: [{namespaceSelector: {matchLabels: {a: b}}}]}
        storageClasses: [{name: fast, parameters: {pool: a}, mountOptions: [noatime], allowedTopologies: [{matchLabelExpressions: [{key: csi-tcmu.io/node, values: [a]}]}]}]
        volumeAttributesClasses: [{name: gold, parameters: {iops: "500"}, labels: {a: b}, annotations: {c: d}}]
        volumeSnapshotClasses: [{name: frozen, parameters: {freeze: "true"}}]
        volumeGroupSnapshotClasses: [{name: frozen}]
        """)]
    public async Task Every_object_is_accepted(string values)
    {
        foreach (var item in ChartRenderer.Render(values).Concat(ChartRenderer.RenderTest(values)).Where(item => !ChartObjects.IsForeign(item)))
            await _server.ApplyAsync(ChartObjects.PathOf(item), item, strict: true, dry: true);
    }

    [Fact]
    public async Task Every_manifest_of_deploy_is_accepted()
    {
        foreach (var file in Directory.GetFiles(Path.Combine(Manifests.Root, "deploy"), "*.yaml", SearchOption.AllDirectories))
        {
            foreach (var item in Manifests.Parse(await File.ReadAllTextAsync(file)).Where(item => !ChartObjects.IsForeign(item)))
                await _server.ApplyAsync(ChartObjects.PathOf(item, ChartObjects.IsOfNamespace(item) ? "default" : null), item, strict: true, dry: true);
        }
    }

    [Fact]
    public async Task Helm_test_passes_by_its_own_account_when_the_cluster_does_its_part_and_leaves_nothing()
    {
        var kubectl = ChartRenderer.OnPath("kubectl");
        Assert.SkipUnless(kubectl is not null, "there is no kubectl on the PATH");
        await DefineSnapshotsAsync();
        var hooks = ChartRenderer.RenderTest(Snapshots);
        foreach (var item in hooks.Where(item => (string?)item["kind"] is "ServiceAccount" or "Role" or "RoleBinding" or "StorageClass"))
            await _server.ApplyAsync(ChartObjects.PathOf(item), item, strict: true);

        var folder = Directory.CreateTempSubdirectory("helm-test-").FullName;
        using var end = new CancellationTokenSource();
        var cluster = PlayClusterAsync(end.Token);
        try
        {
            foreach (var (name, text) in hooks.Single(item => (string?)item["kind"] == "ConfigMap")["data"]!.AsObject())
                await File.WriteAllTextAsync(Path.Combine(folder, name), (string)text!);
            var pod = hooks.Single(item => (string?)item["kind"] == "Pod")["spec"]!;
            var steps = pod["initContainers"]!.AsArray().Concat(pod["containers"]!.AsArray()).ToList();
            Assert.Equal(
                [
                    "remove-left-over", "write", "wait-for-written", "snapshot", "wait-for-snapshot", "restore", "wait-for-restored", "use", "wait-for-use", "grow",
                    "wait-for-grown", "wait-for-size", "remove",
                ],
                steps.Select(step => (string)step!["name"]!));
            foreach (var step in steps)
            {
                Assert.Equal("""["kubectl"]""", step!["command"]!.ToJsonString());
                var arguments = step["args"]!.AsArray().Select(argument => ((string)argument!).Replace("/objects/", folder + "/", StringComparison.Ordinal));
                await Task.Run(() => ChartRenderer.Run(
                    kubectl!,
                    [.. _server.KubectlOptions(ApiServer.TestAccount), $"--namespace={ChartRenderer.Namespace}", .. arguments],
                    ("HOME", folder), ("KUBECONFIG", "/dev/null")));
            }

            foreach (var path in new[] { Claims, Pods, VolumeSnapshots }) Assert.Empty(await ItemsAsync(path));
        }
        finally
        {
            await end.CancelAsync();
            await cluster;
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Scripts_of_helm_test_find_what_was_written_and_what_was_lost()
    {
        var data = Directory.CreateTempSubdirectory("helm-test-").FullName;
        try
        {
            var objects = ChartRenderer.RenderTest(Snapshots).Single(item => (string?)item["kind"] == "ConfigMap")["data"]!.AsObject();
            Run("write.yaml");
            Run("restore.yaml");
            Run("grow.yaml");
            using (var file = File.OpenWrite(Path.Combine(data, "file")))
            {
                file.Position = 1 << 20;
                file.Write("lost"u8);
            }

            Assert.Throws<InvalidOperationException>(() => Run("restore.yaml"));
            Assert.Throws<InvalidOperationException>(() => Run("grow.yaml"));

            void Run(string manifest)
            {
                var command = Manifests.Parse((string)objects[manifest]!).Single(item => (string?)item["kind"] == "Pod")["spec"]!["containers"]![0]!["command"]!.AsArray()
                    .Select(word => ((string)word!).Replace("/data", data, StringComparison.Ordinal)).ToList();
                ChartRenderer.Run(command[0], [.. command.Skip(1)]);
            }
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private const string Claims = "api/v1/namespaces/" + ChartRenderer.Namespace + "/persistentvolumeclaims";
    private const string Pods = "api/v1/namespaces/" + ChartRenderer.Namespace + "/pods";
    private const string VolumeSnapshots = "apis/snapshot.storage.k8s.io/v1/namespaces/" + ChartRenderer.Namespace + "/volumesnapshots";

    /// <summary>Does what scheduler, kubelet, sidecars and driver do with the test's objects: a pod that grows ends when its claim has grown.</summary>
    private async Task PlayClusterAsync(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            foreach (var claim in await ItemsAsync(Claims))
            {
                var name = (string)claim["metadata"]!["name"]!;
                if (claim["metadata"]!["deletionTimestamp"] is not null)
                {
                    await MergeAsync($"{Claims}/{name}", """{"metadata":{"finalizers":null}}""");
                    continue;
                }

                var size = (string)claim["spec"]!["resources"]!["requests"]!["storage"]!;
                // Of a claim that is not bound the size cannot change, and it is bound by naming its volume.
                if (claim["spec"]!["volumeName"] is null) await MergeAsync($"{Claims}/{name}", $$$"""{"spec":{"volumeName":"pv-{{{name}}}"}}""");
                await MergeAsync($"{Claims}/{name}/status", $$$$"""{"status":{"phase":"Bound","capacity":{"storage":"{{{{size}}}}"}}}""");
            }

            foreach (var pod in await ItemsAsync(Pods))
            {
                var name = (string)pod["metadata"]!["name"]!;
                var claim = (await ItemsAsync(Claims)).FirstOrDefault(item =>
                    (string?)item["metadata"]!["name"] == (string?)pod["spec"]!["volumes"]![0]!["persistentVolumeClaim"]!["claimName"]);
                var ends = !name.EndsWith("-grow", StringComparison.Ordinal)
                    || ((string?)pod["status"]!["phase"] == "Running" && (string?)claim?["status"]!["capacity"]?["storage"] == "2Gi");
                await MergeAsync($"{Pods}/{name}/status", ends
                    ? """{"status":{"phase":"Succeeded","conditions":[{"type":"Ready","status":"False"}]}}"""
                    : """{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}""");
            }

            foreach (var snapshot in await ItemsAsync(VolumeSnapshots))
                await MergeAsync($"{VolumeSnapshots}/{snapshot["metadata"]!["name"]}/status", """{"status":{"readyToUse":true}}""");
            await Task.Delay(200, CancellationToken.None);
        }
    }

    private async Task<List<JsonObject>> ItemsAsync(string path)
    {
        var (code, body) = await _server.SendAsync(HttpMethod.Get, path);
        Assert.Equal(HttpStatusCode.OK, code);
        return [.. JsonNode.Parse(body)!["items"]!.AsArray().Select(item => item!.AsObject())];
    }

    /// <summary>What has gone meanwhile needs nothing.</summary>
    private async Task MergeAsync(string path, string patch)
    {
        var (code, body) = await _server.SendAsync(HttpMethod.Patch, path, patch, "application/merge-patch+json");
        Assert.True(code is HttpStatusCode.OK or HttpStatusCode.NotFound, body);
    }

    /// <summary>As much of the definition of the snapshot group as the test reads.</summary>
    private async Task DefineSnapshotsAsync()
    {
        await _server.ApplyAsync("apis/apiextensions.k8s.io/v1/customresourcedefinitions", Manifests.Parse("""
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata:
              name: volumesnapshots.snapshot.storage.k8s.io
              annotations: {api-approved.kubernetes.io: "unapproved, of a test"}
            spec:
              group: snapshot.storage.k8s.io
              scope: Namespaced
              names: {kind: VolumeSnapshot, plural: volumesnapshots, singular: volumesnapshot}
              versions:
                - name: v1
                  served: true
                  storage: true
                  subresources: {status: {}}
                  schema:
                    openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}
            """)[0]);
        await Eventually.HoldsAsync(async () => (await _server.SendAsync(HttpMethod.Get, VolumeSnapshots)).Code == HttpStatusCode.OK, "volumesnapshots");
    }
}
