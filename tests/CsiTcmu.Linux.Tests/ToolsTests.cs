using CsiTcmu.Linux.Tools;

namespace CsiTcmu.Linux.Tests;

public sealed class ToolsTests : IDisposable
{
    private readonly string _image = Path.GetTempFileName();

    [Fact]
    public async Task A_programs_outputs_and_status_are_kept()
    {
        var result = await Tool.RunAsync("sh", ["-c", "echo out; echo err >&2; echo $LC_ALL; exit 3"]);
        Assert.Equal((3, "out\nC\n", "err\n"), (result.ExitCode, result.Output, result.Error));
        Assert.Equal("sh ended with 3: err", result.Summary);
    }

    [Fact]
    public async Task Arguments_are_words_and_not_shell_text()
    {
        var result = await Tool.RunAsync("echo", ["a b", "$HOME", ";", "'"]);
        Assert.Equal("a b $HOME ; '\n", result.Output);
    }

    [Fact]
    public async Task A_missing_program_is_named()
    {
        var problem = await Assert.ThrowsAsync<IOException>(() => Tool.RunAsync("no-such-program", []));
        Assert.Contains("no-such-program", problem.Message);
    }

    [Fact]
    public async Task A_cancelled_program_is_ended()
    {
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Tool.RunAsync("sleep", ["1000"], cancellationToken: cancel.Token));
    }

    [Fact]
    public async Task A_blank_device_is_blank()
    {
        Size(64 << 20);
        var content = await FileSystemTools.ProbeAsync(_image);
        Assert.True(content.Blank);
        Assert.Equal("", content.FileSystem);
    }

    [Theory]
    [InlineData("ext4", 64)]
    [InlineData("xfs", 320)]
    public async Task A_file_system_that_was_made_is_found(string fileSystem, int mebibytes)
    {
        Size((long)mebibytes << 20);
        await FileSystemTools.MakeAsync(fileSystem, _image, []);
        Assert.Equal(new DeviceContent(Blank: false, fileSystem, $"a file system ({fileSystem})"), await FileSystemTools.ProbeAsync(_image));

        // Made again over itself, by force.
        await FileSystemTools.MakeAsync(fileSystem, _image, []);
    }

    [Fact]
    public async Task Options_reach_mkfs_and_its_complaint_comes_back()
    {
        Size(64 << 20);
        await FileSystemTools.MakeAsync("ext4", _image, ["-b", "1024", "-L", "label with blank"]);
        var dump = await Tool.RunAsync("dumpe2fs", ["-h", _image]);
        Assert.Contains("label with blank", dump.Output);
        Assert.Contains("Block size:               1024", dump.Output);
        var problem = await Assert.ThrowsAsync<IOException>(() => FileSystemTools.MakeAsync("ext4", _image, ["-b", "77"]));
        Assert.Contains("77", problem.Message);
    }

    [Theory]
    [InlineData("mkswap", "swap")]
    [InlineData("sfdisk", "partition table")]
    public async Task Whatever_else_is_there_is_not_blank_and_no_file_system(string tool, string found)
    {
        Size(64 << 20);
        if (tool == "sfdisk") await File.WriteAllBytesAsync(_image, WithPartitionTable());
        else Assert.Equal(0, (await Tool.RunAsync(tool, [_image])).ExitCode);
        var content = await FileSystemTools.ProbeAsync(_image);
        Assert.False(content.Blank);
        Assert.Equal("", content.FileSystem);
        Assert.Contains(found, content.Description);
    }

    [Theory]
    [InlineData(0)]
    [InlineData((1 << 20) - 1)]
    [InlineData(63 << 20)]
    [InlineData((64 << 20) - 1)]
    public async Task A_device_with_a_byte_at_its_ends_is_not_blank(int offset)
    {
        Size(64 << 20);
        using (var stream = File.OpenWrite(_image))
        {
            stream.Seek(offset, SeekOrigin.Begin);
            stream.WriteByte(1);
        }

        Assert.Equal(new DeviceContent(Blank: false, "", "data without a signature"), await FileSystemTools.ProbeAsync(_image));
    }

    [Fact]
    public async Task A_device_that_cannot_be_read_is_an_error_and_not_blank()
    {
        var problem = await Assert.ThrowsAnyAsync<IOException>(() => FileSystemTools.ProbeAsync("/no/such/device"));
        Assert.Contains("/no/such/device", problem.Message);
    }

    public void Dispose() => File.Delete(_image);

    private void Size(long size)
    {
        using var stream = File.OpenWrite(_image);
        stream.SetLength(0);
        stream.SetLength(size);
    }

    private static byte[] WithPartitionTable()
    {
        // A master boot record with one Linux partition.
        var content = new byte[64 << 20];
        content[510] = 0x55;
        content[511] = 0xaa;
        content[446 + 4] = 0x83;
        BitConverter.TryWriteBytes(content.AsSpan(446 + 8), 2048);
        BitConverter.TryWriteBytes(content.AsSpan(446 + 12), 65536);
        return content;
    }
}
