using Google.Protobuf;
using Grpc.Core;

namespace CsiTcmu.Csi.Tests;

/// <summary>
/// Every request and every way to get it wrong, with the code and a part of the message of the refusal. What the requests share (ids,
/// paths, capabilities, capacities, maps) is put through the same wrong values wherever it occurs.
/// </summary>
internal static partial class WrongRequests
{
    public sealed record Case(string Name, IMessage Request, StatusCode Code, string Says);

    public static IReadOnlyDictionary<string, Case> All { get; } = MakeAll().ToDictionary(wrong => wrong.Name, StringComparer.Ordinal);

    private static IEnumerable<Case> MakeAll() =>
    [
        .. CreateVolume(), .. DeleteVolume(), .. ValidateVolumeCapabilities(), .. ListVolumes(), .. GetCapacity(), .. ControllerExpandVolume(),
        .. ControllerModifyVolume(), .. ControllerGetVolume(), .. NodeStageVolume(), .. NodeUnstageVolume(), .. NodePublishVolume(), .. NodeUnpublishVolume(),
        .. NodeGetVolumeStats(), .. NodeExpandVolume(), .. Snapshots(), .. Groups(), .. Blocks(), .. ControllerGetVolumeHealth(), .. ControllerListVolumeHealth(),
        .. NodeGetVolumeHealth(), .. NodeGetStorageHealth(),
    ];
}
