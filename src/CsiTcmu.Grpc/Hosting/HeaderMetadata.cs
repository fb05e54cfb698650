using System.Diagnostics.CodeAnalysis;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CsiTcmu.Grpc;

/// <summary>Carries metadata between HTTP headers and <see cref="Metadata"/>.</summary>
internal static class HeaderMetadata
{
    /// <summary>Reads the headers of a request. Pseudo headers, and the Host that Kestrel makes of one, are left out.</summary>
    /// <param name="headers">The headers.</param>
    /// <param name="metadata">The metadata.</param>
    /// <param name="badKey">The key whose bytes are not base64, when the result is false.</param>
    /// <returns>Whether all could be read.</returns>
    public static bool TryRead(IHeaderDictionary headers, out Metadata metadata, [NotNullWhen(false)] out string? badKey)
    {
        metadata = [];
        badKey = null;
        foreach (var (name, values) in headers)
        {
            if (name.StartsWith(':') || name.Equals("Host", StringComparison.OrdinalIgnoreCase))
                continue;
            var key = name.ToLowerInvariant();
            if (!(key.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.Ordinal) ? TryReadBytes(key, values, metadata) : ReadText(key, values, metadata)))
            {
                badKey = key;
                return false;
            }
        }

        return true;
    }

    /// <summary>Writes metadata as headers or trailers. Keys that belong to the protocol are left out: above all
    /// <c>grpc-status-details-bin</c>, since CSI wants the details of a status empty.</summary>
    /// <param name="metadata">The metadata.</param>
    /// <param name="headers">Where to.</param>
    public static void Write(Metadata metadata, IHeaderDictionary headers)
    {
        foreach (var entry in metadata)
        {
            if (entry.Key.StartsWith("grpc-", StringComparison.Ordinal) || entry.Key is "content-type" or "content-length" or "te")
                continue;
            headers.Append(entry.Key, entry.IsBinary ? Convert.ToBase64String(entry.ValueBytes) : entry.Value);
        }
    }

    private static bool ReadText(string key, StringValues values, Metadata metadata)
    {
        foreach (var value in values)
            metadata.Add(Metadata.Entry.Received(key, value ?? "", null));
        return true;
    }

    private static bool TryReadBytes(string key, StringValues values, Metadata metadata)
    {
        // Several values may share a header, with commas between them, and base64 comes with or without padding.
        foreach (var value in values)
        {
            foreach (var part in (value ?? "").Split(',', StringSplitOptions.TrimEntries))
            {
                var padded = part.PadRight((part.Length + 3) / 4 * 4, '=');
                var bytes = new byte[padded.Length / 4 * 3];
                if (!Convert.TryFromBase64String(padded, bytes, out var length))
                    return false;
                metadata.Add(Metadata.Entry.Received(key, null, bytes[..length]));
            }
        }

        return true;
    }
}
