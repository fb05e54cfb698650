namespace CsiTcmu.Kernel.Tests;

/// <summary>The kernel's side alone: if these fail, the kernel or the machine is wrong, not this code base.</summary>
public sealed class TcmuDeviceSmokeTests
{
    [Fact]
    public void A_device_appears_as_uio_when_enabled_and_goes_when_removed()
    {
        var adapter = Configfs.FreeAdapter();
        var device = $"{Configfs.Core}/user_{adapter}/smoke";
        Directory.CreateDirectory(device);
        try
        {
            Configfs.Write($"{device}/control", "dev_size=67108864,hw_block_size=512,cmd_ring_size_mb=1,nl_reply_supported=-1,dev_config=test/smoke");
            Assert.Empty(UioOf(adapter));

            Configfs.Write($"{device}/enable", "1");
            var uio = Assert.Single(UioOf(adapter));
            Assert.Equal($"tcm-user/{adapter}/smoke/test/smoke", Configfs.Read($"{uio}/name"));
            Assert.Equal("2", Configfs.Read($"{uio}/version"));
            Assert.True(File.Exists($"/dev/{Path.GetFileName(uio)}"), "devtmpfs has no node for the UIO device");
            Assert.Throws<IOException>(() => Configfs.Write($"{device}/enable", "1"));
        }
        finally
        {
            Directory.Delete(device);
            Directory.Delete(Path.GetDirectoryName(device)!);
        }

        Assert.Empty(UioOf(adapter));
    }

    [Fact]
    public void A_loopback_target_makes_a_SCSI_host_that_goes_with_it()
    {
        var before = Hosts();
        var target = $"{Configfs.Loopback}/naa.5000000000000abc";
        Directory.CreateDirectory($"{target}/tpgt_1");
        try
        {
            Configfs.Write($"{target}/tpgt_1/nexus", "naa.5000000000000abd");
            var host = Configfs.Read($"{target}/tpgt_1/address").Split(':')[0];
            Assert.True(Directory.Exists($"/sys/class/scsi_host/host{host}"), $"there is no SCSI host {host}");
            Assert.NotEqual(before, Hosts());
        }
        finally
        {
            Directory.Delete($"{target}/tpgt_1");
            Directory.Delete(target);
        }

        Assert.Equal(before, Hosts());
    }

    private static string[] Hosts() => [.. Directory.GetDirectories("/sys/class/scsi_host").Order(StringComparer.Ordinal)];

    private static string[] UioOf(int adapter) =>
        Directory.Exists("/sys/class/uio")
            ? [.. Directory.GetDirectories("/sys/class/uio").Where(uio => Configfs.Read($"{uio}/name").StartsWith($"tcm-user/{adapter}/", StringComparison.Ordinal))]
            : [];
}
