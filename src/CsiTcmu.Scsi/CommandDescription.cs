using System.Numerics;
using System.Runtime.InteropServices;

namespace CsiTcmu.Scsi;

/// <summary>One supported command: what REPORT SUPPORTED OPERATION CODES says of it and what decodes it.</summary>
internal sealed class CommandDescription
{
    private readonly byte[] _usage;
    private readonly byte[] _refused;

    /// <param name="usage">
    /// The CDB usage data of SPC-4 6.36.3 in hexadecimal: the operation code, the service action in its place, and a one for every bit that
    /// has a meaning here.
    /// </param>
    /// <param name="hasServiceAction">Whether byte 1 carries a service action.</param>
    /// <param name="handler">What decodes it.</param>
    public CommandDescription(string usage, bool hasServiceAction, CommandHandler handler)
    {
        _usage = Convert.FromHexString(usage.Replace(" ", "", StringComparison.Ordinal));
        HasServiceAction = hasServiceAction;
        Handler = handler;
        _refused = Array.ConvertAll(_usage, used => (byte)~used);
        _refused[0] = 0;
        if (hasServiceAction)
            _refused[1] = 0xE0;
    }

    public byte OperationCode => _usage[0];

    public bool HasServiceAction { get; }

    /// <summary>The service action, or zero.</summary>
    public byte ServiceAction => HasServiceAction ? (byte)(_usage[1] & 0x1F) : (byte)0;

    /// <summary>The CDB usage data, as long as the CDB.</summary>
    public ReadOnlySpan<byte> Usage => _usage;

    public CommandHandler Handler { get; }

    /// <summary>Finds a bit that is set in a CDB and has no meaning here.</summary>
    /// <returns>The field to refuse, or one that is not valid.</returns>
    public FieldPointer FindUnusedField(ReadOnlySpan<byte> cdb)
    {
        ReadOnlySpan<byte> refused = _refused;
        cdb = cdb[..refused.Length];

        // Nearly every CDB is as it should be. One of 8 to 16 bytes shows that by its first and its last eight, which may overlap.
        if (refused.Length is >= 8 and <= 16 && ((Word(cdb) & Word(refused)) | (Word(cdb[^8..]) & Word(refused[^8..]))) == 0)
            return default;

        for (int i = 0; i < refused.Length; i++)
        {
            int bits = cdb[i] & refused[i];
            if (bits != 0)
                return FieldPointer.InCdb(i, BitOperations.Log2((uint)bits));
        }

        return default;
    }

    private static ulong Word(ReadOnlySpan<byte> bytes) => MemoryMarshal.Read<ulong>(bytes);
}
