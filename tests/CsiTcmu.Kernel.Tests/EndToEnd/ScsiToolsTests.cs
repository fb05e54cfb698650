using CsiTcmu.Kernel.Tests.Machine;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>What sg3-utils reads from a disk of ours, through the whole kernel path, agrees with what we claim.</summary>
[Collection(DriverCollection.Name)]
public sealed class ScsiToolsTests(DriverFixture fixture)
{
    private const long Size = 64L << 20;
    private readonly IReadOnlyList<string> _before = DriverFixture.Now();

    [Theory]
    [InlineData("512")]
    [InlineData("4096")]
    public async Task Sg3_utils_agree_with_what_the_disk_claims(string blockSize)
    {
        var volume = await StagedVolume.MakeAsync(fixture.Driver.Client, "sg-" + blockSize, "", Size, ("logicalBlockSize", blockSize));
        var disk = await volume.DiskAsync();
        var block = int.Parse(blockSize);

        await ContainsAsync(["Vendor identification: CSI-TCMU", "Peripheral device type: disk"], "sg_inq", disk);
        await ContainsAsync(
            ["Unit serial number", "Device identification", "Block limits", "Block device characteristics", "Logical block provisioning"], "sg_vpd", "-p", "sv", disk);
        await ContainsAsync(["Unit serial number"], "sg_vpd", "-p", "sn", disk);
        var designator = await Shell.RunAsync("sg_vpd", "-p", "di", disk);
        var wwid = (await File.ReadAllTextAsync($"/sys/block/{Path.GetFileName(disk)}/device/wwid")).Trim();
        Assert.StartsWith("naa.6", wwid, StringComparison.Ordinal);
        Assert.Contains(wwid["naa.".Length..], designator.Replace(" ", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);
        await ContainsAsync(["Maximum unmap LBA count", "Maximum compare and write length"], "sg_vpd", "-p", "bl", disk);
        await ContainsAsync(["Non-rotating medium"], "sg_vpd", "-p", "bdc", disk);
        await ContainsAsync(["Unmap command supported (LBPU): 1", "Write same (16) with unmap bit supported (LBPWS): 1"], "sg_vpd", "-p", "lbpv", disk);
        await ContainsAsync([$"Logical block length={block} bytes", $"Number of logical blocks={Size / block}", "lbpme=1", "lbprz=1"], "sg_readcap", "-l", disk);
        await ContainsAsync(["Write same(16)", "Unmap", "Compare and write", "Synchronize cache(10)"], "sg_opcodes", disk);
        await ContainsAsync(["Caching"], "sg_modes", "-p", "8", disk);
        Assert.Equal("write back", (await File.ReadAllTextAsync($"/sys/block/{Path.GetFileName(disk)}/queue/write_cache")).Trim());
        await Shell.RunAsync("sg_turs", disk);
        await Shell.RunAsync("sg_sync", disk);
        await Shell.RunAsync("sg_requests", disk);

        await volume.RemoveAsync(fixture.Driver.Client);
        Assert.Equal(_before, DriverFixture.Now());
    }

    [Fact]
    public async Task Unmap_write_same_and_compare_and_write_change_what_they_should()
    {
        var volume = await StagedVolume.MakeAsync(fixture.Driver.Client, "sg-write", "", Size);
        var disk = await volume.DiskAsync();
        var image = $"{fixture.Driver.Pool}/volumes/{volume.Id}/image";

        await FillAsync(disk);
        Assert.Equal(0xA5, (await BlockAsync(disk, 100))[0]);
        await Shell.RunAsync("sg_unmap", "--force", "--lba=0", "--num=2048", disk);
        Assert.All(await BlockAsync(disk, 100), b => Assert.Equal(0, b));
        Assert.Equal(0xA5, (await BlockAsync(disk, 2048))[0]);
        await ContainsAsync([$"blocks: {2048,10}  deallocated"], "sg_get_lba_status", "--lba=0", disk);
        await ContainsAsync(["mapped"], "sg_get_lba_status", "--lba=2048", disk);
        var allocated = (await Shell.RunAsync("stat", "-c", "%b", image)).Trim();
        Assert.True(long.Parse(allocated) <= (4L << 20) / 512 - 2048 + 64, $"{allocated} blocks of the image are allocated after an unmap of 1 MiB of 4");

        var pattern = Path.GetTempFileName();
        await File.WriteAllBytesAsync(pattern, [.. Enumerable.Repeat((byte)0x3C, 512)]);
        await Shell.RunAsync("sg_write_same", "--16", "--lba=3000", "--num=100", $"--in={pattern}", "--xferlen=512", disk);
        Assert.All(await BlockAsync(disk, 3099), b => Assert.Equal(0x3C, b));
        Assert.Equal(0xA5, (await BlockAsync(disk, 3100))[0]);

        // The first half is compared, the second half is written.
        await File.WriteAllBytesAsync(pattern, [.. Enumerable.Repeat((byte)0x3C, 512), .. Enumerable.Repeat((byte)0x77, 512)]);
        await Shell.RunAsync("sg_compare_and_write", "--lba=3000", "--num=1", "--xferlen=1024", $"--in={pattern}", disk);
        Assert.All(await BlockAsync(disk, 3000), b => Assert.Equal(0x77, b));
        var (code, _, error) = await Shell.TryAsync("sg_compare_and_write", "--lba=3000", "--num=1", "--xferlen=1024", $"--in={pattern}", disk);
        Assert.True(code == 14, $"a miscompare ended with {code}: {error}");
        Assert.All(await BlockAsync(disk, 3000), b => Assert.Equal(0x77, b));

        await volume.RemoveAsync(fixture.Driver.Client);
        Assert.Equal(_before, DriverFixture.Now());
    }

    private static async Task FillAsync(string disk)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, [.. Enumerable.Repeat((byte)0xA5, 4 << 20)]);
        await Shell.RunAsync("dd", $"if={file}", $"of={disk}", "bs=1M", "oflag=direct", "status=none");
    }

    private static async Task<byte[]> BlockAsync(string disk, long number)
    {
        var file = Path.GetTempFileName();
        await Shell.RunAsync("sg_dd", $"if={disk}", $"of={file}", "bs=512", $"skip={number}", "count=1", "iflag=direct");
        return await File.ReadAllBytesAsync(file);
    }

    private static async Task ContainsAsync(string[] wanted, string program, params string[] arguments)
    {
        var output = await Shell.RunAsync(program, arguments);
        foreach (var text in wanted) Assert.Contains(text, output, StringComparison.Ordinal);
    }
}
