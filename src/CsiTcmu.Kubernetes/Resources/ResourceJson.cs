using System.Text.Json.Serialization;
using CsiTcmu.Kubernetes.Client;

namespace CsiTcmu.Kubernetes.Resources;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TcmuVolume))]
[JsonSerializable(typeof(ResourceList<TcmuVolume>))]
[JsonSerializable(typeof(AppliedStatus<TcmuVolumeStatus>))]
[JsonSerializable(typeof(TcmuSnapshot))]
[JsonSerializable(typeof(ResourceList<TcmuSnapshot>))]
[JsonSerializable(typeof(AppliedStatus<TcmuSnapshotStatus>))]
[JsonSerializable(typeof(TcmuSnapshotGroup))]
[JsonSerializable(typeof(ResourceList<TcmuSnapshotGroup>))]
[JsonSerializable(typeof(AppliedStatus<TcmuSnapshotGroupStatus>))]
[JsonSerializable(typeof(AppliedStatus<TcmuNodeStatus>))]
[JsonSerializable(typeof(TcmuNode))]
[JsonSerializable(typeof(ResourceList<TcmuNode>))]
[JsonSerializable(typeof(CoreNode))]
[JsonSerializable(typeof(ResourceList<CoreNode>))]
[JsonSerializable(typeof(CsiNode))]
[JsonSerializable(typeof(ResourceList<CsiNode>))]
[JsonSerializable(typeof(PersistentVolume))]
[JsonSerializable(typeof(ResourceList<PersistentVolume>))]
[JsonSerializable(typeof(PersistentVolumeClaim))]
[JsonSerializable(typeof(ResourceList<PersistentVolumeClaim>))]
[JsonSerializable(typeof(CoreEvent))]
[JsonSerializable(typeof(ResourceList<CoreEvent>))]
[JsonSerializable(typeof(ApiStatus))]
[JsonSerializable(typeof(WatchEnvelope))]
[JsonSerializable(typeof(Bookmark))]
[JsonSerializable(typeof(DeleteOptions))]
internal sealed partial class ResourceJson : JsonSerializerContext;
