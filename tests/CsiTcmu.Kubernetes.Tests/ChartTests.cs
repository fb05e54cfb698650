using System.Diagnostics;
using System.Text.Json.Nodes;
using CsiTcmu.Kubernetes.Tests.Support;

namespace CsiTcmu.Kubernetes.Tests;

/// <summary>What comes of the chart's values.</summary>
public sealed class ChartTests
{
    [Fact]
    public void Network_is_closed_but_for_the_api_server_and_metrics()
    {
        Assert.SkipUnless(ChartRenderer.IsAvailable, ChartRenderer.Missing);
        Assert.DoesNotContain(ChartRenderer.Render(), item => (string?)item["kind"] == "NetworkPolicy");
        foreach (var (values, ingress, egress) in new[]
        {
            ("networkPolicy: {enabled: true}", null, """[{"ports":[{"port":443,"protocol":"TCP"},{"port":6443,"protocol":"TCP"}]}]"""),
            (
                "metrics: {enabled: true}\nnetworkPolicy: {enabled: true, apiServerPorts: [16443], apiServerPeers: [{ipBlock: {cidr: 10.0.0.0/8}}], metricsPeers: [{podSelector: {}}]}",
                """[{"ports":[{"port":"metrics","protocol":"TCP"}],"from":[{"podSelector":{}}]}]""",
                """[{"ports":[{"port":16443,"protocol":"TCP"}],"to":[{"ipBlock":{"cidr":"10.0.0.0/8"}}]}]"""),
        })
        {
            var objects = ChartRenderer.Render(values);
            var policies = objects.Where(item => (string?)item["kind"] == "NetworkPolicy").ToList();
            Assert.Equal(["csi-tcmu-controller", "csi-tcmu-node"], policies.Select(Name));
            foreach (var (policy, kind) in policies.Zip(["Deployment", "DaemonSet"]))
            {
                var spec = policy["spec"]!;
                Assert.Equal("""["Ingress","Egress"]""", spec["policyTypes"]!.ToJsonString());
                Assert.Equal(egress, spec["egress"]!.ToJsonString());
                Assert.Equal(ingress, spec["ingress"]?.ToJsonString());
                var labels = objects.Single(item => (string?)item["kind"] == kind)["spec"]!["template"]!["metadata"]!["labels"]!;
                Assert.All(spec["podSelector"]!["matchLabels"]!.AsObject(), pair => Assert.True(JsonNode.DeepEquals(pair.Value, labels[pair.Key])));
            }
        }
    }

    [Fact]
    public void Every_driver_is_probed_and_patiently_at_its_start()
    {
        Assert.SkipUnless(ChartRenderer.IsAvailable, ChartRenderer.Missing);
        foreach (var pod in ChartRenderer.Render().Where(item => (string?)item["kind"] is "Deployment" or "DaemonSet").Select(item => item["spec"]!["template"]!["spec"]!))
        {
            var driver = Container(pod, "csi-tcmu");
            foreach (var probe in new[] { "startupProbe", "readinessProbe", "livenessProbe" }) Assert.Equal("healthz", (string?)driver[probe]!["httpGet"]!["port"]);
            Assert.True((long)driver["startupProbe"]!["periodSeconds"]! * (long)driver["startupProbe"]!["failureThreshold"]! >= 300);
            var port = (long)driver["ports"]!.AsArray().Single(one => (string?)one!["name"] == "healthz")!["containerPort"]!;
            Assert.Contains($"--health-port={port}", Container(pod, "liveness-probe")["args"]!.AsArray().Select(argument => (string)argument!));
        }
    }

    [Fact]
    public void Objects_are_these()
    {
        Assert.SkipUnless(ChartRenderer.IsAvailable, ChartRenderer.Missing);
        var objects = ChartRenderer.Render();

        Assert.Equal(
            [
                "CSIDriver", "ClusterRole", "ClusterRole", "ClusterRole", "ClusterRole", "ClusterRoleBinding", "ClusterRoleBinding", "ClusterRoleBinding",
                "ClusterRoleBinding", "CustomResourceDefinition", "CustomResourceDefinition", "CustomResourceDefinition", "CustomResourceDefinition", "DaemonSet", "Deployment", "PodDisruptionBudget", "Role",
                "RoleBinding", "ServiceAccount", "ServiceAccount",
            ],
            objects.Select(item => (string)item["kind"]!).Order(StringComparer.Ordinal));
        Assert.Equal(objects.Count, objects.Select(item => $"{item["kind"]} {item["metadata"]!["name"]}").Distinct().Count());
        Assert.Equal(
            Manifests.Definitions().Select(item => item.ToJsonString()),
            objects.Where(item => (string?)item["kind"] == "CustomResourceDefinition").OrderBy(Name, StringComparer.Ordinal).Select(item => item.ToJsonString()));
    }

