namespace CsiTcmu.Volumes;

/// <summary>Reasons of health entries; machines compare them, so they stay as they are.</summary>
public static class HealthReasons
{
    /// <summary>The pool's folder is missing, or its file system fails.</summary>
    public const string PoolUnavailable = "PoolUnavailable";

    /// <summary>The pool's file system is read-only.</summary>
    public const string PoolReadOnly = "PoolReadOnly";

    /// <summary>The pool has no space left for what was promised.</summary>
    public const string PoolFull = "PoolFull";

    /// <summary>The pool will be full soon, and more was promised than is free.</summary>
    public const string PoolNearlyFull = "PoolNearlyFull";

    /// <summary>The volume's descriptor cannot be read.</summary>
    public const string DescriptorDamaged = "DescriptorDamaged";

    /// <summary>The image is gone.</summary>
    public const string ImageMissing = "ImageMissing";

    /// <summary>The image was cut.</summary>
    public const string ImageTruncated = "ImageTruncated";

    /// <summary>The image cannot be examined.</summary>
    public const string ImageUnreadable = "ImageUnreadable";

    /// <summary>Reads of the image fail.</summary>
    public const string ReadErrors = "ReadErrors";

    /// <summary>Writes or flushes of the image fail.</summary>
    public const string WriteErrors = "WriteErrors";

    /// <summary>Writes fail for want of space in the pool.</summary>
    public const string SpaceExhausted = "SpaceExhausted";

    /// <summary>The disk, or the target device behind it, is gone while the volume is in use.</summary>
    public const string DiskGone = "DiskGone";

    /// <summary>The kernel has taken the disk offline.</summary>
    public const string DiskOffline = "DiskOffline";

    /// <summary>The disk is there and nobody serves it: its I/O waits.</summary>
    public const string DiskNotServed = "DiskNotServed";

    /// <summary>The volume's file system went read-only by itself.</summary>
    public const string FileSystemReadOnly = "FileSystemReadOnly";

    /// <summary>The volume's file system has shut down.</summary>
    public const string FileSystemFailed = "FileSystemFailed";

    /// <summary>The volume did not answer in time.</summary>
    public const string NotAnswering = "NotAnswering";

    /// <summary>The volume's node has left the cluster.</summary>
    public const string NodeGone = "NodeGone";

    /// <summary>The agent of the volume's node has not been heard of lately.</summary>
    public const string AgentSilent = "AgentSilent";
}
