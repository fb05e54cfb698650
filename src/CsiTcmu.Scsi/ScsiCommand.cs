namespace CsiTcmu.Scsi;

/// <summary>What remains to be done for a decoded command.</summary>
public enum ScsiOperation : byte
{
    /// <summary>Nothing: <see cref="ScsiCommand.Status"/>, <see cref="ScsiCommand.Sense"/> and the reply are the answer.</summary>
    Answered,

    /// <summary>Read <see cref="ScsiCommand.Length"/> bytes at <see cref="ScsiCommand.Offset"/> into the data buffer.</summary>
    Read,

    /// <summary>Write the data buffer, <see cref="ScsiCommand.Length"/> bytes at <see cref="ScsiCommand.Offset"/>.</summary>
    Write,

    /// <summary>Make completed writes durable (SYNCHRONIZE CACHE); the range may be ignored.</summary>
    Flush,

    /// <summary>Compare the data buffer with the range (VERIFY with BYTCHK=1); a difference is MISCOMPARE with the offset of the first one.</summary>
    Compare,

    /// <summary>Deallocate the extents of the UNMAP parameter list in the data buffer, of <see cref="ScsiCommand.ParameterLength"/> bytes.</summary>
    Unmap,

    /// <summary>Deallocate the range (WRITE SAME with UNMAP and a block of zeroes or NDOB); it reads as zeroes.</summary>
    Discard,

    /// <summary>Make the range read as zeroes (WRITE SAME with NDOB without UNMAP).</summary>
    WriteZeroes,

    /// <summary>Write the one block of the data buffer over the whole range; zeroes in it may become <see cref="WriteZeroes"/> or <see cref="Discard"/>.</summary>
    WriteSame,

    /// <summary>
    /// Compare the first half of the data buffer with the range, then write the second half, as one step. <see cref="ScsiCommand.Length"/>
    /// is that of one half.
    /// </summary>
    CompareAndWrite,

    /// <summary>Answer GET LBA STATUS for the range, in at most <see cref="ScsiCommand.ParameterLength"/> bytes.</summary>
    GetLbaStatus,
}

/// <summary>SCSI status codes (SAM-5 5.3.1).</summary>
public enum ScsiStatus : byte
{
    /// <summary>GOOD.</summary>
    Good = 0x00,

    /// <summary>CHECK CONDITION: sense data says why.</summary>
    CheckCondition = 0x02,

    /// <summary>BUSY: try again.</summary>
    Busy = 0x08,

    /// <summary>RESERVATION CONFLICT.</summary>
    ReservationConflict = 0x18,

    /// <summary>TASK SET FULL: try again when a command has ended.</summary>
    TaskSetFull = 0x28,
}

/// <summary>A decoded CDB.</summary>
public struct ScsiCommand
{
    /// <summary>What remains to be done.</summary>
    public ScsiOperation Operation;

    /// <summary>For answered commands.</summary>
    public ScsiStatus Status;

    /// <summary>With CHECK CONDITION.</summary>
    public SenseCode Sense;

    /// <summary>With CHECK CONDITION: the field of the CDB that is refused, if it is one.</summary>
    public FieldPointer Field;

    /// <summary>For answered commands: bytes of data-in in the reply buffer, already cut to the allocation length.</summary>
    public int ReplyLength;

    /// <summary>First byte of the range on the medium; checked to lie inside.</summary>
    public long Offset;

    /// <summary>Length of the range in bytes, not zero: a transfer of no blocks is answered with GOOD at once.</summary>
    public long Length;

    /// <summary>FUA: durable before completion.</summary>
    public bool ForceUnitAccess;

    /// <summary>
    /// For <see cref="ScsiOperation.Write"/>: WRITE AND VERIFY with BYTCHK=1, so that the range is compared with the data buffer after the
    /// write, as <see cref="ScsiOperation.Compare"/> does it.
    /// </summary>
    public bool CompareAfterWrite;

    /// <summary>WRITE SAME with the UNMAP bit: a block of zeroes may be deallocated.</summary>
    public bool MayUnmap;

    /// <summary>
    /// Parameter list length (UNMAP), cut to <see cref="UnmapParameterList.MaximumLength"/>, or allocation length (GET LBA STATUS). It lies
    /// within the data buffer.
    /// </summary>
    public int ParameterLength;
}