    [Fact]
    public void Node_sees_the_host_and_the_controller_may_do_nothing_but_speak()
    {
        Assert.SkipUnless(ChartRenderer.IsAvailable, ChartRenderer.Missing);
        var objects = ChartRenderer.Render("""
            node: {kubeletPath: /var/lib/k0s/kubelet, pools: [{name: fast, path: /srv/fast, reserve: 10Gi, overcommitRatio: "1.5"}, {name: slow, path: /srv/slow}], reactors: 2}
            controller: {timeout: 90, replicaCount: 1, podDisruptionBudget: {enabled: false}}
            """);
        Assert.DoesNotContain(objects, item => (string?)item["kind"] == "PodDisruptionBudget");

        var node = objects.Single(item => (string?)item["kind"] == "DaemonSet")["spec"]!["template"]!["spec"]!;
        Assert.True((bool)node["hostPID"]!);
        var driver = Container(node, "csi-tcmu");
        var arguments = driver["args"]!.AsArray().Select(argument => (string)argument!).ToList();
        Assert.Contains("--pool=fast=/srv/fast,reserve=10Gi,overcommitRatio=1.5", arguments);
        Assert.Contains("--pool=slow=/srv/slow", arguments);
        Assert.Contains("--reactors=2", arguments);
        Assert.Equal(0L, (long)driver["securityContext"]!["runAsUser"]!);
        var mounts = driver["volumeMounts"]!.AsArray();
        Assert.Equal("Bidirectional", (string?)mounts.Single(mount => (string?)mount!["name"] == "kubelet-dir")!["mountPropagation"]);
        Assert.Contains(mounts, mount => (string?)mount!["mountPath"] == "/srv/slow");
        Assert.Contains(
            "--kubelet-registration-path=/var/lib/k0s/kubelet/plugins/csi-tcmu.io/csi.sock",
            Container(node, "node-driver-registrar")["args"]!.AsArray().Select(argument => (string)argument!));

        var controller = objects.Single(item => (string?)item["kind"] == "Deployment")["spec"]!["template"]!["spec"]!;
        Assert.True((bool)controller["securityContext"]!["runAsNonRoot"]!);
        Assert.Contains("--patience=80", Container(controller, "csi-tcmu")["args"]!.AsArray().Select(argument => (string)argument!));
        foreach (var container in controller["containers"]!.AsArray())
        {
            Assert.False((bool)container!["securityContext"]!["allowPrivilegeEscalation"]!);
            Assert.True((bool)container["securityContext"]!["readOnlyRootFilesystem"]!);
            Assert.Equal("ALL", (string?)container["securityContext"]!["capabilities"]!["drop"]![0]);
        }
    }

    [Fact]
    public void Inline_volumes_are_offered_when_they_are_asked_for()
    {
        Assert.SkipUnless(ChartRenderer.IsAvailable, ChartRenderer.Missing);
        const string profile = "security.kubernetes.io/csi-ephemeral-volume-profile";
        var usual = ChartRenderer.Render().Single(item => (string?)item["kind"] == "CSIDriver");
        Assert.Equal("""["Persistent"]""", usual["spec"]!["volumeLifecycleModes"]!.ToJsonString());
        Assert.False((bool)usual["spec"]!["podInfoOnMount"]!);
        Assert.Null(usual["metadata"]!["labels"]![profile]);

        var inline = ChartRenderer.Render("inlineVolumes: {enabled: true, podSecurityProfile: restricted}").Single(item => (string?)item["kind"] == "CSIDriver");
        Assert.Equal("""["Persistent","Ephemeral"]""", inline["spec"]!["volumeLifecycleModes"]!.ToJsonString());
        Assert.True((bool)inline["spec"]!["podInfoOnMount"]!);
        Assert.Equal("restricted", (string?)inline["metadata"]!["labels"]![profile]);
    }

