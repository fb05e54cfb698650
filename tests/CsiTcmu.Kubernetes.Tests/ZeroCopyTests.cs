using CsiTcmu.Doctor;
using CsiTcmu.Kubernetes.Agent;
using CsiTcmu.Verbs;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kubernetes.Tests;

/// <summary>The node's option for zero copy, and what is told of it.</summary>
public sealed class ZeroCopyTests
{
    private static readonly StandaloneText Text = new("unix:///x", ["a=/a"], "n", "auto", null, "1.12", null, null, null);

    [Theory]
    [InlineData("off", ZeroCopyMode.Off)]
    [InlineData("auto", ZeroCopyMode.Auto)]
    [InlineData("required", ZeroCopyMode.Required)]
    public void The_option_is_read(string word, ZeroCopyMode mode)
    {
        Assert.True(StandaloneOptions.TryParse(Text with { ZeroCopy = word }, out var options, out _));
        Assert.Equal(mode, options.ZeroCopy);
        Assert.Empty(StandaloneVerb.Create().Parse($"--zero-copy {word}").Errors);
    }

    [Fact]
    public void It_is_off_unless_said_and_another_word_is_refused()
    {
        Assert.True(StandaloneOptions.TryParse(Text, out var options, out _));
        Assert.Equal(ZeroCopyMode.Off, options.ZeroCopy);
        var error = Assert.Single(StandaloneVerb.CreateNode().Parse("--zero-copy maybe").Errors);
        Assert.Contains("--zero-copy is 'maybe'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_node_tells_of_it_when_somebody_wants_it()
    {
        Assert.Null(new NodeZeroCopy(ZeroCopyMode.Off, null).Describe(3, 0));
        Assert.Equal(
            new NodeFact("ZeroCopy", IsTrue: true, "AreaAvailable", "1 of 3 volumes in use have a zero copy area"), new NodeZeroCopy(ZeroCopyMode.Off, null).Describe(3, 1));
        Assert.Equal(
            new NodeFact("ZeroCopy", IsTrue: true, "AreaAvailable", "0 of 0 volumes in use have a zero copy area"), new NodeZeroCopy(ZeroCopyMode.Auto, null).Describe(0, 0));
        Assert.Equal(
            new NodeFact("ZeroCopy", IsTrue: false, "NoArea", "0 of 2 volumes in use have a zero copy area: the wrong module"),
            new NodeZeroCopy(ZeroCopyMode.Required, "the wrong module").Describe(2, 0));
    }

    [Fact]
    public void The_doctor_tells_how_much_its_absence_matters()
    {
        Assert.Equal(Verdict.Fine, ZeroCopyChecks.Describe(ZeroCopyMode.Required, null).Verdict);
        Assert.Equal(Verdict.Weak, ZeroCopyChecks.Describe(ZeroCopyMode.Auto, "none").Verdict);
        var bad = ZeroCopyChecks.Describe(ZeroCopyMode.Required, "none");
        Assert.Equal((Verdict.Bad, "none"), (bad.Verdict, bad.Detail));
        Assert.Contains("deploy/kernel", bad.Fix, StringComparison.Ordinal);
    }
}
