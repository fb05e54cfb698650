using CsiTcmu.Linux.Tools;

namespace CsiTcmu.Linux.Tests;

/// <summary>cryptsetup on loop devices (it locks a file as flock(1) does, and would wait for itself); mappings need the device mapper and are in the kernel tests.</summary>
public sealed class EncryptionToolsTests : IAsyncLifetime
{
    private const long Mebibyte = 1L << 20;
    private readonly string _image = Path.GetTempFileName();
    private string _device = "";

    public async ValueTask InitializeAsync()
    {
        await using (var file = File.OpenWrite(_image)) file.SetLength(20 * Mebibyte);
        var result = await Tool.RunAsync("losetup", ["--find", "--show", _image]);
        Assert.True(result.ExitCode == 0, $"{result.Summary}: these tests need loop devices");
        _device = result.Output.Trim();
    }

    public async ValueTask DisposeAsync()
    {
        Assert.Equal(0, (await Tool.RunAsync("losetup", ["--detach", _device])).ExitCode);
        File.Delete(_image);
    }

    [Theory]
    [InlineData("simple")]
    [InlineData("with a line feed\nand an end\n")]
    [InlineData("Schlüssel ✓")]
    public async Task A_passphrase_is_taken_byte_for_byte(string passphrase)
    {
        await EncryptionTools.FormatAsync(_device, passphrase, Mebibyte, 4096);
        Assert.True((await FileSystemTools.ProbeAsync(_device)).Encrypted);
        Assert.Equal(0, await TryAsync(passphrase));
        Assert.Equal(2, await TryAsync(passphrase + "\n"));
        Assert.Equal(2, await TryAsync(passphrase[..^1]));
    }

    [Fact]
    public async Task The_header_is_what_was_asked_for()
    {
        await EncryptionTools.FormatAsync(_device, "a passphrase", 4 * Mebibyte, 512);
        var dump = (await Tool.RunAsync("cryptsetup", ["luksDump", _device])).Output;
        Assert.Contains("Version:       \t2", dump);
        Assert.Contains("cipher: aes-xts-plain64", dump);
        Assert.Contains("sector: 512 [bytes]", dump);
        Assert.Contains($"offset: {EncryptionTools.HeaderBytes} [bytes]", dump);
        Assert.Contains("PBKDF:      argon2id", dump);
        Assert.Contains("Memory:     4096", dump);
    }

    [Fact]
    public async Task One_that_an_earlier_process_left_is_waited_for()
    {
        // What holds the lock is a program, as a cryptsetup is that outlived its driver.
        using var other = System.Diagnostics.Process.Start("flock", [_device, "sleep", "2"]);
        while ((await Tool.RunAsync("flock", ["-n", _device, "true"])).ExitCode == 0) await Task.Delay(10);
        var waited = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal(EncryptionResult.Done, await EncryptionTools.FormatAsync(_device, "a passphrase", Mebibyte, 512));
        Assert.True(waited.Elapsed > TimeSpan.FromSeconds(1), $"done after {waited.Elapsed}");
    }

    [Fact]
    public async Task A_failure_says_why_and_never_the_passphrase()
    {
        var failure = await Assert.ThrowsAsync<IOException>(() => EncryptionTools.FormatAsync("/dev/null", "a passphrase", Mebibyte, 512));
        Assert.Contains("/dev/null", failure.Message);
        Assert.DoesNotContain("a passphrase", failure.Message);
    }

    private async Task<int> TryAsync(string passphrase)
    {
        var key = Path.GetTempFileName();
        await File.WriteAllTextAsync(key, passphrase);
        var result = await Tool.RunAsync("cryptsetup", ["open", "--test-passphrase", "--key-file", key, _device]);
        File.Delete(key);
        return result.ExitCode;
    }
}
