using System.Diagnostics;
using CsiTcmu.DataPlane;
using CsiTcmu.Linux;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Volumes.Pools;

/// <summary>
/// A copy of an image in the making, of one that may be written meanwhile: of its blocks where the file system can have files share them, else of its
/// bytes without the holes.
/// </summary>
/// <remarks>
/// <see cref="CopyAll"/> copies everything, <see cref="CopyAgain"/> what was written in the meantime, as often as one likes; the last time nobody may
/// write. <see cref="Finish"/> makes the copy durable. What it shares with an image on its way to the medium is durable with it, since a flush of a file is one of
/// the device. While the kernel shares blocks of a file, that file's I/O waits: they are shared in pieces of few extents.
/// </remarks>
internal sealed class ImageCopy : IDisposable
{
    private const int ExtentsPerPiece = 128;
    private const int FileMode = 0x180; // 0600
    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(5);

    private readonly string _sourcePath;
    private readonly string _targetPath;
    private readonly ILogger _logger;
    private readonly Func<bool> _ends;
    private readonly int _source;
    private readonly int _target;
    private long _reported = Stopwatch.GetTimestamp();
    private long _size;

    private ImageCopy(string source, string target, int sourceFile, int targetFile, ILogger logger, Func<bool> ends)
    {
        _sourcePath = source;
        _targetPath = target;
        _source = sourceFile;
        _target = targetFile;
        _logger = logger;
        _ends = ends;
    }

    /// <summary>True when the copy shares its blocks with the image.</summary>
    public bool IsShared { get; private set; }

    /// <summary>Opens both files; the copy is made anew.</summary>
    /// <param name="source">The image.</param>
    /// <param name="target">The copy, which does not exist yet.</param>
    /// <param name="logger">Is told how far a long copy is.</param>
    /// <param name="ends">When true, a copy of bytes ends half-way, and is then of no use.</param>
    /// <exception cref="IOException">One cannot be opened.</exception>
    public static ImageCopy Open(string source, string target, ILogger logger, Func<bool> ends)
    {
        var sourceFile = SystemCallException.Check(
            Syscalls.Open(source, OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.CloseOnExec), $"{source} cannot be opened");
        var flags = OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow | OpenFlags.CloseOnExec;
        var targetFile = Syscalls.Open(target, flags, FileMode);
        if (targetFile >= 0) return new ImageCopy(source, target, sourceFile, targetFile, logger, ends);
        _ = Syscalls.Close(sourceFile);
        throw new SystemCallException($"{target} cannot be made", targetFile);
    }

    /// <summary>Copies everything.</summary>
    /// <exception cref="VolumeException">Unavailable: it ended half-way.</exception>
    public void CopyAll()
    {
        SystemCallException.Check(Syscalls.Status(_source, out var status), $"{_sourcePath} cannot be examined");
        _size = status.Size;
        SystemCallException.Check(Syscalls.DataSync(_source), $"{_sourcePath} cannot be made durable");
        SystemCallException.Check(Syscalls.Truncate(_target, _size), $"{_targetPath} cannot be made {ByteSize.Text(_size)} large");
        IsShared = TryShareAll();
        if (!IsShared) CopyBytes(0, _size);
    }

    /// <summary>Copies what was written since it was copied.</summary>
    /// <exception cref="VolumeException">Unavailable: it ended half-way.</exception>
    public void CopyAgain(WrittenRegions written)
    {
        foreach (var (offset, length) in written.Ranges())
        {
            if (!IsShared) CopyBytes(offset, Math.Min(offset + length, _size));
            else SystemCallException.Check(Share(offset, Math.Min(length, _size - offset)), $"{_targetPath} cannot share the blocks of {_sourcePath} at {offset}");
        }
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

    /// <summary>Shares all blocks.</summary>
    /// <returns>False where that cannot be; nothing is shared then.</returns>
    private bool TryShareAll()
    {
        var extents = new FileExtent[ExtentsPerPiece];
        for (var offset = 0L; offset < _size;)
        {
            var count = FileExtents.ReadPart(_source, offset, _size - offset, extents);
            var end = count == ExtentsPerPiece && extents[^1].End < _size ? extents[^1].End : _size;
            var result = Share(offset, end - offset);

            // Two file systems; one that cannot share, or not these files.
            if (offset == 0 && result is -Errno.CrossDevice or -Errno.NotSupported or -Errno.InvalidArgument or -Errno.NoSuchControl or -Errno.NoSystemCall) return false;
            SystemCallException.Check(result, $"{_targetPath} cannot share the blocks of {_sourcePath} at {offset}");
            Report(offset);
            offset = end;
        }

        return true;
    }

    private int Share(long offset, long length) => Syscalls.CloneRange(_target, offset, _source, offset, length);

    private void CopyBytes(long start, long end)
    {
        using var bytes = new ByteCopy(_source, _target, _sourcePath, _targetPath);
        bytes.Copy(start, end, at =>
        {
            if (_ends())
                throw new VolumeException(VolumeError.Unavailable, $"the copy of {_sourcePath} ends half-way, since this process ends; ask the next one");
            Report(at);
        });
    }

    /// <summary>Says now and then how far a long copy is.</summary>
    private void Report(long at)
    {
        if (Stopwatch.GetElapsedTime(_reported) < ReportEvery) return;
        _reported = Stopwatch.GetTimestamp();
        _logger.LogInformation("Copying {Source}: at {Done} of {All} MiB", _sourcePath, at / ByteSize.Mebibyte, _size / ByteSize.Mebibyte);
    }
}
