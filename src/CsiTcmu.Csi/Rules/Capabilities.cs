using System.Text;
using Csi.V1;
using CsiTcmu.Volumes;
using Grpc.Core;
using Mode = Csi.V1.VolumeCapability.Types.AccessMode.Types.Mode;

namespace CsiTcmu.Csi.Rules;

/// <summary>
/// Rules of <c>VolumeCapability</c>. A malformed capability is INVALID_ARGUMENT in every call. One that is well-formed and more than
/// this driver can do is a sentence, since each call has its own code for that.
/// </summary>
internal static class Capabilities
{
    /// <summary>File systems that a volume can be formatted with.</summary>
    public static IReadOnlyList<string> FileSystems { get; } = ["ext4", "xfs", "btrfs"];

    /// <summary>A capability that must be there and be supported.</summary>
    /// <param name="capability">The field's value.</param>
    /// <param name="unsupported">The call's code for a capability that is more than this driver can do.</param>
    public static VolumeUse Required(VolumeCapability? capability, StatusCode unsupported)
    {
        const string field = "volume_capability";
        var given = Fields.Required(capability, field);
        CheckForm(given, field);
        return Unsupported(given) is { } problem ? throw CsiErrors.Error(unsupported, $"{field}: {problem}") : Use(given);
    }

    /// <summary>A capability that may be absent and is supported when given.</summary>
    /// <param name="capability">The field's value.</param>
    /// <param name="unsupported">The call's code for a capability that is more than this driver can do.</param>
    public static VolumeUse? Optional(VolumeCapability? capability, StatusCode unsupported) =>
        capability is null ? null : Required(capability, unsupported);

    /// <summary>A list that must hold at least one well-formed capability.</summary>
    public static void CheckForm(IReadOnlyList<VolumeCapability> capabilities, string field)
    {
        if (capabilities.Count == 0)
            throw CsiErrors.InvalidArgument($"{field} is required");
        for (var i = 0; i < capabilities.Count; i++)
            CheckForm(capabilities[i], $"{field}[{i}]");
    }

    /// <summary>Why one volume cannot have all of these capabilities; null when it can.</summary>
    public static string? Unsupported(IReadOnlyList<VolumeCapability> capabilities)
    {
        foreach (var capability in capabilities)
        {
            if (Unsupported(capability) is { } problem)
                return problem;
        }

        if (capabilities.Select(IsBlock).Distinct().Count() > 1)
            return "one volume cannot be both a raw block device and a mounted file system; ask for two volumes";
        var named = capabilities.Select(FileSystem).Where(name => name.Length > 0).Distinct(StringComparer.Ordinal);
        return named.Count() > 1 ? $"one volume cannot have several file systems ({string.Join(", ", named)}); ask for one" : null;
    }

    /// <summary>True for raw block.</summary>
    public static bool IsBlock(VolumeCapability capability) => capability.AccessTypeCase == VolumeCapability.AccessTypeOneofCase.Block;

    /// <summary>The file system that a capability names; empty when it names none.</summary>
    public static string FileSystem(VolumeCapability capability) => capability.Mount?.FsType ?? "";

    private static void CheckForm(VolumeCapability capability, string field)
    {
        if (capability.AccessTypeCase == VolumeCapability.AccessTypeOneofCase.None)
            throw CsiErrors.InvalidArgument($"{field} says neither block nor mount");
        if ((capability.AccessMode?.Mode ?? Mode.Unknown) == Mode.Unknown)
            throw CsiErrors.InvalidArgument($"{field}.access_mode is required");
        if (capability.Mount is { } mount)
            CheckForm(mount, $"{field}.mount");
    }

    private static void CheckForm(VolumeCapability.Types.MountVolume mount, string field)
    {
        Fields.Optional(mount.FsType, $"{field}.fs_type");
        Fields.Optional(mount.VolumeMountGroup, $"{field}.volume_mount_group");

        // A mount flag may hold a password: it is never repeated in a message.
        if (mount.MountFlags.Sum(flag => (long)Encoding.UTF8.GetByteCount(flag)) > Fields.MaximumMountFlags)
            throw CsiErrors.InvalidArgument($"{field}.mount_flags are larger than {Fields.MaximumMountFlags} bytes");
        for (var i = 0; i < mount.MountFlags.Count; i++)
        {
            if (mount.MountFlags[i].Length == 0)
                throw CsiErrors.InvalidArgument($"{field}.mount_flags[{i}] is empty");
            if (mount.MountFlags[i].Any(char.IsControl))
                throw CsiErrors.InvalidArgument($"{field}.mount_flags[{i}] contains a control character");
        }
    }

    private static string? Unsupported(VolumeCapability capability)
    {
        var mode = capability.AccessMode.Mode;
        if (mode is Mode.MultiNodeSingleWriter or Mode.MultiNodeMultiWriter)
            return $"access mode {Name(mode)} is not supported: a volume is on one node; use a SINGLE_NODE access mode, in Kubernetes ReadWriteOnce";
        if (!Enum.IsDefined(mode))
            return $"access mode {(int)mode} is not known; use a SINGLE_NODE access mode";
        if (capability.Mount is not { } mount)
            return null;
        if (mount.FsType.Length > 0 && !FileSystems.Contains(mount.FsType, StringComparer.Ordinal))
            return $"file system {CsiErrors.Quote(mount.FsType)} is not supported; use {string.Join(" or ", FileSystems)}";
        return mount.VolumeMountGroup.Length > 0
            ? "volume_mount_group is not supported: ext4, xfs and btrfs have no mount option for it; leave it empty and let the orchestrator set the group"
            : null;
    }

    /// <summary>The specification's name of a mode.</summary>
    private static string Name(Mode mode) => mode switch
    {
        Mode.MultiNodeSingleWriter => "MULTI_NODE_SINGLE_WRITER",
        _ => "MULTI_NODE_MULTI_WRITER",
    };

    private static VolumeUse Use(VolumeCapability capability) => new()
    {
        Block = IsBlock(capability),
        FileSystem = FileSystem(capability),
        MountFlags = capability.Mount is { } mount ? [.. mount.MountFlags] : [],
        AccessMode = (AccessMode)capability.AccessMode.Mode,
    };
}
