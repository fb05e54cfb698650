using System.Globalization;

namespace CsiTcmu.Tcmu;

/// <summary>
/// The kernel's limit of the data pages of all TCMU devices together (module parameter <c>global_max_data_area_mb</c>). While the sum of
/// the devices' areas stays within it, the kernel never takes a page back, and the addresses of the data area stay valid.
/// </summary>
public static class DataAreaLimit
{
    /// <summary>The limit in MiB.</summary>
    /// <exception cref="TargetException">The module is not loaded.</exception>
    public static int Read(KernelPaths? paths = null)
    {
        var path = PathOf(paths);
        var text = KernelFiles.Read(path);
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new TargetException(path, 0, $"says '{text}', a number was expected", "The kernel is not one that this program knows.");
    }

    /// <summary>Raises the limit to at least so many MiB; never lowers it.</summary>
    /// <returns>The limit now.</returns>
    /// <exception cref="TargetException">The module is not loaded, or the limit is not accepted.</exception>
    public static int Raise(int megabytes, KernelPaths? paths = null)
    {
        var limit = Read(paths);
        if (limit >= megabytes) return limit;
        KernelFiles.Write(PathOf(paths), megabytes.ToString(CultureInfo.InvariantCulture));
        return Read(paths);
    }

    private static string PathOf(KernelPaths? paths) =>
        $"{(paths ?? KernelPaths.Default).Sysfs}/module/target_core_user/parameters/global_max_data_area_mb";
}
