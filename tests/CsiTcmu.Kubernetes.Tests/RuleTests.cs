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

        (code, body) = await _server.SendAsync(HttpMethod.Patch, $"{Path}/rules/status", """{"spec":{"size":"99Gi"}}""", "application/merge-patch+json");
        Assert.Equal(HttpStatusCode.OK, code);
        Assert.Equal("10Gi", (string?)JsonNode.Parse(body)!["spec"]!["size"]);
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

    private Task<(HttpStatusCode Code, string Body)> PatchAsync(string spec) =>
        _server.SendAsync(HttpMethod.Patch, $"{Path}/rules", $$"""{"spec":{{spec}}}""", "application/merge-patch+json");

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
