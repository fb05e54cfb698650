using CsiTcmu.Volumes.Pools;

namespace CsiTcmu.Volumes;

/// <summary>Sizes that a volume may have: multiples of 1 MiB between what its file system needs and what can be.</summary>
internal static class VolumeSizes
{
    /// <summary>Size of a volume when nothing is said.</summary>
    public const long Default = 1L << 30;

    /// <summary>The largest volume: 1 EiB, ext4's own limit.</summary>
    public const long Maximum = 1L << 60;

    /// <summary>Every size is a multiple of this.</summary>
    public const long Step = ByteSize.Mebibyte;

    private const long MinimumExt4 = 16 * ByteSize.Mebibyte;

    // mkfs.xfs refuses less than 300 MiB since xfsprogs 5.19.
    private const long MinimumXfs = 300 * ByteSize.Mebibyte;

    // The kernel grows no btrfs to less (fs/btrfs/ioctl.c, btrfs_ioctl_resize), and mkfs.btrfs refuses less than 109 MiB.
    private const long MinimumBtrfs = 256 * ByteSize.Mebibyte;

    /// <summary>The smallest volume with that file system.</summary>
    public static long Minimum(string fileSystem, bool block) =>
        (block ? "" : fileSystem) switch
        {
            "xfs" => MinimumXfs,
            "btrfs" => MinimumBtrfs,
            _ => MinimumExt4,
        };

    /// <summary>The largest volume whose image can be one file in a pool.</summary>
    public static long MaximumIn(PoolRoom room, EncryptionParameters encryption) => (room.MaximumFile - encryption.Overhead) / Step * Step;

    /// <summary>Refuses a range that is none.</summary>
    /// <exception cref="VolumeException">OutOfRange.</exception>
    public static void Check(SizeRange range)
    {
        if (range.Required < 0) throw OutOfRange($"required size {range.Required} is negative");
        if (range.Limit < 0) throw OutOfRange($"size limit {range.Limit} is negative");
        if (range.Limit > 0 && range.Limit < range.Required) throw OutOfRange($"size limit {range.Limit} is less than the required size {range.Required}");
    }

    /// <summary>The size of a volume that shall be in the range.</summary>
    /// <param name="range">The wish.</param>
    /// <param name="minimum">The smallest size that can be.</param>
    /// <param name="maximum">The largest size that can be.</param>
    /// <exception cref="VolumeException">OutOfRange: no size that can be is in the range.</exception>
    public static long Choose(SizeRange range, long minimum, long maximum)
    {
        Check(range);
        if (range.Required > maximum) throw OutOfRange($"required size {range.Required} is more than the largest possible, {ByteSize.Text(maximum)}");
        var size = Math.Max(minimum, RoundUp(range.Required));
        if (range.Required == 0)
        {
            var fitting = range.Limit > 0 ? Math.Min(Default, range.Limit / Step * Step) : Default;
            size = Math.Max(minimum, Math.Min(fitting, maximum));
        }

        if (range.Limit > 0 && size > range.Limit)
        {
            throw OutOfRange(
                size == minimum
                    ? $"size limit {range.Limit} is less than the smallest possible size, {ByteSize.Text(minimum)}"
                    : $"no multiple of {ByteSize.Text(Step)} is between {range.Required} and {range.Limit}");
        }

        return size <= maximum ? size : throw OutOfRange($"size {ByteSize.Text(size)} is more than the largest possible, {ByteSize.Text(maximum)}");
    }

    /// <summary>True when a volume of that size satisfies the wish.</summary>
    public static bool Satisfies(long size, SizeRange range) => size >= range.Required && (range.Limit == 0 || size <= range.Limit);

    private static long RoundUp(long size) => (size + Step - 1) / Step * Step;

    private static VolumeException OutOfRange(string message) => new(VolumeError.OutOfRange, message);
}
