using CsiTcmu.Linux;

namespace CsiTcmu.Volumes;

/// <summary>What is wrong with an image, seen from outside.</summary>
internal static class ImageChecks
{
    /// <summary>Looks at an image.</summary>
    /// <param name="image">The file.</param>
    /// <param name="size">Size of the volume, which the image is at least as large as.</param>
    /// <returns>What is wrong; null for nothing.</returns>
    public static HealthEntry? Run(string image, long size)
    {
        var result = Syscalls.Status(image, out var status);
        if (result == -Errno.NoEntry)
            return new(HealthStatus.DataLoss, HealthReasons.ImageMissing, $"{image} cannot be examined: {Syscalls.Describe(result)}. Put a copy of the image back");
        if (result < 0)
        {
            return new(
                HealthStatus.Inaccessible,
                HealthReasons.ImageUnreadable,
                $"{image} cannot be examined: {Syscalls.Describe(result)}. Check the pool's file system, or put a copy of the image back");
        }

        if (status.Kind != FileKind.Regular)
            return new(HealthStatus.DataLoss, HealthReasons.ImageMissing, $"{image} is not a regular file. Put a copy of the image back");
        return status.Size >= size
            ? null
            : new(
                HealthStatus.DataLoss,
                HealthReasons.ImageTruncated,
                $"{image} has {status.Size} bytes, its descriptor says {size}: it was cut. Put a copy of the image back, or lengthen it: truncate -s {size} {image}");
    }
}
