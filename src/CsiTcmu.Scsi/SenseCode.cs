namespace CsiTcmu.Scsi;

/// <summary>Sense key, additional sense code and qualifier (SPC-4 4.5).</summary>
/// <param name="Key">Sense key, 0 to 15.</param>
/// <param name="AdditionalCode">ASC.</param>
/// <param name="Qualifier">ASCQ.</param>
public readonly record struct SenseCode(byte Key, byte AdditionalCode, byte Qualifier)
{
    /// <summary>NO SENSE: nothing to report.</summary>
    public static SenseCode NoSense => default;

    /// <summary>NOT READY, LOGICAL UNIT NOT READY, CAUSE NOT REPORTABLE.</summary>
    public static SenseCode NotReady => new(2, 0x04, 0x00);

    /// <summary>NOT READY, LOGICAL UNIT COMMUNICATION FAILURE.</summary>
    public static SenseCode CommunicationFailure => new(2, 0x08, 0x00);

    /// <summary>MEDIUM ERROR, WRITE ERROR.</summary>
    public static SenseCode WriteError => new(3, 0x0C, 0x00);

    /// <summary>MEDIUM ERROR, UNRECOVERED READ ERROR.</summary>
    public static SenseCode UnrecoveredReadError => new(3, 0x11, 0x00);

    /// <summary>HARDWARE ERROR, INTERNAL TARGET FAILURE.</summary>
    public static SenseCode InternalTargetFailure => new(4, 0x44, 0x00);

    /// <summary>ILLEGAL REQUEST, INVALID FIELD IN COMMAND INFORMATION UNIT: the data buffer does not fit the CDB.</summary>
    public static SenseCode InvalidFieldInCommandInformationUnit => new(5, 0x0E, 0x03);

    /// <summary>ILLEGAL REQUEST, PARAMETER LIST LENGTH ERROR.</summary>
    public static SenseCode ParameterListLengthError => new(5, 0x1A, 0x00);

    /// <summary>ILLEGAL REQUEST, INVALID COMMAND OPERATION CODE.</summary>
    public static SenseCode InvalidOperationCode => new(5, 0x20, 0x00);

    /// <summary>ILLEGAL REQUEST, LOGICAL BLOCK ADDRESS OUT OF RANGE.</summary>
    public static SenseCode LogicalBlockAddressOutOfRange => new(5, 0x21, 0x00);

    /// <summary>ILLEGAL REQUEST, INVALID FIELD IN CDB.</summary>
    public static SenseCode InvalidFieldInCdb => new(5, 0x24, 0x00);

    /// <summary>ILLEGAL REQUEST, LOGICAL UNIT NOT SUPPORTED.</summary>
    public static SenseCode LogicalUnitNotSupported => new(5, 0x25, 0x00);

    /// <summary>ILLEGAL REQUEST, INVALID FIELD IN PARAMETER LIST.</summary>
    public static SenseCode InvalidFieldInParameterList => new(5, 0x26, 0x00);

    /// <summary>ILLEGAL REQUEST, SAVING PARAMETERS NOT SUPPORTED.</summary>
    public static SenseCode SavingParametersNotSupported => new(5, 0x39, 0x00);

    /// <summary>UNIT ATTENTION, POWER ON, RESET, OR BUS DEVICE RESET OCCURRED.</summary>
    public static SenseCode PowerOnOccurred => new(6, 0x29, 0x00);

    /// <summary>UNIT ATTENTION, CAPACITY DATA HAS CHANGED.</summary>
    public static SenseCode CapacityDataHasChanged => new(6, 0x2A, 0x09);

    /// <summary>DATA PROTECT, WRITE PROTECTED.</summary>
    public static SenseCode WriteProtected => new(7, 0x27, 0x00);

    /// <summary>DATA PROTECT, SPACE ALLOCATION FAILED WRITE PROTECT: the pool of a thin volume is full.</summary>
    public static SenseCode SpaceAllocationFailed => new(7, 0x27, 0x07);

    /// <summary>ABORTED COMMAND, NO ADDITIONAL SENSE INFORMATION: the initiator tries again.</summary>
    public static SenseCode AbortedCommand => new(0xB, 0x00, 0x00);

    /// <summary>MISCOMPARE, MISCOMPARE DURING VERIFY OPERATION.</summary>
    public static SenseCode Miscompare => new(0xE, 0x1D, 0x00);

    /// <summary>Key, ASC and ASCQ in hexadecimal, such as <c>05/24/00</c>.</summary>
    public override string ToString() => $"{Key:X2}/{AdditionalCode:X2}/{Qualifier:X2}";
}
