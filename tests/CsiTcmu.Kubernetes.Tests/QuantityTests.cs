using System.Text.Json;
using CsiTcmu.Kubernetes.Resources;

namespace CsiTcmu.Kubernetes.Tests;

public sealed class QuantityTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("1", 1)]
    [InlineData("10Gi", 10L << 30)]
    [InlineData("1.5Gi", 3L << 29)]
    [InlineData("1500M", 1_500_000_000)]
    [InlineData("1e3", 1000)]
    [InlineData("1E3", 1000)]
    [InlineData("2E", 2_000_000_000_000_000_000)]
    [InlineData("7Ei", 7L << 60)]
    [InlineData("12e-1", 2)]
    [InlineData("100m", 1)]
    [InlineData("0.1", 1)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void Quantity_is_read(string text, long bytes)
    {
        Assert.True(Quantity.TryParse(text, out var quantity));
        Assert.Equal(bytes, quantity.Bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Gi")]
    [InlineData("1 Gi")]
    [InlineData("1gi")]
    [InlineData("1GiB")]
    [InlineData("8Ei")]
    [InlineData("1e99")]
    [InlineData("1e1000000000")]
    [InlineData("1e-2147483648")]
    [InlineData("0x10")]
    [InlineData("NaN")]
    public void What_is_none_is_refused(string text) => Assert.False(Quantity.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1023, "1023")]
    [InlineData(10L << 30, "10Gi")]
    [InlineData(3L << 29, "1536Mi")]
    [InlineData(1_500_000_000, "1500000000")]
    public void Quantity_is_written_as_short_as_it_is_exact(long bytes, string text)
    {
        Assert.Equal(text, new Quantity(bytes).ToString());
        Assert.True(Quantity.TryParse(text, out var back));
        Assert.Equal(bytes, back.Bytes);
    }

    [Fact]
    public void Json_may_be_a_string_or_a_number()
    {
        Assert.Equal(new Quantity(5), JsonSerializer.Deserialize<Quantity>("5"));
        Assert.Equal(new Quantity(5L << 30), JsonSerializer.Deserialize<Quantity>("\"5Gi\""));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Quantity>("\"five\""));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Quantity>("true"));
    }
}
