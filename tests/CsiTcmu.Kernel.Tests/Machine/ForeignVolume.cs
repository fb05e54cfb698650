using System.Text.Json;

namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>A volume through its life on the node, driven by a client that others wrote.</summary>
internal sealed class ForeignVolume
{
    /// <summary>Where staging and target paths are.</summary>
    public const string Root = "/var/lib/kubelet-test";

    private readonly ForeignClient _client;
    private readonly object _use;

    private ForeignVolume(ForeignClient client, string id, object use)
    {
        _client = client;
        _use = use;
        Id = id;
    }

    /// <summary>Volume id.</summary>
    public string Id { get; }

    /// <summary>Passphrase of an encrypted volume; null for none.</summary>
    public string? Passphrase { get; set; }

    /// <summary>Staging path.</summary>
    public string Staging => StagingOf(Id);

    /// <summary>Target path.</summary>
    public string Target => TargetOf(Id);

    /// <summary>Staging path of a volume.</summary>
    public static string StagingOf(string id) => $"{Root}/staging/{id}";

    /// <summary>Target path of a volume.</summary>
    public static string TargetOf(string id) => $"{Root}/pods/{id}/volume";

    /// <summary>The capability of a mounted volume, or of raw block for an empty file system.</summary>
    public static object Use(string fileSystem, string mode = "SINGLE_NODE_WRITER") => fileSystem.Length == 0
        ? new { block = new { }, access_mode = new { mode } }
        : new { mount = new { fs_type = fileSystem }, access_mode = new { mode } };

    /// <summary>CreateVolume.</summary>
    /// <param name="client">The client.</param>
    /// <param name="name">Name of the volume.</param>
    /// <param name="use">Its capability.</param>
    /// <param name="size">Bytes.</param>
    /// <param name="source">What its bytes come from; null for an empty volume.</param>
    /// <param name="parameters">Parameters; null for none.</param>
    public static async Task<ForeignVolume> CreateAsync(ForeignClient client, string name, object use, long size, object? source = null, object? parameters = null)
    {
        var made = await client.CallAsync(
            "Controller.CreateVolume",
            new { name, volume_capabilities = new[] { use }, capacity_range = new { required_bytes = size }, volume_content_source = source, parameters });
        if (source is not null) Assert.Equal(JsonSerializer.Serialize(source), made.GetProperty("volume").GetProperty("content_source").GetRawText());
        return new ForeignVolume(client, made.Text("volume", "volume_id"), use);
    }

    /// <summary>CreateVolume, NodeStageVolume and NodePublishVolume.</summary>
    public static async Task<ForeignVolume> MakeAsync(ForeignClient client, string name, object use, long size, object? source = null)
    {
        var volume = await CreateAsync(client, name, use, size, source);
        await volume.StageAsync();
        await volume.PublishAsync();
        return volume;
    }

    /// <summary>The source of a volume that is restored from a snapshot.</summary>
    public static object FromSnapshot(string id) => new { snapshot = new { snapshot_id = id } };

    /// <summary>The source of a volume's clone.</summary>
    public object AsSource() => new { volume = new { volume_id = Id } };

    /// <summary>NodeStageVolume; kubelet makes the staging path.</summary>
    public Task StageAsync()
    {
        Directory.CreateDirectory(Staging);
        return _client.CallAsync("Node.NodeStageVolume", new { volume_id = Id, staging_target_path = Staging, volume_capability = _use, secrets = Secrets });
    }

    /// <summary>NodePublishVolume, at the target or another one; kubelet makes the target's parent.</summary>
    public Task PublishAsync(string? target = null)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(target ?? Target)!);
        return _client.CallAsync("Node.NodePublishVolume", PublishRequest(target ?? Target));
    }

    /// <summary>The request of NodePublishVolume.</summary>
    public object PublishRequest(string target) => new { volume_id = Id, staging_target_path = Staging, target_path = target, volume_capability = _use };

    /// <summary>NodeUnpublishVolume.</summary>
    public Task UnpublishAsync(string? target = null) => _client.CallAsync("Node.NodeUnpublishVolume", new { volume_id = Id, target_path = target ?? Target });

    /// <summary>NodeUnstageVolume; kubelet removes the staging path afterwards.</summary>
    public async Task UnstageAsync()
    {
        await _client.CallAsync("Node.NodeUnstageVolume", new { volume_id = Id, staging_target_path = Staging });
        if (Directory.Exists(Staging)) Directory.Delete(Staging);
    }

    /// <summary>DeleteVolume.</summary>
    public Task DeleteAsync() => _client.CallAsync("Controller.DeleteVolume", new { volume_id = Id });

    /// <summary>NodeUnpublishVolume, NodeUnstageVolume, DeleteVolume.</summary>
    public async Task RemoveAsync()
    {
        await UnpublishAsync();
        await UnstageAsync();
        await DeleteAsync();
    }

    /// <summary>Secrets of the calls that need the passphrase.</summary>
    private object? Secrets => Passphrase is null ? null : new { encryptionPassphrase = Passphrase };
}
