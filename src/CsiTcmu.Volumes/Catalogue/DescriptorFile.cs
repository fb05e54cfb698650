using System.Text.Json;
using CsiTcmu.Volumes.Pools;

namespace CsiTcmu.Volumes;

/// <summary>Reading and writing of <c>volume.json</c>.</summary>
internal static class DescriptorFile
{
    private const int LargestFile = 64 * 1024;

    /// <summary>Writes a descriptor in one step.</summary>
    public static void Write(string path, VolumeDescriptor descriptor) =>
        DurableFiles.Replace(path, JsonSerializer.SerializeToUtf8Bytes(descriptor, DescriptorJson.Default.VolumeDescriptor));

    /// <summary>Reads a descriptor.</summary>
    /// <param name="path">The file.</param>
    /// <param name="id">The id that it must have.</param>
    /// <exception cref="InvalidDataException">It is damaged; the message names the file and the fix.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static VolumeDescriptor Read(string path, string id)
    {
        byte[] content;
        try
        {
            using var file = File.OpenRead(path);
            if (file.Length > LargestFile) throw Damaged(path, $"it has {file.Length} bytes, which no descriptor has");
            content = new byte[file.Length];
            file.ReadExactly(content);
        }
        catch (Exception cause) when (cause is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Damaged(path, "it is missing");
        }

        return Parse(path, content, id);
    }

    private static VolumeDescriptor Parse(string path, byte[] content, string id)
    {
        try
        {
            // The version comes first: a later one may have anything else.
            using (var document = JsonDocument.Parse(content))
            {
                if (document.RootElement.ValueKind != JsonValueKind.Object
                    || !document.RootElement.TryGetProperty("version", out var property) || !property.TryGetInt32(out var version))
                    throw Damaged(path, "it has no version");
                if (version != VolumeDescriptor.CurrentVersion)
                {
                    throw new InvalidDataException(
                        $"{path} is of version {version}, this program reads version {VolumeDescriptor.CurrentVersion}: use the program that wrote it, or a later one");
                }
            }

            var descriptor = JsonSerializer.Deserialize(content, DescriptorJson.Default.VolumeDescriptor) ?? throw Damaged(path, "it is empty");
            return Problem(descriptor, id) is { } problem ? throw Damaged(path, problem) : descriptor;
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException)
        {
            throw Damaged(path, content.Length == 0 ? "it is empty" : cause.Message, cause);
        }
    }

    private static string? Problem(VolumeDescriptor descriptor, string id)
    {
        if (!string.Equals(descriptor.Id, id, StringComparison.Ordinal)) return "its id is not the name of its folder";
        if (descriptor.Name.Length == 0) return "its name is empty";
        if (descriptor.Size <= 0 || descriptor.Size > VolumeSizes.Maximum || descriptor.Size % VolumeSizes.Step != 0) return $"its size {descriptor.Size} is none that a volume can have";
        if (descriptor.BlockSize is not (512 or 4096)) return $"its block size {descriptor.BlockSize} is neither 512 nor 4096";
        if (!VolumeParameters.FileSystems.Contains(descriptor.FileSystem, StringComparer.Ordinal)) return "its file system is not known";
        if (!WorldWideNames.IsDisk(descriptor.Wwid)) return "its world wide name is none";
        if (!WorldWideNames.IsTarget(descriptor.Target)) return "its target name is none";
        if (!Enum.IsDefined(descriptor.Format)) return "its format state is not known";
        try
        {
            _ = LimitParameters.Parse(descriptor.Parameters, descriptor.MutableParameters ?? []);
            _ = EncryptionParameters.Parse(descriptor.Parameters);
            return null;
        }
        catch (VolumeException problem)
        {
            return problem.Message;
        }
    }

    private static InvalidDataException Damaged(string path, string what, Exception? cause = null) => new(
        $"{path} is damaged: {what}. The volume's image is kept and not used; put a copy of the descriptor back, or remove the folder by hand if the volume is not needed",
        cause);
}
