namespace CsiTcmu.Linux.Sysfs;

/// <summary>A block device, as sysfs shows it now.</summary>
public sealed class BlockDevice
{
    private const int SectorSize = 512; // sysfs counts so whatever the disk's block size is

    private BlockDevice(string name, DeviceNumber number)
    {
        Name = name;
        Number = number;
    }

    /// <summary>The kernel's name: <c>sdb</c>.</summary>
    public string Name { get; }

    /// <summary>Its number.</summary>
    public DeviceNumber Number { get; }

    /// <summary>Its node on the host's devtmpfs.</summary>
    public string Path => "/dev/" + Name;

    /// <summary>Size in bytes.</summary>
    /// <exception cref="IOException">The device is gone.</exception>
    public long Size => long.Parse(Read("size")) * SectorSize;

    /// <summary>State of the SCSI device behind it, such as <c>running</c> or <c>offline</c>; null when it is none, or gone.</summary>
    public string? ScsiState
    {
        get
        {
            try
            {
                return Read("device/state");
            }
            catch (IOException)
            {
                return null;
            }
        }
    }

    /// <summary>Names of the devices that are stacked on it or on a partition of it (device mapper, MD).</summary>
    public IReadOnlyList<string> Holders
    {
        get
        {
            try
            {
                return
                [
                    .. Directory.EnumerateDirectories(Folder)
                        .Where(folder => File.Exists(folder + "/partition"))
                        .Append(Folder)
                        .Select(folder => folder + "/holders")
                        .Where(Directory.Exists)
                        .SelectMany(Directory.EnumerateFileSystemEntries)
                        .Select(entry => System.IO.Path.GetFileName(entry)),
                ];
            }
            catch (DirectoryNotFoundException)
            {
                return [];
            }
        }
    }

    private string Folder => "/sys/class/block/" + Name;

    /// <summary>The device of that number; null when there is none.</summary>
    public static BlockDevice? Find(DeviceNumber number) => Syscalls.ReadLink($"/sys/dev/block/{number}", out var target) == 0
        ? new BlockDevice(System.IO.Path.GetFileName(target), number)
        : null;

    /// <summary>The device of that name; null when there is none.</summary>
    public static BlockDevice? Find(string name)
    {
        try
        {
            return new BlockDevice(name, DeviceNumber.Parse(File.ReadAllText($"/sys/class/block/{name}/dev")));
        }
        catch (IOException)
        {
            return null;
        }
    }

    private string Read(string attribute) => File.ReadAllText($"{Folder}/{attribute}").TrimEnd();
}
