using System.Diagnostics;
using System.Runtime.InteropServices;
using CsiTcmu.Linux;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Volumes.Pools;

/// <summary>
/// A copy of an image in the making: of its blocks where the file system can have files share them, which takes as long as there are extents, else
/// of its bytes without the holes.
/// </summary>
/// <remarks>
/// Three steps, of which only the second needs an image that nobody writes: <see cref="Prepare"/> writes what waits to be written, <see cref="Cut"/>
/// makes the copy, <see cref="Finish"/> makes it durable. What the copy shares with an image on its way to the medium is durable with the copy,
/// since a flush of a file is one of the device.
/// </remarks>
internal sealed class ImageCopy : IDisposable
{
    private const int Chunk = 1 << 20;
    private const int FileMode = 0x180; // 0600
    private const int SeekData = 3, SeekHole = 4;
    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(5);

    private readonly string _sourcePath;
    private readonly string _targetPath;
    private readonly ILogger _logger;
    private readonly int _source;
    private readonly int _target;

    private ImageCopy(string source, string target, int sourceFile, int targetFile, ILogger logger)
    {
        _sourcePath = source;
        _targetPath = target;
        _source = sourceFile;
        _target = targetFile;
        _logger = logger;
    }

    /// <summary>True when the copy shares its blocks with the image.</summary>
    public bool IsShared { get; private set; }

    /// <summary>Opens both files; the copy is made anew.</summary>
    /// <exception cref="IOException">One cannot be opened.</exception>
    public static ImageCopy Open(string source, string target, ILogger logger)
    {
        var sourceFile = SystemCallException.Check(
            Syscalls.Open(source, OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.CloseOnExec), $"{source} cannot be opened");
        var flags = OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow | OpenFlags.CloseOnExec;
        var targetFile = Syscalls.Open(target, flags, FileMode);
        if (targetFile >= 0) return new ImageCopy(source, target, sourceFile, targetFile, logger);
        _ = Syscalls.Close(sourceFile);
        throw new SystemCallException($"{target} cannot be made", targetFile);
    }

    /// <summary>Writes what the image's file system has not written yet, so that it need not be done while the image is held.</summary>
    public void Prepare() => SystemCallException.Check(Syscalls.DataSync(_source), $"{_sourcePath} cannot be made durable");

    /// <summary>Makes the copy. Nobody may write the image meanwhile.</summary>
    /// <param name="ends">When true, a copy of bytes ends half-way, and is then of no use.</param>
    /// <exception cref="VolumeException">Unavailable: it ended half-way.</exception>
    public void Cut(Func<bool> ends)
    {
        var result = Syscalls.Clone(_target, _source);
        IsShared = result == 0;
        if (IsShared) return;

        // Two file systems; one that cannot share, or not this file.
        if (result is not (-Errno.CrossDevice or -Errno.NotSupported or -Errno.InvalidArgument or -Errno.NoSuchControl or -Errno.NoSystemCall))
            throw new SystemCallException($"{_targetPath} cannot share the blocks of {_sourcePath}", result);
        CopyBytes(ends);
    }

    /// <summary>Gives the copy its size and makes it durable.</summary>
    public void Finish(long size)
    {
        SystemCallException.Check(Syscalls.Truncate(_target, size), $"{_targetPath} cannot be made {ByteSize.Text(size)} large");
        SystemCallException.Check(Syscalls.Sync(_target), $"{_targetPath} cannot be made durable");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ = Syscalls.Close(_source);
        _ = Syscalls.Close(_target);
    }

    private unsafe void CopyBytes(Func<bool> ends)
    {
        SystemCallException.Check(Syscalls.Status(_source, out var status), $"{_sourcePath} cannot be examined");
        var progress = new Progress(this, status.AllocatedBytes);
        var buffer = (byte*)NativeMemory.AlignedAlloc(Chunk, (nuint)Environment.SystemPageSize);
        try
        {
            for (var at = 0L; at < status.Size;)
            {
                var data = Syscalls.Seek(_source, at, SeekData);
                if (data == -Errno.NoSuchAddress) return;
                if (data < 0) data = at; // The file system does not tell holes from data.
                var hole = Syscalls.Seek(_source, data, SeekHole);
                if (hole <= data) hole = status.Size;
                for (at = data; at < hole;)
                {
                    if (ends()) throw new VolumeException(VolumeError.Unavailable, $"the copy of {_sourcePath} ends half-way, since this process ends; ask the next one");
                    at += CopyChunk(buffer, at, (int)Math.Min(Chunk, hole - at));
                    progress.Report(at);
                }
            }
        }
        finally
        {
            NativeMemory.AlignedFree(buffer);
        }
    }

    private unsafe int CopyChunk(byte* buffer, long offset, int length)
    {
        var read = new Iovec { Base = buffer, Length = (nuint)length };
        var got = SystemCallException.Check((int)Syscalls.ReadVector(_source, &read, 1, offset), $"{_sourcePath} cannot be read at {offset}");
        if (got == 0) throw new IOException($"{_sourcePath} ends at {offset}, before its own end: somebody cuts it.");
        for (var written = 0; written < got;)
        {
            var write = new Iovec { Base = buffer + written, Length = (nuint)(got - written) };
            written += SystemCallException.Check((int)Syscalls.WriteVector(_target, &write, 1, offset + written), $"{_targetPath} cannot be written at {offset}");
        }

        return got;
    }

    /// <summary>Says now and then how far a long copy is.</summary>
    private sealed class Progress(ImageCopy copy, long all)
    {
        private long _reported = Stopwatch.GetTimestamp();
        private long _done;
        private long _last;

        public void Report(long at)
        {
            _done += Math.Min(Chunk, at - _last);
            _last = at;
            if (Stopwatch.GetElapsedTime(_reported) < ReportEvery) return;
            _reported = Stopwatch.GetTimestamp();
            copy._logger.LogInformation(
                "Copying {Source}: {Done} of {All} MiB", copy._sourcePath, _done / ByteSize.Mebibyte, Math.Max(all, _done) / ByteSize.Mebibyte);
        }
    }
}
