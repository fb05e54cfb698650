using System.Diagnostics;
using CsiTcmu.DataPlane;
using CsiTcmu.Linux;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Volumes.Pools;

/// <summary>
/// A copy of an image in the making: of its blocks where the file system can have files share them, else of its bytes without the holes.
/// </summary>
/// <remarks>
/// <see cref="Prepare"/> does what can be done before the instant that the copy is of. <see cref="Copy"/> copies region after region, none of which is
/// written before. <see cref="Finish"/> makes the copy durable. What it shares with an image on its way to the medium is durable with it, since a flush of a
/// file is one of the device. While the kernel shares blocks of a file, that file's I/O waits: they are shared in pieces of few extents. The extents of what is not copied do
/// not change, since nobody writes it, so one look at the map is good for several pieces.
/// </remarks>
internal sealed class ImageCopy : IDisposable
{
    private const int ExtentsPerPiece = 64;
    private const int ExtentsPerMap = 4 * ExtentsPerPiece;
    private const long BytesPerPiece = 256 << 10;
    private const int FileMode = 0x180; // 0600
    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(5);

    private readonly string _sourcePath;
    private readonly string _targetPath;
    private readonly ILogger _logger;
    private readonly Func<bool> _ends;
    private readonly int _source;
    private readonly int _target;
    private readonly FileExtent[] _extents = new FileExtent[ExtentsPerMap];
    private readonly ByteCopy _bytes;
    private long _reported = Stopwatch.GetTimestamp();
    private long _size;
    private bool _hasBegun;

    // What the map covers; empty before it is read.
    private long _mapFrom;
    private long _mapUntil;
    private int _mapped;

    private ImageCopy(string source, string target, int sourceFile, int targetFile, ILogger logger, Func<bool> ends)
    {
        _sourcePath = source;
        _targetPath = target;
        _source = sourceFile;
        _target = targetFile;
        _bytes = new ByteCopy(sourceFile, targetFile, source, target);
        _logger = logger;
        _ends = ends;
    }

    /// <summary>True when the copy shares its blocks with the image.</summary>
    public bool IsShared { get; private set; }

    /// <summary>Opens both files; the copy is made anew.</summary>
    /// <param name="source">The image.</param>
    /// <param name="target">The copy, which does not exist yet.</param>
    /// <param name="logger">Is told how far a long copy is.</param>
    /// <param name="ends">When true, the copy ends half-way, and is then of no use.</param>
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

    /// <summary>Gives the copy the image's size, and makes durable what of the image is not.</summary>
    /// <returns>The map for <see cref="Copy"/>, in which nothing is copied yet.</returns>
    public UncopiedRegions Prepare()
    {
        SystemCallException.Check(Syscalls.Status(_source, out var status), $"{_sourcePath} cannot be examined");
        _size = status.Size;
        SystemCallException.Check(Syscalls.DataSync(_source), $"{_sourcePath} cannot be made durable");
        SystemCallException.Check(Syscalls.Truncate(_target, _size), $"{_targetPath} cannot be made {ByteSize.Text(_size)} large");
        return new UncopiedRegions(_size);
    }

    /// <summary>Copies everything, what somebody waits for first.</summary>
    /// <param name="regions">Is told what is copied.</param>
    /// <exception cref="VolumeException">Unavailable: it ended half-way.</exception>
    public void Copy(UncopiedRegions regions)
    {
        for (var copied = 0L; regions.TryNext(out var offset, out var length);)
        {
            if (_ends())
                throw new VolumeException(VolumeError.Unavailable, $"the copy of {_sourcePath} ends half-way, since this process ends; ask the next one");
            var piece = CopyPiece(offset, length, regions.RegionSize);
            regions.Copied(offset, piece);
            Report(copied += piece);
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
        _bytes.Dispose();
        _ = Syscalls.Close(_source);
        _ = Syscalls.Close(_target);
    }

    /// <summary>Copies the beginning of a range.</summary>
    /// <returns>How much of it: whole regions, at least one, or all there is.</returns>
    private long CopyPiece(long offset, long length, long region)
    {
        if (IsShared || !_hasBegun)
        {
            var extents = PieceOfFewExtents(offset, length, region);
            if (TryShare(offset, extents)) return extents;
        }

        var bytes = _bytes.PieceOf(offset, length, BytesPerPiece, region);
        _bytes.Copy(offset, offset + bytes);
        return bytes;
    }

    private long PieceOfFewExtents(long offset, long length, long region)
    {
        if (offset < _mapFrom || offset >= _mapUntil) ReadMap(offset, length);
        var last = 0;
        while (last < _mapped && _extents[last].End <= offset) last++;
        last += ExtentsPerPiece - 1;
        var end = last < _mapped ? _extents[last].End : _mapUntil;
        return Math.Min(Math.Max((end - offset) / region * region, region), length);
    }

    private void ReadMap(long offset, long length)
    {
        _mapped = Math.Max(FileExtents.ReadPart(_source, offset, length, _extents), 0);
        (_mapFrom, _mapUntil) = (offset, _mapped < ExtentsPerMap ? offset + length : _extents[^1].End);
    }

    /// <summary>Shares blocks.</summary>
    /// <returns>False where that cannot be; it is not tried again then.</returns>
    private bool TryShare(long offset, long length)
    {
        var result = Syscalls.CloneRange(_target, offset, _source, offset, length);

        // Two file systems; one that cannot share, or not these files.
        var cannot = result is -Errno.CrossDevice or -Errno.NotSupported or -Errno.InvalidArgument or -Errno.NoSuchControl or -Errno.NoSystemCall;
        if (_hasBegun || !cannot) SystemCallException.Check(result, $"{_targetPath} cannot share the blocks of {_sourcePath} at {offset}");
        IsShared = !cannot;
        _hasBegun = true;
        return IsShared;
    }

    /// <summary>Says now and then how far a long copy is.</summary>
    private void Report(long at)
    {
        if (Stopwatch.GetElapsedTime(_reported) < ReportEvery) return;
        _reported = Stopwatch.GetTimestamp();
        _logger.LogInformation("Copying {Source}: at {Done} of {All} MiB", _sourcePath, at / ByteSize.Mebibyte, _size / ByteSize.Mebibyte);
    }
}
