namespace CsiTcmu.Scsi.Tests;

internal static class Notes
{
    /// <summary>Leaves the hexadecimal digits of each line and drops the words behind them, which start after two spaces.</summary>
    public static string WithoutNotes(this string text) =>
        string.Join('\n', text.Split('\n').Select(line => line.Split("  ", 2, StringSplitOptions.TrimEntries)[0]));
}
