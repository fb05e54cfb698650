namespace CsiTcmu.Tcmu.Tests;

/// <summary>Reading the kernel's trees, in folders that look like them (texts as Linux 6.1 gives them).</summary>
public sealed class KernelTreeTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("csi-tcmu-").FullName;

    private KernelPaths Paths => new() { Target = $"{_root}/target", Sysfs = $"{_root}/sys", Devices = $"{_root}/dev" };

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Devices_are_listed_with_their_state()
    {
        Write("target/core/user_7/t1/info", """
            Status: ACTIVATED  Max Queue Depth: 128  SectorSize: 4096  HwMaxSectors: 2048
                    Config: csi/abc Size: 1048576 MaxDataAreaMB: 8 DataPagesPerBlk: 16 CmdRingSizeMB: 2

            """);
        Write("target/core/user_7/t1/enable", "1\n");
        Write("target/core/user_7/t1/action/block_dev", "blocked\n");
        Write("target/core/user_7/half/info", """
            Status: DEACTIVATED  Max Queue Depth: 0  SectorSize: 0  HwMaxSectors: 0
                    Config: NULL Size: 0 MaxDataAreaMB: 1024 DataPagesPerBlk: 1 CmdRingSizeMB: 8

            """);
        Write("target/core/user_7/half/enable", "0\n");
        Write("target/core/user_7/half/action/block_dev", "unblocked\n");
        Write("target/core/user_7/hba_info", "HBA Index: 1 plugin: user version: v5.0\n");

        var devices = TcmuDevice.List(7, Paths);
        Assert.Equal(["half", "t1"], devices.Select(d => d.Name));
        Assert.Equal(
            new TcmuDeviceState
            {
                Enabled = true,
                Blocked = true,
                Exported = true,
                Config = "csi/abc",
                Size = 1048576,
                BlockSize = 4096,
                DataAreaMegabytes = 8,
                DataPagesPerBlock = 16,
                CommandRingMegabytes = 2,
            },
            devices[1].TryRead());
        Assert.Equal(("", false, false, 0L), (devices[0].TryRead()!.Config, devices[0].TryRead()!.Enabled, devices[0].TryRead()!.Exported, devices[0].TryRead()!.Size));
        Assert.Empty(TcmuDevice.List(8, Paths));
        Assert.Null(new TcmuDevice(7, "none", Paths).TryRead());
    }

    [Fact]
    public void The_module_with_zero_copy_tells_the_size_of_the_area_behind_that_of_the_ring()
    {
        WriteNewDevice(" ZcDataAreaMB: 64 ZcMinSize: 65536");
        var state = new TcmuDevice(7, "t1", Paths).TryRead()!;
        Assert.Equal((2, 64), (state.CommandRingMegabytes, state.ZeroCopyMegabytes));
    }

    // What the kernel's own module is told must never change by zero copy: the text is written out here on purpose.
    [Theory]
    [InlineData(0, "")]
    [InlineData(64, "zc_data_area_mb=64,")]
    public void A_device_is_made_with_an_area_only_when_one_is_asked_for(int megabytes, string wish)
    {
        WriteNewDevice("");
        TcmuDevice.Create(Specification with { ZeroCopyMegabytes = megabytes }, Paths);
        Assert.Equal(
            "dev_size=1048576,hw_block_size=512,hw_max_sectors=2048,max_data_area_mb=32,data_pages_per_blk=1,cmd_ring_size_mb=1," + wish +
            "nl_reply_supported=-1,dev_config=csi/abc",
            Read("target/core/user_7/t1/control"));
    }

    [Fact]
    public void A_half_made_device_with_an_area_that_is_not_wanted_any_more_loses_it()
    {
        WriteNewDevice(" ZcDataAreaMB: 64 ZcMinSize: 65536");
        TcmuDevice.Create(Specification, Paths);
        Assert.StartsWith("zc_data_area_mb=0", Read("target/core/user_7/t1/control"));

        WriteNewDevice(" ZcDataAreaMB: 64 ZcMinSize: 65536");
        TcmuDevice.Create(Specification with { ZeroCopyMegabytes = 32 }, Paths);
        Assert.StartsWith("dev_size=", Read("target/core/user_7/t1/control"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Status: ACTIVATED")]
    [InlineData("Status: ACTIVATED  Max Queue Depth: 0  SectorSize: 512  HwMaxSectors: 0\n        Config: a Size: 512 MaxDataAreaMB: 1 DataPagesPerBlk: 1 CmdRingSizeMB: 8 more\n")]
    [InlineData("Status: ACTIVATED  Max Queue Depth: 0  SectorSize: 512  HwMaxSectors: 0\n        Config: a Size: 512 MaxDataAreaMB: 1 DataPagesPerBlk: 1 CmdRingSizeMB: 8 ZcDataAreaMB: x ZcMinSize: 1\n")]
    [InlineData("Status: ACTIVATED  Max Queue Depth: 0  SectorSize: 512  HwMaxSectors: 0\n        Config: a Size: x MaxDataAreaMB: 1 DataPagesPerBlk: 1 CmdRingSizeMB: 8\n")]
    [InlineData("Status: ACTIVATED  Max Queue Depth: 0  SectorSize: 512  HwMaxSectors: 0\n        Config: a Size: 99999999999999999999 MaxDataAreaMB: 1 DataPagesPerBlk: 1 CmdRingSizeMB: 8\n")]
    public void Another_kernels_info_is_an_error_that_names_the_file(string info)
    {
        Write("target/core/user_7/t1/info", info);
        var error = Assert.Throws<TargetException>(() => new TcmuDevice(7, "t1", Paths).TryRead());
        Assert.Contains("user_7/t1/info", error.Message);
    }

    [Fact]
    public async Task A_lun_tells_its_device_and_its_address()
    {
        Directory.CreateDirectory($"{_root}/target/core/user_7/t1");
        Link("naa.5001405000000001", "t1", "../../../../../../target/core/user_7/t1");
        Link("naa.5001405000000002", "x", "../../../../../../target/core/fileio_0/x");
        Write("target/loopback/naa.5001405000000003/tpgt_1/address", "4:0:1\n");
        LoopbackLun[] luns = [.. Enumerable.Range(1, 3).Select(i => new LoopbackLun($"naa.500140500000000{i}", Paths))];
        Assert.Equal("user_7/t1", (await luns[0].LinkedDeviceAsync())!.ToString());
        Assert.Null(await luns[1].LinkedDeviceAsync());
        Assert.Null(await luns[2].LinkedDeviceAsync());
        Assert.Null(luns[0].Address());
        Assert.Equal("4:0:1:0", luns[2].Address());
    }

    [Fact]
    public void A_device_tells_the_luns_that_link_to_it()
    {
        var device = new TcmuDevice(7, "t1", Paths);
        Assert.Empty(LoopbackLun.Of(device, Paths));
        Write(
            "target/core/user_7/t1/alua/default_tg_pt_gp/members",
            "loopback/naa.5001405000000001/tpgt_1/lun_0\niSCSI/iqn.2026-01.io:x/tpgt_1/lun_0\nloopback/naa.5/tpgt_1/lun_0\nloopback\n");
        Assert.Equal(["naa.5001405000000001"], LoopbackLun.Of(device, Paths).Select(lun => lun.Target));
    }

    [Fact]
    public async Task A_disk_is_found_by_its_scsi_address()
    {
        Write("target/loopback/naa.5001405000000003/tpgt_1/address", "4:0:1\n");
        var lun = new LoopbackLun("naa.5001405000000003", Paths);
        Assert.Null(lun.FindDisk());
        Write("sys/class/scsi_device/4:0:1:0/device/wwid", "naa.60014050000000000000000000000001\n");
        Assert.Null(lun.FindDisk());
        Write("sys/class/scsi_device/4:0:1:0/device/block/sdq/size", "131072\n");
        Write("sys/class/scsi_device/4:0:1:0/device/block/sdq/dev", "65:0\n");
        var disk = lun.FindDisk()!;
        Assert.Equal(("sdq", $"{_root}/dev/sdq", 64L << 20, "65:0"), (disk.Name, disk.Path, disk.Size, disk.Number));
        Assert.Equal("naa.60014050000000000000000000000001", disk.Identity);
        Assert.False(await disk.IsHeldAsync());

        // Node and size are there before the queue takes settings.
        Write("dev/sdq", "");
        await Assert.ThrowsAsync<TargetException>(() => lun.WaitForDiskAsync(TimeSpan.Zero));
        Directory.CreateDirectory($"{_root}/sys/class/scsi_device/4:0:1:0/device/block/sdq/bdi");
        Assert.Equal("sdq", (await lun.WaitForDiskAsync(TimeSpan.Zero)).Name);
    }

    [Fact]
    public void A_uio_device_is_found_by_its_whole_name()
    {
        Write("sys/class/uio/uio0/name", "tcm-user/7/t1/csi/abcd\n");
        Write("sys/class/uio/uio1/name", "tcm-user/7/t1/csi/abc\n");
        Directory.CreateDirectory($"{_root}/sys/class/uio/uio2");
        Assert.Equal("uio1", UioDevice.Find("tcm-user/7/t1/csi/abc", Paths));
        Assert.Null(UioDevice.Find("tcm-user/7/t1/csi/ab", Paths));
        Assert.Null(UioDevice.Find("tcm-user/7/t1/csi/abc", Paths with { Sysfs = "/nowhere" }));
    }

    [Theory]
    [InlineData("0x0000000000900000\n", "No such file")]
    [InlineData("900000\n", "hexadecimal")]
    [InlineData("0x\n", "hexadecimal")]
    [InlineData("0x0\n", "hexadecimal")]
    [InlineData("0xffffffffffffffff\n", "hexadecimal")]
    public void A_uio_device_that_cannot_be_opened_is_an_error_that_names_it(string size, string reason)
    {
        Write("sys/class/uio/uio1/name", "tcm-user/7/t1/c\n");
        Write("sys/class/uio/uio1/maps/map0/size", size);
        var error = Assert.ThrowsAny<IOException>(() => UioDevice.Open("tcm-user/7/t1/c", Paths));
        Assert.Contains("uio1", error.Message);
        Assert.Contains(reason, error.Message);
        error = Assert.ThrowsAny<IOException>(() => UioDevice.Open("tcm-user/7/other", Paths));
        Assert.Contains("tcm-user/7/other", error.Message);
    }

    [Fact]
    public void A_node_that_is_shorter_than_its_map_is_not_touched()
    {
        // mmap of a regular file reaches past its end.
        Write("sys/class/uio/uio1/name", "n\n");
        Write("sys/class/uio/uio1/maps/map0/size", "0x2000\n");
        Write("dev/uio1", new string('\0', 0x2000));
        using var uio = UioDevice.Open("n", Paths);
        Assert.Equal(0x2000, uio.Length);
        unsafe
        {
            Assert.Throws<InvalidDataException>(() => new CommandRing(uio.Map, uio.Length));
        }
    }

    [Fact]
    public void The_data_area_limit_is_raised_and_never_lowered()
    {
        var error = Assert.Throws<TargetException>(() => DataAreaLimit.Read(Paths));
        Assert.Equal(2, error.Error);
        Write("sys/module/target_core_user/parameters/global_max_data_area_mb", "2048\n");
        Assert.Equal(2048, DataAreaLimit.Raise(100, Paths));
        Assert.Equal(2048, DataAreaLimit.Read(Paths));
        Write("sys/module/target_core_user/parameters/global_max_data_area_mb", "much\n");
        Assert.Contains("'much'", Assert.Throws<TargetException>(() => DataAreaLimit.Read(Paths)).Message);
    }

    [Fact]
    public async Task Without_configfs_the_error_names_the_folder_and_the_modules()
    {
        var error = Assert.Throws<TargetException>(() => TcmuDevice.Create(Specification, Paths));
        Assert.Contains($"{_root}/target/core", error.Message);
        Assert.Contains("target_core_user", error.Message);
        error = await Assert.ThrowsAsync<TargetException>(() => new LoopbackLun("naa.5001405000000001", Paths).LinkAsync(new TcmuDevice(7, "t1", Paths)));
        Assert.Contains("tcm_loop", error.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_root));
    }

    [Fact]
    public async Task Removing_what_is_not_there_is_fine()
    {
        new TcmuDevice(7, "t1", Paths).Remove();
        await new LoopbackLun("naa.5001405000000001", Paths).RemoveAsync(new TcmuDevice(7, "t1", Paths));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData(".hidden")]
    [InlineData("a/b")]
    [InlineData("a\n")]
    [InlineData("a b")]
    [InlineData("ä")]
    [InlineData("a\0")]
    public void Names_that_are_not_a_folders_are_refused(string name)
    {
        Assert.Throws<ArgumentException>(() => new TcmuDevice(0, name, Paths));
        Assert.Throws<ArgumentException>(() => TcmuDevice.Create(Specification with { Name = name }, Paths));
    }

    [Theory]
    [InlineData("")]
    [InlineData("naa.5")]
    [InlineData("naa.500140500000000G")]
    [InlineData("naa.500140500000000A")]
    [InlineData("naa.50014050000000001")]
    [InlineData("naa.5001405000000001\n")]
    [InlineData("iqn.5001405000000001")]
    [InlineData("../.5001405000000001")]
    public void Names_that_are_not_a_targets_are_refused(string target) =>
        Assert.Throws<ArgumentException>(() => new LoopbackLun(target, Paths));

    [Fact]
    public void The_initiator_is_another_than_the_target()
    {
        Assert.Equal("naa.3001405000000001", new LoopbackLun("naa.5001405000000001").Initiator);
        Assert.Equal("naa.2001405000000001", new LoopbackLun("naa.3001405000000001").Initiator);
    }

    public static TheoryData<string, TcmuDeviceSpecification> WrongSpecifications => new()
    {
        { "Hba", Specification with { Hba = -1 } },
        { "Name", Specification with { Name = new string('a', 129) } },
        { "Config", Specification with { Config = "" } },
        { "Config", Specification with { Config = "a,dev_size=1" } },
        { "Config", Specification with { Config = "a:b" } },
        { "Config", Specification with { Config = "a\n" } },
        { "Config", Specification with { Config = "a b" } },
        { "Config", Specification with { Config = new string('a', 256) } },
        { "Size", Specification with { Size = 0 } },
        { "Size", Specification with { Size = -512 } },
        { "Size", Specification with { Size = 513 } },
        { "Size", Specification with { Size = 512, BlockSize = 4096 } },
        { "BlockSize", Specification with { BlockSize = 0 } },
        { "BlockSize", Specification with { BlockSize = 1024 } },
        { "Serial", Specification with { Serial = "" } },
        { "Serial", Specification with { Serial = "a\nb" } },
        { "Serial", Specification with { Serial = new string('a', 255) } },
        { "MaxSectors", Specification with { MaxSectors = 7 } },
        { "MaxSectors", Specification with { MaxSectors = 65536 } },
        { "DataAreaMegabytes", Specification with { DataAreaMegabytes = 0 } },
        { "DataPagesPerBlock", Specification with { DataPagesPerBlock = 0 } },
        { "DataPagesPerBlock", Specification with { DataPagesPerBlock = 257 } },
        { "CommandRingMegabytes", Specification with { CommandRingMegabytes = 9 } },
        { "ZeroCopyMegabytes", Specification with { ZeroCopyMegabytes = -1 } },
        { "ZeroCopyMegabytes", Specification with { ZeroCopyMegabytes = 4097 } },
    };

    [Theory]
    [MemberData(nameof(WrongSpecifications), DisableDiscoveryEnumeration = true)]
    public void A_wrong_specification_is_refused_by_the_name_of_the_field_before_anything_is_made(string field, TcmuDeviceSpecification specification)
    {
        Directory.CreateDirectory($"{_root}/target");
        var error = Assert.Throws<ArgumentException>(() => TcmuDevice.Create(specification, Paths));
        Assert.Equal(field, error.ParamName);
        Assert.StartsWith(field, error.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries($"{_root}/target"));
    }

    private static TcmuDeviceSpecification Specification => new()
    {
        Hba = 7,
        Name = "t1",
        Config = "csi/abc",
        Size = 1 << 20,
        BlockSize = 512,
        Serial = "serial",
    };

    /// <summary>A device's folder as it is before it is enabled; <paramref name="zeroCopy"/> is what the module has to say of an area.</summary>
    private void WriteNewDevice(string zeroCopy)
    {
        Write("target/core/user_7/t1/info", $"""
            Status: DEACTIVATED  Max Queue Depth: 0  SectorSize: 512  HwMaxSectors: 0
                    Config: csi/abc Size: 1048576 MaxDataAreaMB: 32 DataPagesPerBlk: 1 CmdRingSizeMB: 2{zeroCopy}

            """);
        foreach (var name in new[] { "control", "enable", "attrib/cmd_time_out", "attrib/tmr_notification", "wwn/vpd_unit_serial" })
            Write($"target/core/user_7/t1/{name}", "");
    }

    private string Read(string path) => File.ReadAllText($"{_root}/{path}");

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName($"{_root}/{path}")!);
        File.WriteAllText($"{_root}/{path}", text);
    }

    private void Link(string target, string name, string device)
    {
        var lun = $"{_root}/target/loopback/{target}/tpgt_1/lun/lun_0";
        Directory.CreateDirectory($"{lun}/statistics");
        File.CreateSymbolicLink($"{lun}/{name}", device);
        File.WriteAllText($"{lun}/alua_tg_pt_offline", "0\n");
    }
}
