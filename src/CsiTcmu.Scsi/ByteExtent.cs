namespace CsiTcmu.Scsi;

/// <summary>A range of the medium.</summary>
/// <param name="Offset">First byte.</param>
/// <param name="Length">Bytes.</param>
public readonly record struct ByteExtent(long Offset, long Length);
