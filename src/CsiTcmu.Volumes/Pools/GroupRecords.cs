using System.Text.Json;
using CsiTcmu.Linux;

namespace CsiTcmu.Volumes.Pools;

/// <summary>
/// Groups of snapshots in a pool: <c>groups/ID.json</c>. The record is written when all members are whole and removed before the first of them is,
/// so that a group is there as a whole or not at all, wherever its members are.
/// </summary>
internal sealed class GroupRecords(Pool pool)
{
    private const string Extension = ".json";
    private const string Fix = "Put a copy of it back, or remove it and the group's snapshots by hand if they are not needed";

    private string Root => pool.Folder + "/groups";

    /// <summary>Makes the folder of groups and removes records that a crash left half-written.</summary>
    public void Prepare()
    {
        if (!Directory.Exists(Root))
        {
            DurableFiles.MakeFolder(Root);
            DurableFiles.SyncFolder(pool.Folder);
        }

        foreach (var file in Directory.GetFiles(Root, "*" + Extension + ".new")) File.Delete(file);
    }

    /// <summary>Ids of all groups, readable or not.</summary>
    public IReadOnlyList<string> List()
    {
        pool.Require();
        return [.. Directory.EnumerateFiles(Root, "*" + Extension).Select(file => Path.GetFileNameWithoutExtension(file)).Where(VolumeId.IsValid)];
    }

    /// <summary>True when a group of that id is written down here, readable or not.</summary>
    public bool Exists(string id)
    {
        pool.Require();
        var result = Syscalls.Status(PathOf(id), out _);
        if (result != -Errno.NoEntry) return SystemCallException.Check(result, $"{PathOf(id)} cannot be examined") == 0;
        SystemCallException.Check(Syscalls.Status(Root, out _), $"{Root} cannot be examined");
        return false;
    }

    /// <summary>Reads a group that exists.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public GroupDescriptor Read(string id) =>
        StrictJson.Read(PathOf(id), DescriptorJson.Default.GroupDescriptor, GroupDescriptor.CurrentVersion, group => Problem(group, id), Fix);

    /// <summary>Writes a group down, in one step.</summary>
    public void Write(GroupDescriptor group) =>
        DurableFiles.Replace(PathOf(group.Id), JsonSerializer.SerializeToUtf8Bytes(group, DescriptorJson.Default.GroupDescriptor));

    /// <summary>Removes a record, and what a crash left of one.</summary>
    public void Remove(string id)
    {
        pool.Require();
        File.Delete(PathOf(id) + ".new");
        File.Delete(PathOf(id));
        DurableFiles.SyncFolder(Root);
    }

    private string PathOf(string id) => $"{Root}/{id}{Extension}";

    private static string? Problem(GroupDescriptor group, string id)
    {
        if (!string.Equals(group.Id, id, StringComparison.Ordinal)) return "its id is not the name of the file";
        if (group.Members.Count == 0) return "it has no members";
        return group.Members.All(member => VolumeId.IsValid(member.Id) && VolumeId.IsValid(member.Source) && PoolSpecification.IsName(member.Pool))
            ? null
            : "a member is none";
    }
}
