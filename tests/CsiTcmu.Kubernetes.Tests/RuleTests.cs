using System.Net;
using System.Text.Json.Nodes;
using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Kubernetes.Tests.Support;

namespace CsiTcmu.Kubernetes.Tests;

/// <summary>What the API server itself refuses of a TcmuVolume.</summary>
[Collection(nameof(ApiServer))]
public sealed class RuleTests : IAsyncLifetime
{
    private const string Path = "apis/csi-tcmu.io/v1alpha1/tcmuvolumes";
    private readonly ApiServer _server;

    public RuleTests(ApiServer server)
    {
        _server = server;
        Assert.SkipUnless(server.IsAvailable, Binaries.Missing);
    }

    public async ValueTask InitializeAsync()
    {
        await _server.ApplyAsync(Path, Volume());
        await StatusAsync("""{"size":"10Gi","wwid":"60014050000000000000000000000000"}""");
    }

    public async ValueTask DisposeAsync()
    {
        await _server.Admin.PatchAsync(Kinds.Volumes, "rules", null, new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = null } }, default);
        await _server.Admin.DeleteAsync(Kinds.Volumes, "rules", null, null, default);
    }

    [Theory]
    [InlineData("""{"node":"b"}""", "stays on its node")]
    [InlineData("""{"pool":"other"}""", "stays in its pool")]
    [InlineData("""{"size":"5Gi"}""", "does not shrink")]
    [InlineData("""{"size":"-1"}""", "spec.size")]
    [InlineData("""{"size":"ten"}""", "spec.size")]
    [InlineData("""{"volumeMode":"Block"}""", "volumeMode cannot be changed")]
    [InlineData("""{"volumeMode":"Tape"}""", "Unsupported value")]
    [InlineData("""{"fileSystem":"xfs"}""", "fileSystem cannot be changed")]
    [InlineData("""{"fileSystem":null}""", "only size and mutableParameters")]
    [InlineData("""{"csiName":"x"}""", "only size and mutableParameters")]
    [InlineData("""{"parameters":{"pool":"other"}}""", "parameters cannot be changed")]
    [InlineData("""{"parameters":null}""", "only size and mutableParameters")]
    [InlineData("""{"claim":{"name":"other"}}""", "claim cannot be changed")]
    [InlineData("""{"source":{"kind":"Snapshot","name":"s"}}""", "only size and mutableParameters")]
    public async Task Change_is_refused(string spec, string says)
    {
        var (code, body) = await PatchAsync(spec);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, code);
        Assert.Contains(says, body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Growth_and_mutable_parameters_are_free_and_growth_is_taken_back_to_what_there_is()
    {
        Assert.Equal(HttpStatusCode.OK, (await PatchAsync("""{"size":"20Gi","mutableParameters":{"iops":"500"}}""")).Code);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PatchAsync("""{"size":"9Gi"}""")).Code);
        Assert.Equal(HttpStatusCode.OK, (await PatchAsync("""{"size":"10Gi"}""")).Code);
        Assert.Equal(HttpStatusCode.OK, (await PatchAsync("""{"size":10737418241}""")).Code);
    }

    [Fact]
    public async Task Wwid_stays_and_status_does_not_touch_the_specification()
    {
        var (code, body) = await StatusAsync("""{"wwid":"60014051111111111111111111111111"}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, code);
        Assert.Contains("wwid cannot be changed", body, StringComparison.Ordinal);
        (code, body) = await StatusAsync("""{"wwid":null}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, code);
        Assert.Contains("wwid cannot be changed", body, StringComparison.Ordinal);

        (code, body) = await _server.SendAsync(HttpMethod.Patch, $"{Path}/rules/status", """{"spec":{"size":"99Gi"}}""", "application/merge-patch+json");
        Assert.Equal(HttpStatusCode.OK, code);
        Assert.Equal("10Gi", (string?)JsonNode.Parse(body)!["spec"]!["size"]);
    }

    [Fact]
    public async Task Snapshots_and_groups_stay_as_they_were_made_and_taken()
    {
        const string snapshots = "apis/csi-tcmu.io/v1alpha1/tcmusnapshots", groups = "apis/csi-tcmu.io/v1alpha1/tcmusnapshotgroups";
        await _server.ApplyAsync(snapshots, Manifests.Parse(
            "{apiVersion: csi-tcmu.io/v1alpha1, kind: TcmuSnapshot, metadata: {name: rules}, spec: {node: a, pool: main, volume: v}}")[0]);
        await _server.ApplyAsync(groups, Manifests.Parse(
            "{apiVersion: csi-tcmu.io/v1alpha1, kind: TcmuSnapshotGroup, metadata: {name: rules}, spec: {node: a, volumes: [v, w]}}")[0]);
        foreach (var path in new[] { snapshots, groups })
        {
            Assert.Equal(HttpStatusCode.OK, (await SendAsync($"{path}/rules/status", """{"status":{"phase":"Ready","takenTime":"2026-01-02T03:04:05Z"}}""")).Code);
            foreach (var change in new[] { """{"spec":{"node":"b"}}""", """{"spec":{"parameters":{"freeze":"true"}}}""" })
            {
                var (code, body) = await SendAsync($"{path}/rules", change);
                Assert.Equal(HttpStatusCode.UnprocessableEntity, code);
                Assert.Contains("cannot be changed", body, StringComparison.Ordinal);
            }

            foreach (var change in new[] { """{"status":{"takenTime":"2026-01-02T03:04:06Z"}}""", """{"status":{"takenTime":null}}""" })
            {
                var (code, body) = await SendAsync($"{path}/rules/status", change);
                Assert.Equal(HttpStatusCode.UnprocessableEntity, code);
                Assert.Contains("takenTime cannot be changed", body, StringComparison.Ordinal);
            }
        }

        await _server.Admin.DeleteAsync(Kinds.Snapshots, "rules", null, null, default);
        await _server.Admin.DeleteAsync(Kinds.Groups, "rules", null, null, default);
    }

    [Fact]
    public async Task Table_shows_what_people_look_for()
    {
        var (_, body) = await _server.SendAsync(HttpMethod.Get, Path);
        Assert.Contains("rules", body, StringComparison.Ordinal);
        var columns = Manifests.Definitions().Single(definition => (string?)definition["metadata"]!["name"] == "tcmuvolumes.csi-tcmu.io")
            ["spec"]!["versions"]![0]!["additionalPrinterColumns"]!.AsArray().Select(column => (string?)column!["name"]);
        Assert.Equal(["Node", "Pool", "Size", "Phase", "Namespace", "Claim", "Age", "Requested", "WWID", "Message"], columns);
    }

    private Task<(HttpStatusCode Code, string Body)> PatchAsync(string spec) => SendAsync($"{Path}/rules", $$"""{"spec":{{spec}}}""");

    private Task<(HttpStatusCode Code, string Body)> SendAsync(string path, string patch) =>
        _server.SendAsync(HttpMethod.Patch, path, patch, "application/merge-patch+json");

    private Task<(HttpStatusCode Code, string Body)> StatusAsync(string status) =>
        _server.SendAsync(HttpMethod.Patch, $"{Path}/rules/status", $$"""{"status":{{status}}}""", "application/merge-patch+json");

    private static JsonObject Volume() => Manifests.Parse(
        """
        apiVersion: csi-tcmu.io/v1alpha1
        kind: TcmuVolume
        metadata: {name: rules}
        spec:
          node: a
          pool: main
          size: 10Gi
          fileSystem: ext4
          parameters: {pool: main}
          claim: {namespace: default, name: data}
        """)[0];
}
