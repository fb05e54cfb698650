namespace CsiTcmu.Grpc.Tests;

public class StatusMessageTests
{
    [Theory]
    [InlineData("")]
    [InlineData("plain ~ text!")]
    [InlineData("100% – ünïcode 🚫")]
    public void What_fits_stays_as_it_is(string text) => Assert.Same(text, StatusMessage.Cut(text));

    [Theory]
    [InlineData("a", StatusMessage.MaxLength)]
    [InlineData("%", StatusMessage.MaxLength / 3)]
    [InlineData("é", StatusMessage.MaxLength / 6)]
    [InlineData("🚀", StatusMessage.MaxLength / 12)]
    public void Long_messages_are_cut_between_characters(string character, int fit)
    {
        var longest = string.Concat(Enumerable.Repeat(character, fit));
        Assert.Same(longest, StatusMessage.Cut(longest));
        Assert.Equal(longest, StatusMessage.Cut(longest + character));
    }

    [Fact]
    public async Task A_long_message_arrives_cut()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new RawClient(server.SocketPath);
        var request = new FailRequest { Way = FailRequest.Types.Way.Status, Code = 5, Detail = new string('é', 5000) };
        var response = await client.SendAsync("/csitcmu.test.Wire/Fail", RawClient.Frame(request));

        Assert.Equal("5", response.Status);
        Assert.Equal(new string('é', StatusMessage.MaxLength / 6), Uri.UnescapeDataString(response.Message!));
    }
}
