using System.Diagnostics;

namespace CsiTcmu.Kernel.Tests;

/// <summary>
/// A new file system that supports O_DIRECT, mounted for the life of this object: on an empty disk where the environment names
/// one (<c>CSI_TCMU_SCRATCH_DEVICES</c>, which tests/vm/run-tests sets), else on a loop device over a sparse file.
/// XFS has reflinks, ext4 has not.
/// </summary>
public sealed class ScratchFileSystem : IDisposable
{
    private static readonly HashSet<string> Taken = [];
    private readonly string? _device;
    private readonly string? _image;

    /// <summary>Formats and mounts. <paramref name="kind"/> is a kind of <c>mkfs</c>: xfs, ext4 or btrfs.</summary>
    /// <exception cref="InvalidOperationException">A tool fails; the message holds its output.</exception>
    public ScratchFileSystem(string kind)
    {
        Path = Directory.CreateTempSubdirectory("csi-tcmu-scratch-").FullName;
        _device = (Environment.GetEnvironmentVariable("CSI_TCMU_SCRATCH_DEVICES") ?? "")
            .Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(Taken.Add);
        if (_device is null)
        {
            _image = System.IO.Path.Combine("/var/tmp", System.IO.Path.GetFileName(Path) + ".img");
            Run("truncate", "-s", "4G", _image);
        }

        string[] format = [.. kind == "ext4" ? new[] { "-F" } : ["-f"], "-q", _device ?? _image!];
        Run($"mkfs.{kind}", format);
        Run("mount", [.. _image is null ? Array.Empty<string>() : ["-o", "loop"], _device ?? _image!, Path]);
    }

    /// <summary>Where the file system is mounted; empty at first, but for what mkfs makes.</summary>
    public string Path { get; }

    /// <summary>Runs a tool and returns what it printed.</summary>
    /// <exception cref="InvalidOperationException">The tool fails; the message holds its output.</exception>
    public static string Run(string tool, params string[] arguments)
    {
        var start = new ProcessStartInfo(tool, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{tool} {string.Join(' ', arguments)} ended with {process.ExitCode}: {output}{error.Result}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Run("umount", Path);
        Directory.Delete(Path);
        if (_device is null)
        {
            File.Delete(_image!);
        }
        else
        {
            Taken.Remove(_device);
        }
    }
}
