namespace CsiTcmu.Scsi;

/// <summary>Limits of one command that VPD page B0 claims and the decoder enforces.</summary>
/// <remarks>They bound the time that one command may take and the buffers that the data plane needs.</remarks>
public static class BlockLimits
{
    /// <summary>Most bytes that one UNMAP deallocates, over all of its descriptors.</summary>
    public const int MaximumUnmapLength = 512 << 20;

    /// <summary>Most block descriptors of one UNMAP.</summary>
    public const int MaximumUnmapDescriptors = 32;

    /// <summary>Most bytes that one WRITE SAME covers.</summary>
    public const int MaximumWriteSameLength = 16 << 20;

    /// <summary>Most bytes that one COMPARE AND WRITE compares; its data buffer has twice as many.</summary>
    public const int MaximumCompareAndWriteLength = 4096;
}
