namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>Random bytes, written and compared past the page cache.</summary>
internal sealed class Pattern : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    /// <summary>A pattern of its own.</summary>
    /// <param name="megabytes">Its size.</param>
    public Pattern(int megabytes)
    {
        Bytes = new byte[megabytes << 20];
        Random.Shared.NextBytes(Bytes);
        File.WriteAllBytes(_file, Bytes);
    }

    /// <summary>The bytes.</summary>
    public byte[] Bytes { get; }

    /// <summary>A file that holds them.</summary>
    public string FileName => _file;

    /// <summary>Writes it, durably.</summary>
    /// <param name="target">Disk or file.</param>
    /// <param name="megabyte">Where.</param>
    /// <returns>dd's complaint; empty for none.</returns>
    public async Task<string> WriteAsync(string target, int megabyte)
    {
        var (code, _, error) = await Shell.TryAsync(
            "dd", $"if={_file}", $"of={target}", "bs=1M", $"seek={megabyte}", "oflag=direct", "conv=notrunc,fsync", "status=none");
        return code == 0 ? "" : error;
    }

    /// <summary>Reads it back and compares.</summary>
    /// <param name="source">Disk or file.</param>
    /// <param name="megabyte">Where.</param>
    /// <returns>dd's complaint; empty for none.</returns>
    public async Task<string> CompareAsync(string source, int megabyte)
    {
        var copy = Path.GetTempFileName();
        var (code, _, error) = await Shell.TryAsync(
            "dd", $"if={source}", $"of={copy}", "bs=1M", $"skip={megabyte}", $"count={Bytes.Length >> 20}", "iflag=direct,noatime", "status=none");
        var read = await File.ReadAllBytesAsync(copy);
        File.Delete(copy);
        if (code != 0) return error;
        Assert.True(Bytes.AsSpan().SequenceEqual(read), $"{source} does not hold at {megabyte} MiB what was written");
        return "";
    }

    /// <summary>Removes the file.</summary>
    public void Dispose() => File.Delete(_file);
}
