namespace CsiTcmu.Volumes;

/// <summary>What the parameters of a snapshot class mean.</summary>
/// <param name="Freeze">True when mounted file systems are frozen around the copy.</param>
internal sealed record SnapshotParameters(bool Freeze)
{
    private const string FreezeKey = "freeze";

    // The snapshotter tells whom the snapshot is for (--extra-create-metadata).
    private static readonly HashSet<string> Metadata = new(StringComparer.Ordinal)
    {
        "csi.storage.k8s.io/volumesnapshot/name", "csi.storage.k8s.io/volumesnapshot/namespace", "csi.storage.k8s.io/volumesnapshotcontent/name",
        "csi.storage.k8s.io/volumegroupsnapshot/name", "csi.storage.k8s.io/volumegroupsnapshot/namespace",
        "csi.storage.k8s.io/volumegroupsnapshotcontent/name",
    };

    /// <summary>Reads parameters.</summary>
    /// <exception cref="VolumeException">InvalidArgument: a key or a value is not known.</exception>
    public static SnapshotParameters Parse(IReadOnlyDictionary<string, string> parameters)
    {
        foreach (var key in parameters.Keys)
        {
            if (key != FreezeKey && !Metadata.Contains(key)) throw Refuse($"snapshot parameter '{key}' is not known; known is: {FreezeKey}");
        }

        return new SnapshotParameters(parameters.GetValueOrDefault(FreezeKey) switch
        {
            null or "false" => false,
            "true" => true,
            var other => throw Refuse($"snapshot parameter '{FreezeKey}' is '{other}'; it must be true or false"),
        });
    }

    private static VolumeException Refuse(string message) => new(VolumeError.InvalidArgument, message);
}
