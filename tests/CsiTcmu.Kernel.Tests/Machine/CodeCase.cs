using System.Text.Json.Nodes;

namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>A call, and the code that it ends with.</summary>
/// <param name="Code">The code; OK where the table of codes says so although something is not there, or there already.</param>
/// <param name="Method">The method.</param>
/// <param name="Why">What is wrong.</param>
/// <param name="Request">The request.</param>
/// <param name="Says">What the response looks like, as a regular expression; empty for a refusal.</param>
/// <param name="Later">True when the driver for 1.13 is asked.</param>
internal sealed record CodeCase(string Code, string Method, string Why, JsonObject Request, string Says, bool Later)
{
    /// <summary>Its name among all.</summary>
    public string Name => $"{Method[(Method.IndexOf('.', StringComparison.Ordinal) + 1)..]}: {Why}: {Code}{(Later ? " (1.13)" : "")}";
}
