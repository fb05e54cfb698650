using CsiTcmu.Kubernetes.Controller;
using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kubernetes.Tests;

public sealed class PlacementTests
{
    private const long Gibibyte = 1L << 30;
    private static readonly DateTimeOffset Reported = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Least_is_left_over()
    {
        var spaces = Placement.Measure([Node("a", ("p", 100)), Node("b", ("p", 10), ("q", 5)), Node("c", ("p", 20))], []);

        Assert.Equal(("b", "p"), Choose(spaces, 8));
        Assert.Equal(("b", "q"), Choose(spaces, 3));
        Assert.Equal(("c", "p"), Choose(spaces, 11));
        Assert.Equal(("b", "p"), Choose(spaces, 3, pool: "p"));
    }

    [Fact]
    public void Requisite_binds_and_preferred_comes_first_where_there_is_room()
    {
        var spaces = Placement.Measure([Node("a", ("p", 100)), Node("b", ("p", 10)), Node("c", ("p", 20))], []);

        Assert.Equal(("a", "p"), Choose(spaces, 8, nodes: new(["a", "c"], ["a", "c"])));
        Assert.Equal(("c", "p"), Choose(spaces, 8, nodes: new(["a", "c"], [])));
        Assert.Equal(("c", "p"), Choose(spaces, 15, nodes: new(null, ["b", "c"])));
        Assert.Equal(("b", "p"), Choose(spaces, 8, nodes: new(null, ["unknown"])));
        var refusal = Assert.Throws<VolumeException>(() => Choose(spaces, 15, nodes: new(["b"], ["b", "c"])));
        Assert.Equal(VolumeError.Exhausted, refusal.Error);
        Assert.Contains("10Gi", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("no such pool is ready", Assert.Throws<VolumeException>(() => Choose(spaces, 1, nodes: new([], []))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_under_way_takes_its_room()
    {
        var node = Node("a", ("p", 100), ("q", 100));
        TcmuVolume[] volumes =
        [
            Volume("not-made", "a", 10, null, null),
            Volume("made-after-the-report", "a", 20, Reported, 20),
            Volume("made-before", "a", 30, Reported.AddSeconds(-1), 30),
            Volume("grows", "a", 15, Reported.AddSeconds(-1), 10),
            Volume("elsewhere", "b", 40, null, null),
        ];

        var spaces = Placement.Measure([node], volumes);

        Assert.Equal((100 - 10 - 20 - 5) * Gibibyte, spaces.Single(space => space.Pool == "p").Available);
        Assert.Equal(100 * Gibibyte, spaces.Single(space => space.Pool == "q").Available);
    }

    [Fact]
    public void Pool_that_does_not_answer_gets_nothing()
    {
        var node = Node("a", ("p", 100));
        node = node with { Status = node.Status! with { Pools = [node.Status.Pools![0] with { Ready = false }] } };

        Assert.Empty(Placement.Measure([node, new TcmuNode { Metadata = new() { Name = "silent" } }], []));
    }

    [Fact]
    public void Silent_agent_is_not_alive_whatever_its_clock_says()
    {
        var time = new ManualTime();
        var heartbeats = new Heartbeats(TimeSpan.FromSeconds(90), time);
        var node = Node("a", ("p", 1));
        Assert.False(heartbeats.IsAlive("a"));
        heartbeats.Notice("a", node);
        time.Now += 60;
        heartbeats.Notice("a", node);
        Assert.True(heartbeats.IsAlive("a"));
        time.Now += 60;
        heartbeats.Notice("a", node);
        Assert.False(heartbeats.IsAlive("a"));
        heartbeats.Notice("a", node with { Status = node.Status! with { Heartbeat = Reported.AddYears(-5) } });
        Assert.True(heartbeats.IsAlive("a"));
        heartbeats.Notice("a", null);
        Assert.False(heartbeats.IsAlive("a"));
    }

    [Theory]
    [InlineData("pvc-0a1b", true)]
    [InlineData("a.b", true)]
    [InlineData("a.-b", false)]
    [InlineData("a..b", false)]
    [InlineData("A", false)]
    [InlineData("a_b", false)]
    [InlineData("-a", false)]
    [InlineData("", false)]
    public void Names_of_resources_are_subdomains(string name, bool valid)
    {
        Assert.Equal(valid, ResourceNames.IsValid(name));
        if (name.Length == 0) return;
        Assert.Equal(valid, ResourceNames.Of(name) == name);
        Assert.True(ResourceNames.IsValid(ResourceNames.Of(name)));
    }

    private static (string, string) Choose(IReadOnlyList<PoolSpace> spaces, long gibibytes, string pool = "", NodeChoice? nodes = null)
    {
        var space = Placement.Choose(spaces, pool, gibibytes * Gibibyte, nodes);
        return (space.Node, space.Pool);
    }

    private static TcmuNode Node(string name, params (string Pool, long Gibibytes)[] pools) => new()
    {
        Metadata = new ObjectMetadata { Name = name },
        Status = new TcmuNodeStatus
        {
            Heartbeat = Reported,
            Pools =
            [
                .. pools.Select(pool => new TcmuPoolStatus
                {
                    Name = pool.Pool,
                    Ready = true,
                    Available = new Quantity(pool.Gibibytes * Gibibyte),
                    MaximumVolumeSize = new Quantity(pool.Gibibytes * Gibibyte),
                }),
            ],
        },
    };

    private static TcmuVolume Volume(string name, string node, long gibibytes, DateTimeOffset? made, long? size) => new()
    {
        Metadata = new ObjectMetadata { Name = name },
        Spec = new TcmuVolumeSpec { Node = node, Pool = "p", Size = new Quantity(gibibytes * Gibibyte) },
        Status = made is null ? null : new TcmuVolumeStatus { Wwid = "6", MadeTime = made, Size = new Quantity(size!.Value * Gibibyte) },
    };

    private sealed class ManualTime : TimeProvider
    {
        public long Now { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Now;
    }
}
