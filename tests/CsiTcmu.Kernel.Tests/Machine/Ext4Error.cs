namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>What an error that ext4 finds in itself does to a mounted file system.</summary>
internal static class Ext4Error
{
    /// <summary>Has the file system turn read-only by itself, as after an error of its journal.</summary>
    /// <param name="mountPoint">Where it is mounted.</param>
    public static async Task TurnReadOnlyAsync(string mountPoint)
    {
        await Shell.RunAsync("mount", "-o", "remount,errors=remount-ro", mountPoint);
        var source = (await Shell.RunAsync("findmnt", "-no", "SOURCE", mountPoint)).Trim();
        var name = Path.GetFileName((await Shell.RunAsync("readlink", "-f", source)).Trim());
        await File.WriteAllTextAsync($"/sys/fs/ext4/{name}/trigger_fs_error", "by the test\n");
    }
}