    [Fact]
    public void Host_rules_are_put_where_they_are_read_once_and_multipathd_is_told()
    {
        Assert.SkipUnless(ChartRenderer.IsAvailable, ChartRenderer.Missing);
        var objects = ChartRenderer.Render("node: {installHostRules: true}");
        var step = objects.Single(item => (string?)item["kind"] == "DaemonSet")["spec"]!["template"]!["spec"]!["initContainers"]![0]!;
        Assert.Equal("""["/bin/sh","-e","/rules/install"]""", step["command"]!.ToJsonString());

        // A host in a folder: its processes, and what is mounted into the container.
        var host = Directory.CreateTempSubdirectory("host-").FullName;
        using var daemon = Process.Start("sleep", "60");
        try
        {
            foreach (var folder in new[] { "rules", "host/udev", "host/multipath", $"proc/{daemon.Id}", "proc/1" }) Directory.CreateDirectory(Path.Combine(host, folder));
            File.WriteAllText(Path.Combine(host, $"proc/{daemon.Id}/comm"), "multipathd\n");
            File.WriteAllText(Path.Combine(host, "proc/1/comm"), "init\n");
            foreach (var (name, text) in objects.Single(item => (string?)item["kind"] == "ConfigMap")["data"]!.AsObject())
                File.WriteAllText(Path.Combine(host, "rules", name), InFolder((string)text!));

            Install();
            Assert.Equal(File.ReadAllText(Path.Combine(Manifests.Chart, "host", "59-csi-tcmu.rules")), File.ReadAllText(Path.Combine(host, "host/udev/59-csi-tcmu.rules")));
            Assert.Equal(
                File.ReadAllText(Path.Combine(Manifests.Chart, "host", "multipath-csi-tcmu.conf")), File.ReadAllText(Path.Combine(host, "host/multipath/multipath-csi-tcmu.conf")));
            Assert.True(daemon.WaitForExit(TimeSpan.FromSeconds(10)), "multipathd was not told");

            // Nothing is written, and nobody told, a second time: the process that was is no more, and telling it would fail.
            var written = File.GetLastWriteTimeUtc(Path.Combine(host, "host/udev/59-csi-tcmu.rules"));
            Install();
            Assert.Equal(written, File.GetLastWriteTimeUtc(Path.Combine(host, "host/udev/59-csi-tcmu.rules")));
            Assert.Equal(["59-csi-tcmu.rules"], Directory.GetFiles(Path.Combine(host, "host/udev")).Select(Path.GetFileName));
            File.AppendAllText(Path.Combine(host, "host/multipath/multipath-csi-tcmu.conf"), "x");
            Assert.Throws<InvalidOperationException>(Install);
        }
        finally
        {
            daemon.Kill();
            Directory.Delete(host, recursive: true);
        }

        string InFolder(string text) => text.Replace("/rules/", $"{host}/rules/", StringComparison.Ordinal)
            .Replace(" /host/", $" {host}/host/", StringComparison.Ordinal).Replace(" /proc/", $" {host}/proc/", StringComparison.Ordinal);

        void Install()
        {
            var command = step["command"]!.AsArray().Select(word => InFolder((string)word!)).ToList();
            ChartRenderer.Run(command[0], [.. command.Skip(1)]);
        }
    }

    [Fact]
    public void Storage_classes_come_from_values()
    {
        Assert.SkipUnless(ChartRenderer.IsAvailable, ChartRenderer.Missing);
        var classes = ChartRenderer.Render("""
            storageClasses:
            - {name: fast, parameters: {pool: fast, iops: "500"}, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
            - {name: kept, reclaimPolicy: Retain, volumeBindingMode: Immediate, allowVolumeExpansion: false}
            """).Where(item => (string?)item["kind"] == "StorageClass").ToList();

        Assert.Equal(["fast", "kept"], classes.Select(Name));
        Assert.All(classes, item => Assert.Equal("csi-tcmu.io", (string?)item["provisioner"]));
        Assert.Equal(("WaitForFirstConsumer", "Delete", true), Settings(classes[0]));
        Assert.Equal("500", (string?)classes[0]["parameters"]!["iops"]);
        Assert.Equal(("Immediate", "Retain", false), Settings(classes[1]));
    }

