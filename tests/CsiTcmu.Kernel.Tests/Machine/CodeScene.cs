using System.Security.Cryptography;

namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>Two drivers, one for each version of CSI, and volumes, snapshots and mounts of every kind that a call can be refused for.</summary>
public sealed class CodeScene : IAsyncLifetime
{
    /// <summary>Size of the volumes.</summary>
    internal const long Size = 32L << 20;

    /// <summary>A volume with ext4, staged and published, a file of which is open.</summary>
    internal const string Mounted = "codes-mounted";

    /// <summary>A raw block volume that is not staged.</summary>
    internal const string Raw = "codes-raw";

    /// <summary>A raw block volume, staged and published, for one workload.</summary>
    internal const string Alone = "codes-alone";

    /// <summary>An encrypted raw block volume, staged and published, whose mapping is smaller than its disk.</summary>
    internal const string Secret = "codes-secret";

    /// <summary>An encrypted raw block volume that was formatted and is not staged.</summary>
    internal const string Locked = "codes-locked";

    /// <summary>A volume, and a snapshot, whose descriptors are cut in half.</summary>
    internal const string Damaged = "codes-damaged";

    /// <summary>A snapshot of <see cref="Mounted"/>.</summary>
    internal const string Snapshot = "codes-snapshot";

    /// <summary>A snapshot of <see cref="Raw"/>.</summary>
    internal const string RawSnapshot = "codes-raw-snapshot";

    /// <summary>A group of <see cref="Mounted"/> and <see cref="Raw"/>.</summary>
    internal const string Group = "codes-group";

    /// <summary>A folder with something else mounted.</summary>
    internal const string Foreign = Folder + "/foreign";

    /// <summary>A folder in which nothing is mounted.</summary>
    internal const string Empty = Folder + "/empty";

    /// <summary>A folder that holds a file.</summary>
    internal const string Full = Folder + "/full";

    private const string Folder = ForeignVolume.Root + "/codes";
    private const string Passphrase = "of the scene";
    private readonly List<ForeignVolume> _volumes = [];
    private IReadOnlyList<string> _before = [];
    private FileStream? _open;

    /// <summary>A snapshot of the group.</summary>
    internal string Member { get; private set; } = "";

    /// <summary>The driver for 1.12, which has all these.</summary>
    internal SpecifiedDriver Driver { get; private set; } = null!;

    /// <summary>The driver for 1.13, which has none.</summary>
    internal SpecifiedDriver Later { get; private set; } = null!;

    /// <summary>The volumes that are staged and published.</summary>
    internal ForeignVolume this[string id] => _volumes.Single(volume => volume.Id == id);

    private ForeignClient Client => Driver.Client;

    /// <summary>Sets it up.</summary>
    public async ValueTask InitializeAsync()
    {
        var root = await PoolDisk.MountAsync();
        _before = KernelState.Take(root);
        Driver = await SpecifiedDriver.StartAsync("1.12");
        Later = await SpecifiedDriver.StartAsync("1.13");
        foreach (var folder in new[] { Foreign, Empty, Full }) Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Full + "/file", "beside the volume");
        await Shell.RunAsync("mount", "-t", "tmpfs", "tmpfs", Foreign);

        _volumes.Add(await ForeignVolume.MakeAsync(Client, Mounted, ForeignVolume.Use("ext4"), Size));
        _open = File.Create(this[Mounted].Target + "/open");
        _volumes.Add(await ForeignVolume.MakeAsync(Client, Alone, ForeignVolume.Use("", "SINGLE_NODE_SINGLE_WRITER"), Size));
        await ForeignVolume.CreateAsync(Client, Raw, ForeignVolume.Use(""), Size);
        var locked = await EncryptAsync(Locked);
        await locked.UnpublishAsync();
        await locked.UnstageAsync();
        _volumes.Add(await EncryptAsync(Secret));
        await Client.CallAsync("Controller.ControllerExpandVolume", new { volume_id = Secret, capacity_range = new { required_bytes = 2 * Size } });

        await Client.CallAsync("Controller.CreateSnapshot", new { name = Snapshot, source_volume_id = Mounted });
        await Client.CallAsync("Controller.CreateSnapshot", new { name = RawSnapshot, source_volume_id = Raw });
        var group = await Client.CallAsync("GroupController.CreateVolumeGroupSnapshot", new { name = Group, source_volume_ids = new[] { Mounted, Raw } });
        Member = group.List("group_snapshot", "snapshots")[0].Text("snapshot_id");

        await ForeignVolume.CreateAsync(Client, Damaged, ForeignVolume.Use(""), Size);
        await Client.CallAsync("Controller.CreateSnapshot", new { name = Damaged, source_volume_id = Damaged });
        foreach (var descriptor in new[] { $"volumes/{Damaged}/volume.json", $"snapshots/{Damaged}/snapshot.json" })
        {
            using var file = File.OpenWrite($"{Driver.Pool}/{descriptor}");
            file.SetLength(file.Length / 2);
        }
    }

    /// <summary>What stands in the kernel and in the pools, with the size of each file and what descriptors say.</summary>
    internal IReadOnlyList<string> Take() =>
    [
        .. KernelState.Take(ForeignVolume.Root),
        .. new[] { Driver.Pool, Later.Pool }.SelectMany(pool => Directory.EnumerateFiles(pool, "*", SearchOption.AllDirectories)).Order(StringComparer.Ordinal).Select(Describe),
    ];

    /// <summary>Takes it down and sees that nothing is left.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_open is not null) await _open.DisposeAsync();
        foreach (var volume in _volumes)
        {
            await volume.UnpublishAsync();
            await volume.UnstageAsync();
        }

        await Driver.DisposeAsync();
        await Later.DisposeAsync();
        await Shell.RunAsync("umount", Foreign);
        Directory.Delete(Folder, recursive: true);
        Assert.Equal(_before, KernelState.Take(PoolDisk.Root));
    }

    private static string Describe(string file) => file.EndsWith(".json", StringComparison.Ordinal)
        ? $"{file} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))}"
        : $"{file} {new FileInfo(file).Length}";

    private async Task<ForeignVolume> EncryptAsync(string name)
    {
        // Little memory for the key: Argon2id is slow in the emulator.
        var volume = await ForeignVolume.CreateAsync(Client, name, ForeignVolume.Use(""), Size, parameters: new { encrypted = "true", encryptionKeyMemory = "1Mi" });
        volume.Passphrase = Passphrase;
        await volume.StageAsync();
        await volume.PublishAsync();
        return volume;
    }
}
