using CsiTcmu.Linux.Mounts;

namespace CsiTcmu.Linux.Tests;

public sealed class MountsTableTests
{
    private const string Text =
        """
        22 27 0:21 / /proc rw,relatime - proc proc rw
        27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
        40 27 8:16 / /mnt/with\040space\011tab\134back ro,nosuid,nodev,noexec,noatime,nodiratime shared:7 master:2 - xfs /dev/sdb rw,lazytime,attr2
        41 40 8:32 / /mnt/with\040space\011tab\134back rw - ext4 /dev/sdc ro,sync
        42 27 0:6 /sdd /target/file rw,relatime shared:3 propagate_from:2 unbindable - devtmpfs dev-tmp rw,size=1k
        43 27 0:6 /sde//deleted /target/gone rw,nosymfollow,relatime - devtmpfs dev rw

        """;

    [Fact]
    public void Every_field_of_a_line_is_read()
    {
        var entry = MountTable.Parse(Text).Entries[2];
        Assert.Equal(40, entry.Id);
        Assert.Equal(27, entry.Parent);
        Assert.Equal(new DeviceNumber(8, 16), entry.Device);
        Assert.Equal("/", entry.Root);
        Assert.Equal("/mnt/with space\ttab\\back", entry.Target);
        Assert.Equal("xfs", entry.FileSystem);
        Assert.Equal("/dev/sdb", entry.Source);
        Assert.Equal("rw,lazytime,attr2", entry.SuperOptions);
        Assert.Equal(
            MountFlags.ReadOnly | MountFlags.NoSetUser | MountFlags.NoDevices | MountFlags.NoExecute | MountFlags.NoAccessTime | MountFlags.NoDirectoryAccessTime,
            entry.Flags);
        Assert.Equal(MountFlags.LazyTime, entry.SuperFlags);
    }

    [Fact]
    public void Optional_fields_of_any_number_are_skipped()
    {
        var table = MountTable.Parse(Text);
        Assert.Equal(6, table.Entries.Count);
        Assert.Equal("devtmpfs", table.Entries[4].FileSystem);
        Assert.Equal("/sdd", table.Entries[4].Root);
        Assert.Equal("/sde//deleted", table.Entries[5].Root);
        Assert.Equal(MountFlags.NoSymbolicLinks | MountFlags.RelativeAccessTime, table.Entries[5].Flags);
    }

    [Fact]
    public void The_topmost_mount_is_the_one_that_no_other_covers()
    {
        const string target = "/mnt/with space\ttab\\back";
        Assert.Equal(41, MountTable.Parse(Text).Top(target)!.Id);

        // The order of lines does not decide.
        var lines = Text.Split('\n');
        (lines[2], lines[3]) = (lines[3], lines[2]);
        var swapped = MountTable.Parse(string.Join('\n', lines));
        Assert.Equal(41, swapped.Top(target)!.Id);
        Assert.Equal(2, swapped.At(target).Count);
        Assert.Null(swapped.Top("/mnt"));
    }

    [Fact]
    public void Nothing_printed_for_access_times_means_strict()
    {
        Assert.Equal(MountFlags.StrictAccessTime, MountTable.Parse(Text).Entries[3].Flags);
        Assert.Equal(MountFlags.ReadOnly | MountFlags.Synchronous, MountTable.Parse(Text).Entries[3].SuperFlags);
    }

    [Theory]
    [InlineData("22 27 0:21 / /proc rw,relatime proc proc rw")]
    [InlineData("22 27 0:21 / /proc rw,relatime - proc")]
    [InlineData("x 27 0:21 / /proc rw,relatime - proc proc rw")]
    [InlineData("22 27 021 / /proc rw,relatime - proc proc rw")]
    [InlineData("22")]
    public void A_line_that_is_none_is_refused_and_shown(string line) =>
        Assert.Contains(line, Assert.Throws<InvalidDataException>(() => MountTable.Parse(line + "\n")).Message);

    [Fact]
    public void The_kernels_own_table_has_the_root()
    {
        var root = MountTable.Read().Top("/");
        Assert.NotNull(root);
        Assert.Equal("/", root.Target);
    }
}