    [Fact]
    public void Snapshots_and_metrics_are_there_when_they_are_asked_for()
    {
        Assert.SkipUnless(ChartRenderer.IsAvailable, ChartRenderer.Missing);
        var objects = ChartRenderer.Render("""
            sidecars: {snapshotter: {enabled: true, additionalArgs: [--worker-threads=7]}}
            volumeSnapshotClasses: [{name: frozen, parameters: {freeze: "true"}}, {name: kept, deletionPolicy: Retain}]
            metrics: {enabled: true, port: 9999}
            monitoring: {podMonitor: {enabled: true, labels: {release: prometheus}}}
            """);

        var classes = objects.Where(item => (string?)item["kind"] == "VolumeSnapshotClass").ToList();
        Assert.Equal(["frozen Delete", "kept Retain"], classes.Select(item => $"{Name(item)} {item["deletionPolicy"]}"));
        var controller = objects.Single(item => (string?)item["kind"] == "Deployment")["spec"]!["template"]!["spec"]!;
        Assert.Contains("--worker-threads=7", Container(controller, "csi-snapshotter")["args"]!.AsArray().Select(argument => (string)argument!));
        Assert.Contains(objects, item => (string?)item["kind"] == "ClusterRoleBinding" && Name(item) == "csi-tcmu-snapshotter");
        var monitor = objects.Single(item => (string?)item["kind"] == "PodMonitor");
        Assert.Equal("prometheus", (string?)monitor["metadata"]!["labels"]!["release"]);
        foreach (var pod in new[] { controller, objects.Single(item => (string?)item["kind"] == "DaemonSet")["spec"]!["template"]!["spec"]! })
        {
            var driver = Container(pod, "csi-tcmu");
            Assert.Contains("--metrics-endpoint=$(POD_IP):9999", driver["args"]!.AsArray().Select(argument => (string)argument!));
            Assert.Contains("POD_IP", driver["env"]!.AsArray().Select(entry => (string?)entry!["name"]));
            Assert.Equal(9999L, (long)driver["ports"]!.AsArray().Single(port => (string?)port!["name"] == "metrics")!["containerPort"]!);
        }
    }

