namespace CsiTcmu.Volumes.Tests;

public sealed class VolumeParametersTests
{
    [Fact]
    public void Nothing_said_means_the_defaults() =>
        Assert.Equal(new VolumeParameters("", 512, "ext4", ""), Parse());

    [Fact]
    public void Everything_said_is_taken() =>
        Assert.Equal(
            new VolumeParameters("fast", 4096, "xfs", "-m reflink=1 -L data"),
            Parse(("pool", "fast"), ("csi.storage.k8s.io/fstype", "xfs"), ("logicalBlockSize", "4096"), ("mkfsOptions", "-m reflink=1 -L data")));

    [Fact]
    public void The_capability_may_name_the_file_system()
    {
        Assert.Equal("xfs", VolumeParameters.Parse(new Dictionary<string, string>(), "xfs", block: false).FileSystem);
        Refused("twice", "xfs", ("csi.storage.k8s.io/fstype", "ext4"));
    }

    [Fact]
    public void Whom_a_volume_is_for_is_accepted() =>
        Parse(("csi.storage.k8s.io/pvc/name", "n"), ("csi.storage.k8s.io/pvc/namespace", "s"), ("csi.storage.k8s.io/pv/name", "v"));

    [Theory]
    [InlineData("Pool", "fast", "'Pool'")]
    [InlineData("csi.storage.k8s.io/fsType", "xfs", "csi.storage.k8s.io/fsType")]
    [InlineData("pool", "../x", "../x")]
    [InlineData("pool", "", "pool")]
    [InlineData("logicalBlockSize", "1024", "1024")]
    [InlineData("csi.storage.k8s.io/fstype", "ntfs", "ntfs")]
    public void What_is_not_known_is_refused_by_name(string key, string value, string names) => Refused(names, "", (key, value));

    [Fact]
    public void An_unknown_key_is_answered_with_the_known_ones() => Refused("mkfsOptions", "", ("x", "y"));

    [Theory]
    [InlineData("ext4", "-b 4096 -E lazy_itable_init=0,nodiscard -O ^has_journal -m1 -i 65536 -L x")]
    [InlineData("ext4", "")]
    [InlineData("btrfs", "-K -M -d single -m dup -n 16384 -s 4096 -L data -O extref -R quota")]
    [InlineData("xfs", "-K -d agcount=4,su=64k,sw=2 -l size=16m -m crc=1,reflink=0 -s size=4096")]
    public void Options_that_shape_the_file_system_pass(string fileSystem, string options) =>
        Assert.Equal(options.Split(' ', StringSplitOptions.RemoveEmptyEntries), MkfsOptions.Parse(options, fileSystem));

    [Theory]
    [InlineData("btrfs", "-r etc")]
    [InlineData("btrfs", "--rootdir etc")]
    [InlineData("btrfs", "-f")]
    [InlineData("btrfs", "-d /etc")]
    [InlineData("ext4", "-d etc")]
    [InlineData("ext4", "-d /etc")]
    [InlineData("ext4", "/dev/sda")]
    [InlineData("ext4", "sda")]
    [InlineData("ext4", "-b 4096 sda")]
    [InlineData("ext4", "-J device=LABEL=x")]
    [InlineData("ext4", "-J size=4,device=LABEL=x")]
    [InlineData("ext4", "-z undo")]
    [InlineData("ext4", "-qd etc")]
    [InlineData("ext4", "-S")]
    [InlineData("ext4", "-n")]
    [InlineData("ext4", "-b")]
    [InlineData("ext4", "-b -d")]
    [InlineData("ext4", "-L a\nb")]
    [InlineData("ext4", "-M /mnt")]
    [InlineData("xfs", "-p protofile")]
    [InlineData("xfs", "-c options=file")]
    [InlineData("xfs", "-d file,name=x")]
    [InlineData("xfs", "-l logdev=sdb")]
    [InlineData("xfs", "-r rtdev=sdb")]
    [InlineData("xfs", "-N")]
    [InlineData("xfs", "-Kp x")]
    public void Options_that_reach_other_files_do_not(string fileSystem, string options) =>
        Assert.Equal(VolumeError.InvalidArgument, Assert.Throws<VolumeException>(() => MkfsOptions.Parse(options, fileSystem)).Error);

    [Fact]
    public void Encryption_is_off_unless_it_is_asked_for()
    {
        Assert.Equal(EncryptionParameters.None, Parse().Encryption);
        Assert.Equal(EncryptionParameters.None, Parse(("encrypted", "false"), ("encryptionDiscard", "false")).Encryption);
        Assert.Equal(new EncryptionParameters(true, false, 64L << 20), Parse(("encrypted", "true")).Encryption);
        Assert.Equal(
            new EncryptionParameters(true, true, 1L << 30), Parse(("encrypted", "true"), ("encryptionDiscard", "true"), ("encryptionKeyMemory", "1Gi")).Encryption);
    }

    [Theory]
    [InlineData("yes", null, null, "'encrypted' is 'yes'")]
    [InlineData("", null, null, "'encrypted' is ''")]
    [InlineData("True", null, null, "'encrypted' is 'True'")]
    [InlineData("true", "1", null, "'encryptionDiscard' is '1'")]
    [InlineData("true", null, "64", "'encryptionKeyMemory' is '64'")]
    [InlineData("true", null, "2Gi", "from 1Mi to 1Gi")]
    [InlineData("true", null, "much", "'encryptionKeyMemory' is 'much'")]
    [InlineData(null, "true", null, "set 'encrypted' to true")]
    [InlineData("false", null, "64Mi", "set 'encrypted' to true")]
    public void Encryption_that_is_not_clear_is_refused(string? encrypted, string? discard, string? memory, string names)
    {
        (string, string?)[] given = [("encrypted", encrypted), ("encryptionDiscard", discard), ("encryptionKeyMemory", memory)];
        Refused(names, "", [.. given.Where(pair => pair.Item2 is not null).Select(pair => (pair.Item1, pair.Item2!))]);
    }

    private static VolumeParameters Parse(params (string Key, string Value)[] parameters) =>
        VolumeParameters.Parse(parameters.ToDictionary(pair => pair.Key, pair => pair.Value), "", block: false);

    private static void Refused(string names, string fileSystem, params (string Key, string Value)[] parameters)
    {
        var failure = Assert.Throws<VolumeException>(
            () => VolumeParameters.Parse(parameters.ToDictionary(pair => pair.Key, pair => pair.Value), fileSystem, block: false));
        Assert.Equal(VolumeError.InvalidArgument, failure.Error);
        Assert.Contains(names, failure.Message);
    }
}
