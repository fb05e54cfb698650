using CsiTcmu.Linux.Sysfs;
using CsiTcmu.Linux.Tools;

namespace CsiTcmu.Volumes.Node;

/// <summary>
/// The mapping of an encrypted volume: a device of the device mapper over the volume's disk. Its name follows from the volume's id, so that it is found
/// again in sysfs, whoever made it.
/// </summary>
internal static class Encryption
{
    private const string Prefix = "csi-tcmu-";
    private const string Type = "CRYPT-LUKS2";

    // The kernel's name holds 127 characters and the unique id 128, of which cryptsetup takes 45 beside the name.
    private const int LongestId = 64;
    private const int HashDigits = 40;

    /// <summary>Name of the mapping of a volume. The sign after the prefix keeps hashes and ids apart: no id has an underline in that place.</summary>
    public static string NameOf(string id) => id.Length <= LongestId ? Prefix + id : $"{Prefix}_{VolumeId.Hash(id)[..HashDigits]}";

    /// <summary>The mapping over the volume's disk; null when there is none.</summary>
    public static AttachedDisk? Find(string id, AttachedDisk disk) => Mapping(id) is { } found && found.Below.Contains(disk.Name, StringComparer.Ordinal)
        ? new AttachedDisk(found.Device.Name, found.Device.Number)
        : null;

    /// <summary>True for the mapping of an encrypted volume.</summary>
    public static bool IsMapping(AttachedDisk device) => BlockDevice.Find(device.Name) is { } found && MappedDevice.Of(found) is { Type: Type };

    /// <summary>True for a mapping of this driver whose disk is gone.</summary>
    public static bool IsStale(BlockDevice device) =>
        MappedDevice.Of(device) is { Type: Type, Below.Count: 0 } found && found.Name.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Maps the disk's content. Success when it is mapped already, in which case the passphrase is not tried.</summary>
    /// <exception cref="VolumeException">Unauthenticated: the passphrase is another one.</exception>
    public static async Task<AttachedDisk> OpenAsync(StoredVolume volume, AttachedDisk disk, VolumePassphrase passphrase)
    {
        if (Find(volume.Id, disk) is { } open) return open;

        // Over another disk: one that is gone.
        await CloseAsync(volume.Id);
        var result = await EncryptionTools.OpenAsync(disk.Path, NameOf(volume.Id), passphrase.Text, volume.Encryption.Discard);
        if (result == EncryptionResult.WrongPassphrase) throw WrongPassphrase(volume.Id, passphrase.Reference);

        // Busy is what a cryptsetup of an earlier process leaves, which has just done the same.
        return Find(volume.Id, disk)
            ?? throw new VolumeException(VolumeError.Aborted, $"{disk.Path} of volume '{volume.Id}' is in use by another program; try again when it has ended");
    }

    /// <summary>Waits for a cryptsetup that an earlier process left: it would map a disk that is about to go.</summary>
    /// <exception cref="VolumeException">Aborted: it goes on.</exception>
    public static async Task SettleAsync(string id, AttachedDisk disk)
    {
        if (await EncryptionTools.SettleAsync(disk.Path) != EncryptionResult.Done)
            throw new VolumeException(VolumeError.Aborted, $"{disk.Path} of volume '{id}' is in use by a cryptsetup that an earlier process started; try again when it has ended");
    }

    /// <summary>Removes the volume's mapping and sees that it is gone. Success when there is none.</summary>
    /// <exception cref="VolumeException">FailedPrecondition: it is in use.</exception>
    public static async Task CloseAsync(string id)
    {
        if (Mapping(id) is not { } found) return;
        if (found.Device.Holders is { Count: > 0 } holders)
            throw new VolumeException(VolumeError.FailedPrecondition, $"{found.Device.Path} of volume '{id}' is held by {string.Join(", ", holders)}; release it there first");
        await EncryptionTools.CloseAsync(found.Name);
        if (Mapping(id) is { } still)
            throw new VolumeException(VolumeError.FailedPrecondition, $"{still.Device.Path} of volume '{id}' is in use; end the programs that use it (fuser -v {still.Device.Path})");
    }

    /// <summary>Makes the mapping as large as the volume. Success, without a passphrase, when it is.</summary>
    /// <exception cref="VolumeException">InvalidArgument: the passphrase is missing. Unauthenticated: it is another one.</exception>
    public static async Task GrowAsync(StoredVolume volume, AttachedDisk disk, VolumeSecrets secrets)
    {
        if (Size(volume.Id, disk) >= volume.Descriptor.Size) return;
        var passphrase = secrets.Passphrase(volume.Id, VolumeSecrets.ExpandReference);
        if (await EncryptionTools.ResizeAsync(NameOf(volume.Id), passphrase) == EncryptionResult.WrongPassphrase) throw WrongPassphrase(volume.Id, VolumeSecrets.ExpandReference);
        FaultPoints.Reach(FaultPoints.ExpandMapping);
        if (Size(volume.Id, disk) is var size && size < volume.Descriptor.Size)
            throw new VolumeException(VolumeError.Unavailable, $"the mapping of volume '{volume.Id}' has {size} bytes instead of {volume.Descriptor.Size}; ask again");
    }

    private static long Size(string id, AttachedDisk disk) => Find(id, disk) is { } open && BlockDevice.Find(open.Name) is { } device
        ? device.Size
        : throw new VolumeException(VolumeError.FailedPrecondition, $"volume '{id}' is encrypted and not open; stage it first");

    private static MappedDevice? Mapping(string id) =>
        MappedDevice.Find(NameOf(id)) is { Type: Type } found ? found : null;

    private static VolumeException WrongPassphrase(string id, string reference) => new(
        VolumeError.Unauthenticated,
        $"secret '{VolumeSecrets.PassphraseKey}' does not open volume '{id}', which was encrypted with another passphrase; correct the Secret that {reference} names");
}
