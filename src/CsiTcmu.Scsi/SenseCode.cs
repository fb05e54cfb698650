namespace CsiTcmu.Scsi;

/// <summary>Sense key, additional sense code and qualifier (SPC-4 4.5).</summary>
/// <param name="Key">Sense key, 0 to 15.</param>
/// <param name="AdditionalCode">ASC.</param>
/// <param name="Qualifier">ASCQ.</param>
public readonly record struct SenseCode(byte Key, byte AdditionalCode, byte Qualifier)
{
    /// <summary>ILLEGAL REQUEST, INVALID FIELD IN CDB.</summary>
    public static SenseCode InvalidFieldInCdb => new(5, 0x24, 0);
}