    [Fact]
    public void Changed_blocks_are_told_when_they_are_asked_for()
    {
        Assert.SkipUnless(ChartRenderer.IsAvailable, ChartRenderer.Missing);
        var objects = ChartRenderer.Render("""
            snapshotMetadata: {enabled: true, serviceAuthority: PEM, audience: backups, nodePort: 7777, nodeSecret: inner, serviceSecret: outer}
            networkPolicy: {enabled: true, snapshotMetadataPeers: [{podSelector: {}}]}
            """);

        var service = objects.Single(item => (string?)item["kind"] == "SnapshotMetadataService");
        Assert.Equal("csi-tcmu.io", Name(service));
        Assert.Equal(($"csi-tcmu-metadata.{ChartRenderer.Namespace}:6443", "backups", "UEVN"), ((string?)service["spec"]!["address"], (string?)service["spec"]!["audience"], (string?)service["spec"]!["caCert"]));
        Assert.Equal("csi-tcmu-metadata", Name(objects.Single(item => (string?)item["kind"] == "Service")));

        var node = objects.Single(item => (string?)item["kind"] == "DaemonSet")["spec"]!["template"]!["spec"]!;
        var controller = objects.Single(item => (string?)item["kind"] == "Deployment")["spec"]!["template"]!["spec"]!;
        Assert.Contains("--blocks-endpoint=$(POD_IP):7777", Arguments(Container(node, "csi-tcmu")));
        Assert.Contains("POD_IP", Container(node, "csi-tcmu")["env"]!.AsArray().Select(entry => (string?)entry!["name"]));
        Assert.Contains("--audience=backups", Arguments(Container(controller, "csi-snapshot-metadata")));
        Assert.Equal("outer", Secret(controller, Container(controller, "csi-snapshot-metadata"), "/service-tls"));
        foreach (var pod in (JsonNode[])[node, controller])
        {
            Assert.Contains("--blocks-tls=/blocks-tls", Arguments(Container(pod, "csi-tcmu")));
            Assert.Equal("inner", Secret(pod, Container(pod, "csi-tcmu"), "/blocks-tls"));
        }

        var policies = objects.Where(item => (string?)item["kind"] == "NetworkPolicy").ToDictionary(Name, item => item["spec"]!);
        Assert.Contains("7777", policies["csi-tcmu-controller"]["egress"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain("7777", policies["csi-tcmu-node"]["egress"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("""[{"ports":[{"port":"blocks","protocol":"TCP"}],"from":[{"podSelector":{}}]}]""", policies["csi-tcmu-controller"]["ingress"]!.ToJsonString());
        Assert.Contains("\"app.kubernetes.io/component\":\"controller\"", policies["csi-tcmu-node"]["ingress"]!.ToJsonString(), StringComparison.Ordinal);

        Assert.DoesNotContain(ChartRenderer.Render("snapshotMetadata: {enabled: true}"), item => (string?)item["kind"] == "SnapshotMetadataService");
        Assert.DoesNotContain("blocks", string.Join('\n', ChartRenderer.Render().Where(item => (string?)item["kind"] != "CustomResourceDefinition").Select(item => item.ToJsonString())), StringComparison.Ordinal);

        static List<string> Arguments(JsonNode container) => [.. container["args"]!.AsArray().Select(argument => (string)argument!)];

        static string? Secret(JsonNode pod, JsonNode container, string path) => (string?)pod["volumes"]!.AsArray()
            .Single(volume => (string?)volume!["name"] == (string?)container["volumeMounts"]!.AsArray().Single(mount => (string?)mount!["mountPath"] == path)!["name"])!["secret"]!["secretName"];
    }

    [Fact]
    public void Values_of_every_kind_have_their_place()
    {
        Assert.SkipUnless(ChartRenderer.IsAvailable, ChartRenderer.Missing);
        var text = string.Join('\n', ChartRenderer.Render("""
            image: {repository: example.test/driver, tag: v9, pullPolicy: Always}
            imagePullSecrets: [{name: pull}]
            fullnameOverride: renamed
            customLabels: {team: storage}
            crds: {install: false}
            sidecars:
              provisioner: {additionalArgs: [--worker-threads=7], resources: {limits: {memory: 99Mi}}}
            controller: {nodeSelector: {a: b}, podLabels: {p: q}, podAnnotations: {r: s}, affinity: {nodeAffinity: {}}, serviceAccount: {create: false, name: given}}
            node: {loadModules: false, nodeSelector: {c: d}, tolerations: []}
            """).Select(item => item.ToJsonString()));

        foreach (var expected in new[]
        {
            "example.test/driver:v9", "\"Always\"", "{\"name\":\"pull\"}", "\"renamed-node\"", "\"team\":\"storage\"", "--worker-threads=7", "99Mi",
            "\"a\":\"b\"", "\"p\":\"q\"", "\"r\":\"s\"", "nodeAffinity", "\"serviceAccountName\":\"given\"", "\"c\":\"d\"",
        })
        {
            Assert.Contains(expected, text, StringComparison.Ordinal);
        }

        foreach (var absent in new[] { "CustomResourceDefinition", "podAntiAffinity", "load-modules", "csi-tcmu:0" }) Assert.DoesNotContain(absent, text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("59-csi-tcmu.rules", "ATTRS{vendor}!=\"CSI-TCMU\"", "UDEV_DISABLE_PERSISTENT_STORAGE_RULES_FLAG", "DM_MULTIPATH_DEVICE_PATH")]
    [InlineData("multipath-csi-tcmu.conf", "blacklist", "vendor \"CSI-TCMU\"")]
    public void Host_rules_name_our_disks(string name, params string[] parts)
    {
        // Through the link, by which they are known to who installs them by hand.
        var text = File.ReadAllText(Path.Combine(Manifests.Root, "deploy", "host", name));
        Assert.All(parts, part => Assert.Contains(part, text, StringComparison.Ordinal));
    }

    private static (string?, string?, bool) Settings(JsonObject item) =>
        ((string?)item["volumeBindingMode"], (string?)item["reclaimPolicy"], (bool)item["allowVolumeExpansion"]!);

    private static string Name(JsonObject item) => (string)item["metadata"]!["name"]!;

    private static JsonNode Container(JsonNode pod, string name) => pod["containers"]!.AsArray().Single(container => (string?)container!["name"] == name)!;
}
