namespace CsiTcmu.Csi;

/// <summary>Version of the Container Storage Interface that decides how health is told; all else is the same in both.</summary>
public enum CsiSpecification
{
    /// <summary>1.12: <c>VolumeCondition</c> beside volumes and statistics.</summary>
    Csi112,

    /// <summary>1.13: calls of their own for the health of volumes and storage.</summary>
    Csi113,
}
