namespace CsiTcmu.Backstores;

/// <summary>How the bytes of an image file are moved. One image goes one way only, so that page cache and disk never tell different things.</summary>
public enum FileWay
{
    /// <summary>Past the page cache (O_DIRECT), where the file system can do that.</summary>
    Direct,

    /// <summary>
    /// Through the page cache. What is written is in memory until a flush, and an error of the disk is told by the flush. Memory that cannot be
    /// pinned is used as it is.
    /// </summary>
    PageCache,
}
