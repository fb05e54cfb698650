using System.Text.Json;
using CsiTcmu.Volumes.Pools;

namespace CsiTcmu.Volumes;

/// <summary>Reading and writing of <c>volume.json</c>.</summary>
internal static class DescriptorFile
{
    private const string Fix =
        "The volume's image is kept and not used; put a copy of the descriptor back, or remove the folder by hand if the volume is not needed";

    /// <summary>Writes a descriptor in one step.</summary>
    public static void Write(string path, VolumeDescriptor descriptor) =>
        DurableFiles.Replace(path, JsonSerializer.SerializeToUtf8Bytes(descriptor, DescriptorJson.Default.VolumeDescriptor));

    /// <summary>Reads a descriptor.</summary>
    /// <param name="path">The file.</param>
    /// <param name="id">The id that it must have.</param>
    /// <exception cref="InvalidDataException">It is damaged; the message names the file and the fix.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static VolumeDescriptor Read(string path, string id) =>
        StrictJson.Read(path, DescriptorJson.Default.VolumeDescriptor, VolumeDescriptor.CurrentVersion, descriptor => Problem(descriptor, id), Fix);

    private static string? Problem(VolumeDescriptor descriptor, string id)
    {
        if (!string.Equals(descriptor.Id, id, StringComparison.Ordinal)) return "its id is not the name of its folder";
        if (descriptor.Name.Length == 0) return "its name is empty";
        if (ContentProblem(descriptor.Size, descriptor.BlockSize, descriptor.FileSystem, descriptor.Format) is { } problem) return problem;
        if (descriptor.Source is { } source && (!VolumeId.IsValid(source.Id) || !Enum.IsDefined(source.Kind))) return "its source is none";
        if (!WorldWideNames.IsDisk(descriptor.Wwid)) return "its world wide name is none";
        if (!WorldWideNames.IsTarget(descriptor.Target)) return "its target name is none";
        try
        {
            _ = LimitParameters.Parse(descriptor.Parameters, descriptor.MutableParameters ?? []);
            _ = EncryptionParameters.Parse(descriptor.Parameters);
            _ = ZeroCopyParameter.Parse(descriptor.Parameters);
            return null;
        }
        catch (VolumeException refusal)
        {
            return refusal.Message;
        }
    }

    /// <summary>What is wrong with what volumes and snapshots say of their images; null when nothing is.</summary>
    internal static string? ContentProblem(long size, int blockSize, string fileSystem, FormatState format)
    {
        if (size <= 0 || size > VolumeSizes.Maximum || size % VolumeSizes.Step != 0) return $"its size {size} is none that a volume can have";
        if (blockSize is not (512 or 4096)) return $"its block size {blockSize} is neither 512 nor 4096";
        if (!VolumeParameters.FileSystems.Contains(fileSystem, StringComparer.Ordinal)) return "its file system is not known";
        return Enum.IsDefined(format) ? null : "its format state is not known";
    }
}
