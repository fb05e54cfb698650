using System.Text;

namespace CsiTcmu.Grpc;

/// <summary>The <c>grpc-message</c> trailer: UTF-8 in which everything but printable ASCII, and the percent sign, is percent-encoded
/// (gRPC over HTTP/2, "Status-Message").</summary>
internal static class StatusMessage
{
    /// <summary>Longest encoded message in bytes. Clients refuse large trailers, and with them the status.</summary>
    public const int MaxLength = 4096;

    /// <summary>Encodes a message, and cuts it, at a character, when it is too long.</summary>
    /// <param name="message">Any text; a lone surrogate becomes U+FFFD.</param>
    /// <returns>Printable ASCII.</returns>
    public static string Encode(string message)
    {
        var encoded = new StringBuilder(Math.Min(message.Length, MaxLength));
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in message.EnumerateRunes())
        {
            var plain = rune.Value is >= ' ' and <= '~' and not '%';
            var length = rune.EncodeToUtf8(utf8);
            if (encoded.Length + (plain ? 1 : 3 * length) > MaxLength)
                break;
            if (plain)
            {
                encoded.Append((char)rune.Value);
                continue;
            }

            foreach (var octet in utf8[..length])
                encoded.Append('%').Append(octet.ToString("X2"));
        }

        return encoded.ToString();
    }
}
