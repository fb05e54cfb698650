using System.Globalization;
using CsiTcmu.Linux;

namespace CsiTcmu.Tcmu;

/// <summary>An open and mapped <c>/dev/uioN</c> of a TCMU device. The kernel allows one opener at a time.</summary>
/// <remarks>Kernel: drivers/uio/uio.c for read and write, drivers/target/target_core_user.c for open, mmap and the meaning of a write.</remarks>
public sealed unsafe class UioDevice : IDisposable
{
    private readonly bool _unmap;
    private bool _disposed;

    private UioDevice(string path, int file, byte* map, long length, bool unmap)
    {
        Path = path;
        File = file;
        Map = map;
        Length = length;
        _unmap = unmap;
    }

    /// <summary>Path of the device node.</summary>
    public string Path { get; }

    /// <summary>The file descriptor, non-blocking; readable when the kernel has put commands on the ring.</summary>
    public int File { get; }

    /// <summary>Start of the mapping.</summary>
    public byte* Map { get; }

    /// <summary>Length of the mapping in bytes.</summary>
    public long Length { get; }

    /// <summary>Opens and maps the device of that uio name (<c>tcm-user/HBA/NAME/CONFIG</c>).</summary>
    /// <exception cref="IOException">The device is absent, busy or cannot be mapped; the message names it and says what to do.</exception>
    public static UioDevice Open(string uioName) => Open(uioName, KernelPaths.Default);

    /// <summary>As <see cref="Open(string)"/>, with the kernel's trees elsewhere.</summary>
    public static UioDevice Open(string uioName, KernelPaths paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        var uio = Find(uioName, paths) ?? throw new TargetException(
            $"{paths.Sysfs}/class/uio", 0, $"no device has the name '{uioName}'", "Is the TCMU device made and enabled?");
        var sizeFile = $"{paths.Sysfs}/class/uio/{uio}/maps/map0/size";
        var text = KernelFiles.Read(sizeFile);
        if (!text.StartsWith("0x", StringComparison.Ordinal) ||
            !long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var length) || length <= 0)
            throw new TargetException(sizeFile, 0, $"says '{text}', a hexadecimal length was expected", "The kernel is not one that this program knows.");
        return OpenAndMap($"{paths.Devices}/{uio}", uioName, length);
    }

    /// <summary>The <c>uioN</c> of a uio name, or null when there is none.</summary>
    public static string? Find(string uioName, KernelPaths? paths = null)
    {
        var folder = $"{(paths ?? KernelPaths.Default).Sysfs}/class/uio";
        if (!Directory.Exists(folder)) return null;
        foreach (var entry in Directory.EnumerateDirectories(folder))
        {
            // A device may go away while the folder is read.
            if (KernelFiles.TryRead($"{entry}/name") == uioName) return System.IO.Path.GetFileName(entry);
        }

        return null;
    }

    /// <summary>
    /// A device over a descriptor and memory that somebody else has made, for a model of the kernel. A read of 4 bytes takes note of
    /// events and a write of 4 bytes kicks. The descriptor is closed at the end, the memory is left alone.
    /// </summary>
    internal static UioDevice Wrap(string path, int file, byte* map, long length) => new(path, file, map, length, unmap: false);

    /// <summary>Takes note of the kernel's events so far, so that the descriptor is readable again only for new ones.</summary>
    /// <returns>0, also when there were none, or <c>-errno</c>; <c>-EIO</c> when the device is gone.</returns>
    public int Acknowledge()
    {
        int events;
        var result = Syscalls.Read(File, &events, sizeof(int));
        return result switch
        {
            sizeof(int) => 0,
            -Errno.Again => 0,
            < 0 => (int)result,
            _ => -Errno.InputOutput,
        };
    }

    /// <summary>Tells the kernel to look at the completions. The kernel copies read data in this call.</summary>
    /// <returns>0 or <c>-errno</c>; <c>-EIO</c> when the device is gone.</returns>
    public int Kick()
    {
        var any = 1;
        var result = Syscalls.Write(File, &any, sizeof(int));
        return result switch
        {
            sizeof(int) => 0,
            -Errno.Again => 0, // From a model's descriptor only: kicks enough are waiting there already.
            -Errno.Invalid => -Errno.InputOutput, // What uio_write() says when the device is gone, where uio_read() says EIO.
            < 0 => (int)result,
            _ => -Errno.InputOutput,
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;

        // The mapping holds the file: the kernel lets the next opener in when both are gone.
        if (_unmap) _ = Syscalls.Unmap(Map, (nuint)Length);
        _ = Syscalls.Close(File);
    }

    private static UioDevice OpenAndMap(string path, string uioName, long length)
    {
        var file = Syscalls.Open(path, OpenFlags.ReadWrite | OpenFlags.NonBlocking | OpenFlags.CloseOnExec);
        if (file < 0)
        {
            throw new TargetException(path, file, $"'{uioName}' cannot be opened", file switch
            {
                -Errno.Busy => "Another process serves this device; end it first.",
                -Errno.NoEntry => "The node is missing: mount the host's devtmpfs there.",
                -Errno.Access or -Errno.NotPermitted => "This needs root, and in a container the right to use the host's devices.",
                _ => "The device may be on its way out; see the kernel log.",
            });
        }

        var error = Syscalls.Map((nuint)length, ReadWriteProtection, MapShared, file, 0, out var map);
        if (error < 0)
        {
            _ = Syscalls.Close(file);
            throw new TargetException(path, error, $"'{uioName}' cannot be mapped with {length} bytes", "The kernel log (dmesg) may tell more.");
        }

        // A child between fork and exec would hold the device open by the mapping. Only a precaution, so a failure does not matter.
        _ = Syscalls.Advise(map, (nuint)length, AdviseDoNotFork);

        // In a process that locks its memory mmap has mapped the whole ring. An idle disk uses a few pages of it, so they are let go; the kernel
        // keeps them, and each is mapped again at its first use. Only the resident size depends on it, so a failure does not matter.
        _ = Syscalls.Advise(map, (nuint)length, AdviseDoNotNeed);
        return new UioDevice(path, file, map, length, unmap: true);
    }

    private const int ReadWriteProtection = 3;
    private const int MapShared = 1;
    private const int AdviseDoNotFork = 10;
    private const int AdviseDoNotNeed = 4;
}
