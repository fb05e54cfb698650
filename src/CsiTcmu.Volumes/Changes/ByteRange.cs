namespace CsiTcmu.Volumes;

/// <summary>A range of a volume's bytes.</summary>
/// <param name="Offset">Its first byte.</param>
/// <param name="Length">Bytes, more than zero.</param>
public readonly record struct ByteRange(long Offset, long Length)
{
    /// <summary>The first byte behind it.</summary>
    public long End => Offset + Length;
}
