namespace CsiTcmu.Grpc;

/// <summary>The <c>grpc-timeout</c> header: up to eight digits and a unit (gRPC over HTTP/2, "Timeout").</summary>
internal static class CallTimeout
{
    private const int MaxDigits = 8;

    /// <summary>Reads a timeout.</summary>
    /// <param name="text">The header, for example <c>250m</c>.</param>
    /// <param name="timeout">The time; at most about 11,400 years, in steps of 100 ns, rounded up.</param>
    /// <returns>Whether the header has the right form.</returns>
    public static bool TryParse(string text, out TimeSpan timeout)
    {
        timeout = TimeSpan.Zero;
        var digits = text.AsSpan()[..Math.Max(0, text.Length - 1)];
        if (digits.Length is 0 or > MaxDigits || digits.ContainsAnyExceptInRange('0', '9'))
            return false;

        var value = long.Parse(digits);
        long? ticks = text[^1] switch
        {
            'H' => value * TimeSpan.TicksPerHour,
            'M' => value * TimeSpan.TicksPerMinute,
            'S' => value * TimeSpan.TicksPerSecond,
            'm' => value * TimeSpan.TicksPerMillisecond,
            'u' => value * TimeSpan.TicksPerMicrosecond,
            'n' => (value + TimeSpan.NanosecondsPerTick - 1) / TimeSpan.NanosecondsPerTick,
            _ => null,
        };
        timeout = TimeSpan.FromTicks(ticks ?? 0);
        return ticks is not null;
    }
}
