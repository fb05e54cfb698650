using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CsiTcmu.Kubernetes.Resources;

/// <summary>A number of bytes as Kubernetes writes it: <c>10Gi</c>, <c>1500M</c>, <c>1e9</c>. A fraction of a byte counts as a byte.</summary>
/// <param name="Bytes">The number.</param>
[JsonConverter(typeof(QuantityConverter))]
public readonly record struct Quantity(long Bytes)
{
    // k8s.io/apimachinery/pkg/api/resource/suffix.go. A bare "E" is exa; followed by digits it is an exponent.
    private static readonly (string Suffix, int Base, int Exponent)[] Suffixes =
    [
        ("Ki", 2, 10), ("Mi", 2, 20), ("Gi", 2, 30), ("Ti", 2, 40), ("Pi", 2, 50), ("Ei", 2, 60),
        ("n", 10, -9), ("u", 10, -6), ("m", 10, -3), ("k", 10, 3), ("M", 10, 6), ("G", 10, 9), ("T", 10, 12), ("P", 10, 15), ("E", 10, 18),
    ];

    private const int LargestExponent = 30;

    /// <summary>Reads a quantity.</summary>
    public static bool TryParse(string text, out Quantity quantity)
    {
        quantity = default;
        var number = text;
        var (radix, exponent) = (10, 0);
        foreach (var (suffix, suffixBase, suffixExponent) in Suffixes)
        {
            if (!text.EndsWith(suffix, StringComparison.Ordinal)) continue;
            (number, radix, exponent) = (text[..^suffix.Length], suffixBase, suffixExponent);
            break;
        }

        if (exponent == 0 && number.IndexOfAny(['e', 'E']) is >= 0 and var mark)
        {
            if (!int.TryParse(number[(mark + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent)) return false;
            if (exponent is < -LargestExponent or > LargestExponent) return false;
            number = number[..mark];
        }

        if (!decimal.TryParse(number, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)) return false;

        // The digits behind the point go into the denominator, so that nothing is rounded before the end.
        var digits = value.Scale;
        var numerator = new BigInteger(value * (decimal)BigInteger.Pow(10, digits));
        var denominator = BigInteger.Pow(10, digits);
        if (exponent >= 0) numerator *= BigInteger.Pow(radix, exponent);
        else denominator *= BigInteger.Pow(radix, -exponent);
        var bytes = BigInteger.DivRem(numerator, denominator, out var rest);
        if (rest > 0) bytes++;
        if (bytes > long.MaxValue || bytes < long.MinValue) return false;
        quantity = new Quantity((long)bytes);
        return true;
    }

    /// <summary>The shortest binary form that says exactly this: <c>10Gi</c>, or plain bytes.</summary>
    public override string ToString()
    {
        for (var i = 5; i >= 0; i--)
        {
            var unit = 1L << Suffixes[i].Exponent;
            if (Bytes != 0 && Bytes % unit == 0) return (Bytes / unit).ToString(CultureInfo.InvariantCulture) + Suffixes[i].Suffix;
        }

        return Bytes.ToString(CultureInfo.InvariantCulture);
    }
}

/// <summary>Quantities are strings or whole numbers in JSON.</summary>
internal sealed class QuantityConverter : JsonConverter<Quantity>
{
    /// <inheritdoc/>
    public override Quantity Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var bytes)) return new Quantity(bytes);
        var text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return text is not null && Quantity.TryParse(text, out var quantity)
            ? quantity
            : throw new JsonException($"'{text ?? reader.TokenType.ToString()}' is not a quantity such as 10Gi");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Quantity value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
