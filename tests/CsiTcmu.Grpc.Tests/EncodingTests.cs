using System.Text;
using Grpc.Core;

namespace CsiTcmu.Grpc.Tests;

/// <summary>Small formats of the protocol.</summary>
public class EncodingTests
{
    [Theory]
    [InlineData("1H", 36_000_000_000)]
    [InlineData("2M", 1_200_000_000)]
    [InlineData("3S", 30_000_000)]
    [InlineData("250m", 2_500_000)]
    [InlineData("7u", 70)]
    [InlineData("1n", 1)]
    [InlineData("100n", 1)]
    [InlineData("101n", 2)]
    [InlineData("00000001S", 10_000_000)]
    [InlineData("99999999H", 99_999_999 * 36_000_000_000)]
    public void Timeouts_are_read_in_every_unit(string text, long ticks)
    {
        Assert.True(CallTimeout.TryParse(text, out var timeout));
        Assert.Equal(ticks, timeout.Ticks);
    }

    [Theory]
    [InlineData("")]
    [InlineData("S")]
    [InlineData("1")]
    [InlineData("1s")]
    [InlineData("1h")]
    [InlineData("-1S")]
    [InlineData("+1S")]
    [InlineData(" 1S")]
    [InlineData("1 S")]
    [InlineData("1.5S")]
    [InlineData("123456789S")]
    [InlineData("1S,2S")]
    [InlineData("١S")]
    public void Other_timeouts_are_malformed(string text) => Assert.False(CallTimeout.TryParse(text, out _));

    [Theory]
    [InlineData("", "")]
    [InlineData("plain ~ text!", "plain ~ text!")]
    [InlineData("100%", "100%25")]
    [InlineData("a\tb\r\n", "a%09b%0D%0A")]
    [InlineData("\u007f", "%7F")]
    [InlineData("é", "%C3%A9")]
    [InlineData("\ud83d\ude80", "%F0%9F%9A%80")]
    public void Messages_are_percent_encoded(string text, string encoded) => Assert.Equal(encoded, StatusMessage.Encode(text));

    [Fact]
    public void Half_a_character_becomes_the_replacement_character() => Assert.Equal("%EF%BF%BD!", StatusMessage.Encode("\ud83d!"));

    [Fact]
    public void Long_messages_are_cut_between_characters()
    {
        var encoded = StatusMessage.Encode(new string('é', 5000));
        Assert.InRange(encoded.Length, StatusMessage.MaxLength - 5, StatusMessage.MaxLength);
        Assert.Equal(new string('é', encoded.Length / 6), Uri.UnescapeDataString(encoded));
    }

    [Fact]
    public void Metadata_keeps_order_and_ignores_the_case_of_keys()
    {
        var metadata = new Metadata { { "X-A", "1" }, { "b-bin", [1, 2] }, { "x-a", "2" } };
        Assert.Equal(["x-a", "b-bin", "x-a"], metadata.Select(entry => entry.Key));
        Assert.Equal("2", metadata.GetValue("x-A"));
        Assert.Equal(["1", "2"], metadata.GetAll("X-a").Select(entry => entry.Value));
        Assert.Equal([1, 2], metadata.GetValueBytes("B-BIN"));
        Assert.Null(metadata.GetValue("none"));
        Assert.Equal(Encoding.ASCII.GetBytes("1"), metadata[0].ValueBytes);
        Assert.Throws<InvalidOperationException>(() => metadata[1].Value);
    }

    [Theory]
    [InlineData("a b", "x")]
    [InlineData("a:b", "x")]
    [InlineData("ä", "x")]
    [InlineData("a-bin", "x")]
    [InlineData("a", "line\nbreak")]
    [InlineData("a", "ü")]
    public void Metadata_that_cannot_be_a_header_is_refused(string key, string value) =>
        Assert.Throws<ArgumentException>(() => new Metadata().Add(key, value));

    [Fact]
    public void Bytes_need_a_key_that_says_so() => Assert.Throws<ArgumentException>(() => new Metadata().Add("a", [1]));
}
