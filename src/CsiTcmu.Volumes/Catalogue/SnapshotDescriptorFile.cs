using System.Text.Json;
using CsiTcmu.Volumes.Pools;

namespace CsiTcmu.Volumes;

/// <summary>Reading and writing of <c>snapshot.json</c>.</summary>
internal static class SnapshotDescriptorFile
{
    private const string Fix =
        "The snapshot's image is kept and not used; put a copy of the descriptor back, or remove the folder by hand if the snapshot is not needed";

    /// <summary>Writes a descriptor in one step.</summary>
    public static void Write(string path, SnapshotDescriptor descriptor) =>
        DurableFiles.Replace(path, JsonSerializer.SerializeToUtf8Bytes(descriptor, DescriptorJson.Default.SnapshotDescriptor));

    /// <summary>Reads a descriptor.</summary>
    /// <param name="path">The file.</param>
    /// <param name="id">The id that it must have.</param>
    /// <exception cref="InvalidDataException">It is damaged; the message names the file and the fix.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static SnapshotDescriptor Read(string path, string id) => StrictJson.Read(
        path, DescriptorJson.Default.SnapshotDescriptor, SnapshotDescriptor.CurrentVersion, descriptor => Problem(descriptor, id), Fix);

    private static string? Problem(SnapshotDescriptor descriptor, string id)
    {
        if (!string.Equals(descriptor.Id, id, StringComparison.Ordinal)) return "its id is not the name of its folder";
        if (descriptor.Name.Length == 0) return "its name is empty";
        if (!VolumeId.IsValid(descriptor.Source)) return "its source is no id of a volume";
        if (descriptor.Group is null != descriptor.GroupPool is null) return "its group and the group's pool do not go together";
        if (descriptor.Group is { } group && !VolumeId.IsValid(group)) return "its group is no id";
        return DescriptorFile.ContentProblem(descriptor.Size, descriptor.BlockSize, descriptor.FileSystem, descriptor.Format);
    }
}
