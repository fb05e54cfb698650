namespace CsiTcmu.Volumes.Tests;

public sealed class VolumeIdTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("pvc-0b6f2ea4-7f0e-4f3e-9d50-5a1f0c6d7e8f")]
    [InlineData("a.b-c.0")]
    public void A_name_that_can_be_an_id_is_the_id(string name) => Assert.Equal(name, VolumeId.Of(name));

    [Fact]
    public void The_longest_name_is_an_id() => Assert.Equal(new string('a', 128), VolumeId.Of(new string('a', 128)));

    [Theory]
    [InlineData("Aa")]
    [InlineData("../../etc/passwd")]
    [InlineData("a..b")]
    [InlineData("-a")]
    [InlineData("a.")]
    [InlineData(".creating-a")]
    [InlineData("Gänse füßchen 🦆")]
    [InlineData("a\0b")]
    [InlineData("a b")]
    public void Any_other_name_is_hashed(string name)
    {
        var id = VolumeId.Of(name);
        Assert.Matches("^v-[0-9a-f]{40}$", id);
        Assert.True(VolumeId.IsValid(id));
        Assert.Equal(id, VolumeId.Of(name));
        Assert.NotEqual(id, VolumeId.Of(name + "x"));
    }

    [Fact]
    public void A_name_that_is_none_is_refused()
    {
        Assert.Equal(VolumeError.InvalidArgument, Assert.Throws<VolumeException>(() => VolumeId.Of("")).Error);
        Assert.Equal(VolumeError.InvalidArgument, Assert.Throws<VolumeException>(() => VolumeId.Of(new string('a', 129))).Error);
        Assert.Equal(VolumeError.InvalidArgument, Assert.Throws<VolumeException>(() => VolumeId.Of(new string('ä', 65))).Error);
    }

    [Fact]
    public void World_wide_names_have_their_form_and_differ()
    {
        Assert.True(WorldWideNames.IsDisk(WorldWideNames.NewDisk()));
        Assert.True(WorldWideNames.IsTarget(WorldWideNames.NewTarget()));
        Assert.Equal(1000, Enumerable.Range(0, 1000).Select(_ => WorldWideNames.NewDisk()).Distinct().Count());
        Assert.False(WorldWideNames.IsDisk("5" + new string('0', 31)));
        Assert.False(WorldWideNames.IsTarget("naa.6001405000000000"));
    }
}
