namespace CsiTcmu.Grpc;

/// <summary>The <c>grpc-message</c> trailer, which the official server percent-encodes and sends at any length.</summary>
internal static class StatusMessage
{
    /// <summary>Longest encoded message in bytes. Clients refuse large trailers, and with them the status.</summary>
    public const int MaxLength = 4096;

    /// <summary>Cuts a message, at a character, when it is too long as it is encoded.</summary>
    /// <param name="message">Any text.</param>
    /// <returns>The text, or its beginning.</returns>
    public static string Cut(string message)
    {
        int encoded = 0, at = 0;
        foreach (var rune in message.EnumerateRunes())
        {
            encoded += rune.Value is >= ' ' and <= '~' and not '%' ? 1 : 3 * rune.Utf8SequenceLength;
            if (encoded > MaxLength)
                return message[..at];
            at += rune.Utf16SequenceLength;
        }

        return message;
    }
}
