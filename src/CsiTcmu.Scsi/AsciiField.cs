using System.Text;

namespace CsiTcmu.Scsi;

/// <summary>Writes text as SCSI has it.</summary>
internal static class AsciiField
{
    /// <summary>Writes text to the left of a field and fills the rest with spaces (SPC-4 4.4.1).</summary>
    public static void Write(Span<byte> field, string text)
    {
        field.Fill((byte)' ');
        Encoding.ASCII.GetBytes(text, field);
    }
}
