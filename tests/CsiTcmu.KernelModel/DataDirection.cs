namespace CsiTcmu.KernelModel;

/// <summary>Where a command's data goes.</summary>
public enum DataDirection
{
    /// <summary>No data.</summary>
    None,

    /// <summary>From the initiator to the disk.</summary>
    Out,

    /// <summary>From the disk to the initiator.</summary>
    In,
}
