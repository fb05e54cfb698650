using Csi.V1;
using CsiTcmu.TestClient;

namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>A volume through its whole life on the node, driven by CSI calls as kubelet would make them.</summary>
internal sealed class StagedVolume
{
    private const string Root = "/var/lib/kubelet-test";

    private StagedVolume(string id, VolumeCapability capability)
    {
        Id = id;
        Capability = capability;
    }

    /// <summary>Volume id.</summary>
    public string Id { get; }

    /// <summary>How it is used.</summary>
    public VolumeCapability Capability { get; }

    /// <summary>Passphrase of an encrypted volume; empty for none.</summary>
    public string Passphrase { get; set; } = "";

    /// <summary>Staging path.</summary>
    public string Staging => $"{Root}/staging/{Id}";

    /// <summary>Target path: a folder, or a device node for raw block.</summary>
    public string Target => $"{Root}/pods/{Id}/volume";

    /// <summary>The capability of a mounted volume, or of raw block for an empty file system.</summary>
    public static VolumeCapability CapabilityFor(string fileSystem)
    {
        var capability = new VolumeCapability { AccessMode = new() { Mode = VolumeCapability.Types.AccessMode.Types.Mode.SingleNodeWriter } };
        if (fileSystem.Length == 0) capability.Block = new();
        else capability.Mount = new() { FsType = fileSystem };
        return capability;
    }

    /// <summary>Creates, stages and publishes.</summary>
    /// <param name="client">The driver.</param>
    /// <param name="name">Name of the volume.</param>
    /// <param name="fileSystem">ext4, xfs, btrfs, or empty for raw block.</param>
    /// <param name="size">Bytes.</param>
    /// <param name="parameters">Parameters of CreateVolume.</param>
    public static async Task<StagedVolume> MakeAsync(CsiClient client, string name, string fileSystem, long size, params (string Key, string Value)[] parameters)
    {
        var volume = await CreateAsync(client, name, fileSystem, size, parameters);
        await volume.StageAsync(client);
        await volume.PublishAsync(client);
        return volume;
    }

    /// <summary>Creates only.</summary>
    public static Task<StagedVolume> CreateAsync(CsiClient client, string name, string fileSystem, long size, params (string Key, string Value)[] parameters) =>
        CreateAsync(client, name, CapabilityFor(fileSystem), size, parameters);

    /// <summary>Creates only, for that use.</summary>
    public static async Task<StagedVolume> CreateAsync(
        CsiClient client, string name, VolumeCapability capability, long size, params (string Key, string Value)[] parameters)
    {
        var request = new CreateVolumeRequest { Name = name, CapacityRange = new() { RequiredBytes = size } };
        request.VolumeCapabilities.Add(capability);
        foreach (var (key, value) in parameters) request.Parameters.Add(key, value);
        var response = await client.CreateVolumeAsync(request);
        return new(response.Volume.VolumeId, capability);
    }

    /// <summary>Creates only, from a snapshot or a volume; size 0 leaves it to the driver.</summary>
    public static async Task<StagedVolume> CreateFromAsync(CsiClient client, string name, string fileSystem, VolumeContentSource source, long size)
    {
        var request = new CreateVolumeRequest { Name = name, VolumeContentSource = source, VolumeCapabilities = { CapabilityFor(fileSystem) } };
        if (size > 0) request.CapacityRange = new() { RequiredBytes = size };
        var response = await client.CreateVolumeAsync(request);
        Assert.Equal(source, response.Volume.ContentSource);
        return new(response.Volume.VolumeId, CapabilityFor(fileSystem));
    }

    /// <summary>NodeStageVolume; kubelet makes the staging path.</summary>
    public async Task StageAsync(CsiClient client)
    {
        Directory.CreateDirectory(Staging);
        var request = new NodeStageVolumeRequest { VolumeId = Id, StagingTargetPath = Staging, VolumeCapability = Capability };
        if (Passphrase.Length > 0) request.Secrets.Add("encryptionPassphrase", Passphrase);
        await client.NodeStageVolumeAsync(request);
    }

    /// <summary>NodePublishVolume; kubelet makes the target's parent.</summary>
    public async Task PublishAsync(CsiClient client)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Target)!);
        await client.NodePublishVolumeAsync(new() { VolumeId = Id, StagingTargetPath = Staging, TargetPath = Target, VolumeCapability = Capability });
    }

    /// <summary>Grows disk and file system.</summary>
    public async Task ExpandAsync(CsiClient client, long size)
    {
        await client.ControllerExpandVolumeAsync(new() { VolumeId = Id, CapacityRange = new() { RequiredBytes = size } });
        var request = new NodeExpandVolumeRequest
        {
            VolumeId = Id,
            VolumePath = Target,
            StagingTargetPath = Staging,
            CapacityRange = new() { RequiredBytes = size },
            VolumeCapability = Capability,
        };
        if (Passphrase.Length > 0) request.Secrets.Add("encryptionPassphrase", Passphrase);
        await client.NodeExpandVolumeAsync(request);
    }

    /// <summary>NodeUnpublishVolume.</summary>
    public async Task UnpublishAsync(CsiClient client) => await client.NodeUnpublishVolumeAsync(new() { VolumeId = Id, TargetPath = Target });

    /// <summary>NodeUnstageVolume; kubelet removes the staging path afterwards.</summary>
    public async Task UnstageAsync(CsiClient client)
    {
        await client.NodeUnstageVolumeAsync(new() { VolumeId = Id, StagingTargetPath = Staging });
        if (Directory.Exists(Staging)) Directory.Delete(Staging);
    }

    /// <summary>DeleteVolume.</summary>
    public async Task DeleteAsync(CsiClient client) => await client.DeleteVolumeAsync(new() { VolumeId = Id });

    /// <summary>Unpublish, unstage, delete.</summary>
    public async Task RemoveAsync(CsiClient client)
    {
        await UnpublishAsync(client);
        await UnstageAsync(client);
        await DeleteAsync(client);
    }

    /// <summary>The disk, such as <c>/dev/sda</c>.</summary>
    public async Task<string> DiskAsync()
    {
        if (Capability.Mount is not null) return (await Shell.RunAsync("findmnt", "-no", "SOURCE", Staging)).Trim();
        // A device node that is mounted somewhere has its own name as the root of that mount.
        var node = File.ReadLines("/proc/self/mountinfo").Select(line => line.Split(' ')).LastOrDefault(fields => string.Equals(fields[4], Target, StringComparison.Ordinal))?[3];
        if (node is not null && Directory.Exists("/sys/block" + node)) return "/dev" + node;
        var number = (await Shell.RunAsync("lsblk", "-ndo", "MAJ:MIN", Target)).Trim();
        return "/dev/" + Path.GetFileName(Directory.ResolveLinkTarget($"/sys/dev/block/{number}", returnFinalTarget: true)!.FullName);
    }

    /// <summary>A file on the volume for fio, or the device node itself.</summary>
    public string FioTarget => Capability.Mount is not null ? Target + "/fio" : Target;
}
