using System.Text.Json.Nodes;
using CsiTcmu.Kubernetes.Caching;
using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Kubernetes.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace CsiTcmu.Kubernetes.Tests;

/// <summary>The client and the reflector against a real API server.</summary>
[Collection(nameof(ApiServer))]
public sealed class ClientTests : IAsyncLifetime
{
    private readonly ApiServer _server;

    public ClientTests(ApiServer server)
    {
        _server = server;
        Assert.SkipUnless(server.IsAvailable, Binaries.Missing);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var node in (await _server.Admin.ListAsync(Kinds.TcmuNodes, null, default)).Items)
            await _server.Admin.DeleteAsync(Kinds.TcmuNodes, node.Metadata.Name, null, null, default);
    }

    [Fact]
    public async Task Object_lives_by_every_verb()
    {
        var created = await _server.Admin.CreateAsync(Kinds.TcmuNodes, Node("a"), default);
        Assert.NotNull(created.Metadata.Uid);
        Assert.True((await Assert.ThrowsAsync<ApiException>(() => _server.Admin.CreateAsync(Kinds.TcmuNodes, Node("a"), default))).IsAlreadyExists);

        var labelled = await _server.Admin.PatchAsync(Kinds.TcmuNodes, "a", null, Labels(created.Metadata.ResourceVersion, "x"), default);
        Assert.Equal("x", labelled.Metadata.Labels!["l"]);
        var stale = await Assert.ThrowsAsync<ApiException>(() => _server.Admin.PatchAsync(Kinds.TcmuNodes, "a", null, Labels(created.Metadata.ResourceVersion, "y"), default));
        Assert.True(stale.IsConflict);

        Assert.Equal("a", Assert.Single((await _server.Admin.ListAsync(Kinds.TcmuNodes, "l=x", default)).Items).Metadata.Name);
        Assert.Empty((await _server.Admin.ListAsync(Kinds.TcmuNodes, "l=other", default)).Items);

        var wrong = new Preconditions { Uid = Guid.NewGuid().ToString() };
        Assert.True((await Assert.ThrowsAsync<ApiException>(() => _server.Admin.DeleteAsync(Kinds.TcmuNodes, "a", null, wrong, default))).IsConflict);
        Assert.True(await _server.Admin.DeleteAsync(Kinds.TcmuNodes, "a", null, new Preconditions { Uid = created.Metadata.Uid }, default));
        Assert.False(await _server.Admin.DeleteAsync(Kinds.TcmuNodes, "a", null, null, default));
        Assert.Null(await _server.Admin.FindAsync(Kinds.TcmuNodes, "a", null, default));
    }

    [Fact]
    public async Task Status_is_applied_whole_and_only_to_the_object_that_is_meant()
    {
        var node = await _server.Admin.CreateAsync(Kinds.TcmuNodes, Node("b"), default);
        Assert.Null(node.Status);
        var first = new TcmuNodeStatus { Heartbeat = DateTimeOffset.UtcNow, Volumes = 3, Orphans = ["o"], Available = new Quantity(5L << 30) };
        var applied = await ApplyAsync("b", node.Metadata.ResourceVersion, first);
        Assert.Equal((3, "o", 5L << 30), (applied.Status!.Volumes, applied.Status.Orphans!.Single(), applied.Status.Available!.Value.Bytes));

        // What is not named any more goes.
        var second = first with { Orphans = null };
        Assert.Null((await ApplyAsync("b", null, second)).Status!.Orphans);

        // The object has changed since; and then it is another one of the same name.
        Assert.True((await Assert.ThrowsAsync<ApiException>(() => ApplyAsync("b", node.Metadata.ResourceVersion, second))).IsConflict);
        var seen = await _server.Admin.GetAsync(Kinds.TcmuNodes, "b", null, default);
        await _server.Admin.DeleteAsync(Kinds.TcmuNodes, "b", null, null, default);
        await _server.Admin.CreateAsync(Kinds.TcmuNodes, Node("b"), default);
        Assert.True((await Assert.ThrowsAsync<ApiException>(() => ApplyAsync("b", seen.Metadata.ResourceVersion, second))).IsConflict);
        Assert.Null((await _server.Admin.GetAsync(Kinds.TcmuNodes, "b", null, default)).Status);
        var absent = await Assert.ThrowsAsync<ApiException>(() => ApplyAsync("absent", null, second));
        Assert.True(absent.IsNotFound, absent.Message);
    }

    [Fact]
    public async Task List_takes_every_page()
    {
        // Not all at once: on a busy machine the last would wait longer than a request may.
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 520), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) => await _server.Admin.CreateAsync(Kinds.TcmuNodes, Node($"page-{i}"), default));

        Assert.Equal(520, (await _server.Admin.ListAsync(Kinds.TcmuNodes, null, default)).Items.Select(node => node.Metadata.Name).Distinct().Count());
    }

    [Fact]
    public async Task Stranger_is_refused_and_a_server_that_is_not_ours_is_not_spoken_to()
    {
        using var stranger = new ApiClient(_server.Configuration("admin") with { Token = new FixedToken("wrong") });
        var refusal = await Assert.ThrowsAsync<ApiException>(() => stranger.ListAsync(Kinds.TcmuNodes, null, default));
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, refusal.Code);

        using var suspicious = new ApiClient(_server.Configuration("admin") with { Authorities = [] });
        var failure = await Assert.ThrowsAsync<ApiException>(() => suspicious.ListAsync(Kinds.TcmuNodes, null, default));
        Assert.Null(failure.Code);
        Assert.Contains("SSL", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_that_say_the_same_are_one_and_counted()
    {
        var node = await _server.Admin.CreateAsync(Kinds.TcmuNodes, Node("e"), default);
        var recorder = new EventRecorder(_server.Admin, "tests", "host-1", NullLogger.Instance);
        await recorder.WarnAsync(node, "Broken", "the disk is gone", default);
        await recorder.WarnAsync(node, "Broken", "the disk is gone", default);
        await recorder.TellAsync(node, "Mended", new string('x', 5000), default);

        var events = (await _server.Admin.ListAsync(Kinds.Events, null, default)).Items.Where(entry => entry.InvolvedObject.Uid == node.Metadata.Uid).ToList();
        Assert.Equal(2, events.Count);
        var broken = events.Single(entry => entry.Reason == "Broken");
        Assert.Equal((2, "Warning", "the disk is gone"), (broken.Count, broken.Type, broken.Message));
    }

    [Fact]
    public async Task Reflector_follows_goes_on_after_the_server_was_away_and_lists_anew_when_its_version_is_too_old()
    {
        await _server.Admin.CreateAsync(Kinds.TcmuNodes, Node("before"), default);
        using var end = new CancellationTokenSource();
        var log = new TestLog();
        var reflector = new Reflector<TcmuNode>(_server.Admin, Kinds.TcmuNodes, null, log);
        var running = reflector.RunAsync(end.Token);
        await reflector.Cache.Synchronised.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.NotNull(reflector.Cache.Find("before"));

        await _server.Admin.CreateAsync(Kinds.TcmuNodes, Node("during"), default);
        await reflector.Cache.WaitAsync<object>("during", node => node, default).WaitAsync(TimeSpan.FromSeconds(20));
        await _server.Admin.DeleteAsync(Kinds.TcmuNodes, "before", null, null, default);
        await reflector.Cache.WaitAsync("before", node => node is null ? "gone" : null, default).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(1, reflector.Lists);

        // Others write on, then the server begins again with an empty memory: the reflector's version is too old for it.
        for (var i = 0; i < 5; i++)
            await _server.ApplyAsync("api/v1/namespaces/default/configmaps", Manifests.Parse($"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: noise-{i}}}}}")[0]);
        await _server.StopServerAsync();
        Assert.NotNull(reflector.Cache.Find("during"));
        await _server.StartServerAsync();
        await _server.Admin.CreateAsync(Kinds.TcmuNodes, Node("after"), default);
        await reflector.Cache.WaitAsync<object>("after", node => node, default).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.NotNull(reflector.Cache.Find("during"));
        Assert.Null(reflector.Cache.Find("before"));
        Assert.True(reflector.Lists == 2, string.Join('\n', log.Lines));

        await end.CancelAsync();
        await running;
    }

    private Task<TcmuNode> ApplyAsync(string name, string? resourceVersion, TcmuNodeStatus status) =>
        _server.Admin.ApplyStatusAsync(Kinds.TcmuNodeStatus, name, resourceVersion, status, "tests", default);

    private static TcmuNode Node(string name) => new() { Metadata = new ObjectMetadata { Name = name } };

    private static JsonObject Labels(string? version, string value) =>
        new() { ["metadata"] = new JsonObject { ["resourceVersion"] = version, ["labels"] = new JsonObject { ["l"] = value } } };
}
