namespace CsiTcmu.Linux.Sysfs;

/// <summary>A device of the device mapper, as sysfs shows it now.</summary>
/// <param name="Name">The mapping's name.</param>
/// <param name="Type">Who made it and of what kind: the first words of its unique id, <c>CRYPT-LUKS2</c>.</param>
/// <param name="Device">Its block device, <c>dm-0</c>.</param>
/// <param name="Below">Names of the block devices that it lies on; one that is gone is not among them.</param>
public sealed record MappedDevice(string Name, string Type, BlockDevice Device, IReadOnlyList<string> Below)
{
    private const string Class = "/sys/class/block";

    /// <summary>The mapping of that name; null when there is none.</summary>
    public static MappedDevice? Find(string name)
    {
        foreach (var folder in Directory.EnumerateDirectories(Class, "dm-*"))
        {
            if (Read(folder) is { } found && string.Equals(found.Name, name, StringComparison.Ordinal)) return found;
        }

        return null;
    }

    /// <summary>The mapping that a block device is; null when it is none.</summary>
    public static MappedDevice? Of(BlockDevice device) => Read($"{Class}/{device.Name}");

    private static MappedDevice? Read(string folder)
    {
        try
        {
            var name = File.ReadAllText(folder + "/dm/name").TrimEnd('\n');
            var id = File.ReadAllText(folder + "/dm/uuid").TrimEnd('\n').Split('-');
            if (BlockDevice.Find(Path.GetFileName(folder)) is not { } device) return null;
            return new MappedDevice(
                name,
                string.Join('-', id.Take(2)),
                device,
                [.. Directory.EnumerateFileSystemEntries(folder + "/slaves").Where(entry => File.Exists(entry + "/dev")).Select(entry => Path.GetFileName(entry))]);
        }
        catch (IOException cause) when (IsGone(cause))
        {
            // Not of the device mapper, or gone meanwhile.
            return null;
        }
    }

    /// <summary>
    /// True for what sysfs answers about a device that is not there, or is just being removed: the device mapper says EINVAL then (drivers/md/dm-sysfs.c), sysfs itself ENODEV.
    /// </summary>
    internal static bool IsGone(IOException cause) =>
        cause is FileNotFoundException or DirectoryNotFoundException || (cause.HResult & 0xffff) is Errno.InvalidArgument or Errno.NoDevice;
}
