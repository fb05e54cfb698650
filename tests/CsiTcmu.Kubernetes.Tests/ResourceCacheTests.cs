using CsiTcmu.Kubernetes.Caching;
using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Resources;

namespace CsiTcmu.Kubernetes.Tests;

public sealed class ResourceCacheTests
{
    private readonly ResourceCache<TcmuNode> _cache = new();
    private readonly List<string> _told = [];

    public ResourceCacheTests() => _cache.Subscribe(_told.Add);

    [Fact]
    public void What_was_written_is_seen_before_the_watch_tells_it()
    {
        _cache.Replace(List(10));
        _cache.Put(Node("a", 12));

        Assert.Equal("12", _cache.Find("a")?.Metadata.ResourceVersion);
        Assert.Equal(["a"], _told);
    }

    [Fact]
    public void Object_that_the_watch_has_told_the_end_of_does_not_come_back()
    {
        _cache.Replace(List(10));
        _cache.Apply(new(WatchEventType.Added, "11", Node("a", 11)));
        _cache.Apply(new(WatchEventType.Deleted, "13", Node("a", 13)));

        // The answer to an earlier write arrives late.
        _cache.Put(Node("a", 12));

        Assert.Null(_cache.Find("a"));
    }

    [Fact]
    public void Older_state_never_replaces_a_newer_one()
    {
        _cache.Replace(List(10));
        _cache.Put(Node("a", 15));
        _cache.Apply(new(WatchEventType.Added, "12", Node("a", 12)));
        Assert.Equal("15", _cache.Find("a")?.Metadata.ResourceVersion);

        _cache.Replace(List(14, Node("a", 12)));
        Assert.Equal("15", _cache.Find("a")?.Metadata.ResourceVersion);
    }

    [Fact]
    public void List_removes_what_is_gone_and_keeps_what_is_newer_than_it()
    {
        _cache.Replace(List(10, Node("gone", 5), Node("stays", 6)));
        _cache.Put(Node("new", 21));
        _told.Clear();

        _cache.Replace(List(20, Node("stays", 6)));

        Assert.Equal(["new", "stays"], _cache.All.Select(node => node.Metadata.Name).Order());
        Assert.Equal(["gone"], _told);
    }

    [Fact]
    public void Bookmark_moves_the_version_on()
    {
        _cache.Replace(List(10));
        _cache.Apply(new(WatchEventType.Bookmark, "30", null));
        _cache.Put(Node("a", 20));

        Assert.Null(_cache.Find("a"));
        Assert.Empty(_told);
    }

    [Fact]
    public async Task Waiter_is_answered_at_once_later_or_not_at_all()
    {
        _cache.Replace(List(10, Node("a", 5)));
        Assert.Equal("5", await _cache.WaitAsync("a", node => node?.Metadata.ResourceVersion, default));

        var later = _cache.WaitAsync("a", node => node is null ? "gone" : null, default);
        Assert.False(later.IsCompleted);
        _cache.Apply(new(WatchEventType.Deleted, "11", Node("a", 11)));
        Assert.Equal("gone", await later);

        using var patience = new CancellationTokenSource(20);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _cache.WaitAsync<string>("a", _ => null, patience.Token));
    }

    private static TcmuNode Node(string name, int version) => new() { Metadata = new ObjectMetadata { Name = name, ResourceVersion = $"{version}" } };

    private static ResourceList<TcmuNode> List(int version, params TcmuNode[] items) =>
        new() { Metadata = new ListMetadata { ResourceVersion = $"{version}" }, Items = [.. items] };
}
