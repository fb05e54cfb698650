using System.Text.Json;

namespace CsiTcmu.Doctor;

/// <summary>Prints findings as a table or as JSON.</summary>
internal static class FindingTable
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>A table as <c>kubectl</c> would print it.</summary>
    public static void WriteTable(TextWriter output, IReadOnlyList<Finding> findings)
    {
        string[][] rows = [["CHECK", "STATE", "FOUND", "TO MEND"], .. findings.Select(f => new[] { f.Check, Word(f.Verdict), f.Detail, f.Fix })];
        var widths = Enumerable.Range(0, 3).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows) output.WriteLine($"{row[0].PadRight(widths[0])}   {row[1].PadRight(widths[1])}   {row[2].PadRight(widths[2])}   {row[3]}".TrimEnd());
    }

    /// <summary>An array of objects with check, state, found and mend.</summary>
    public static void WriteJson(Stream output, IReadOnlyList<Finding> findings)
    {
        using var writer = new Utf8JsonWriter(output, Indented);
        writer.WriteStartArray();
        foreach (var finding in findings)
        {
            writer.WriteStartObject();
            writer.WriteString("check", finding.Check);
            writer.WriteString("state", Word(finding.Verdict));
            writer.WriteString("found", finding.Detail);
            writer.WriteString("mend", finding.Fix);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static string Word(Verdict verdict) => verdict switch { Verdict.Fine => "ok", Verdict.Weak => "weak", _ => "BAD" };
}
