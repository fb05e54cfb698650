using CsiTcmu.Linux.Mounts;

namespace CsiTcmu.Linux.Tests;

public sealed class MountsOptionsTests
{
    [Theory]
    [InlineData("", MountFlags.None, "")]
    [InlineData("ro", MountFlags.ReadOnly, "")]
    [InlineData("ro,rw", MountFlags.None, "")]
    [InlineData("nosuid,nodev,noexec,suid", MountFlags.NoDevices | MountFlags.NoExecute, "")]
    [InlineData("noatime,relatime", MountFlags.RelativeAccessTime, "")]
    [InlineData("relatime,noatime,discard,data=ordered", MountFlags.NoAccessTime, "discard,data=ordered")]
    [InlineData("defaults,nofail,_netdev,x-systemd.automount,sync,dirsync,lazytime", MountFlags.Synchronous | MountFlags.DirectorySynchronous | MountFlags.LazyTime, "")]
    [InlineData("context=\"system_u:object_r:container_file_t:s0:c1,c2\",nosymfollow", MountFlags.NoSymbolicLinks, "context=\"system_u:object_r:container_file_t:s0:c1,c2\"")]
    public void Options_are_parted(string options, MountFlags flags, string data) =>
        Assert.Equal(new MountOptions(flags, data), MountOptions.Parse([options]));

    [Fact]
    public void An_element_is_one_option_or_several() =>
        Assert.Equal(MountOptions.Parse(["ro,discard,nosuid"]), MountOptions.Parse(["ro", "discard,nosuid"]));

    [Theory]
    [InlineData("remount")]
    [InlineData("bind")]
    [InlineData("move")]
    [InlineData("rshared")]
    [InlineData("loop=/dev/loop3")]
    [InlineData("user")]
    public void An_option_that_would_do_something_else_is_refused(string option) =>
        Assert.Contains(option.Split('=')[0], Assert.Throws<FormatException>(() => MountOptions.Parse(["noatime", option])).Message);

    [Fact]
    public void A_refusal_does_not_repeat_values()
    {
        Assert.DoesNotContain("secret", Assert.Throws<FormatException>(() => MountOptions.Parse(["loop=secret"])).Message);
        Assert.Throws<FormatException>(() => MountOptions.Parse(["password=" + new string('x', 5000)]));
        Assert.Throws<FormatException>(() => MountOptions.Parse(["a\0b"]));
    }

    [Fact]
    public void A_new_mount_has_relatime_unless_told_otherwise()
    {
        Assert.Equal(MountFlags.RelativeAccessTime, MountOptions.Parse([]).Effective);
        Assert.Equal(MountFlags.ReadOnly | MountFlags.NoAccessTime, MountOptions.Parse(["ro,noatime,sync"]).Effective);
        Assert.Equal(MountFlags.StrictAccessTime, MountOptions.Parse(["strictatime"]).Effective);
    }

    [Fact]
    public void A_bind_mount_keeps_what_its_source_forbids()
    {
        const MountFlags source = MountFlags.NoSetUser | MountFlags.NoAccessTime;
        Assert.Equal(source, MountOptions.Parse([]).Over(source));
        Assert.Equal(source | MountFlags.ReadOnly, MountOptions.Parse(["ro"]).Over(source));
        Assert.Equal(MountFlags.NoSetUser | MountFlags.StrictAccessTime, MountOptions.Parse(["strictatime", "suid"]).Over(source));
    }
}
