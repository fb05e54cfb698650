using CsiTcmu.Volumes.Tests.Support;
using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests;

public sealed class ListTests : CatalogueTest
{
    [Fact]
    public async Task Pages_hold_every_volume_once_in_order()
    {
        var names = Enumerable.Range(0, 7).Select(i => $"v{i}").ToList();
        foreach (var name in names.AsEnumerable().Reverse()) await CreateAsync(Of(name, 16 * Mebibyte));
        var whole = await ListAsync(0, "");
        Assert.Equal(names, whole.Volumes.Select(volume => volume.Id));
        Assert.Equal("", whole.NextToken);

        foreach (var size in new[] { 1, 2, 3, 6, 7, 8 })
        {
            var (seen, token) = (new List<string>(), "");
            do
            {
                var page = await ListAsync(size, token);
                Assert.InRange(page.Volumes.Count, 1, size);
                seen.AddRange(page.Volumes.Select(volume => volume.Id));
                token = page.NextToken;
            }
            while (token.Length > 0);
            Assert.Equal(names, seen);
        }
    }

    [Fact]
    public async Task A_token_stays_good_when_its_volume_goes()
    {
        foreach (var name in new[] { "a", "b", "c" }) await CreateAsync(Of(name, 16 * Mebibyte));
        var page = await ListAsync(2, "");
        await DeleteAsync("b");
        Assert.Equal(["c"], (await ListAsync(2, page.NextToken)).Volumes.Select(volume => volume.Id));
    }

    [Theory]
    [InlineData("invalid-token!")]
    [InlineData("invalid-token")]
    [InlineData("a")]
    [InlineData("../x")]
    [InlineData(" ")]
    public async Task A_token_that_nobody_gave_out_is_aborted(string token) => await FailsAsync(VolumeError.Aborted, () => ListAsync(1, token));

    [Fact]
    public async Task A_negative_page_is_refused() => await FailsAsync(VolumeError.InvalidArgument, () => ListAsync(-1, ""));

    private Task<VolumePage> ListAsync(int maximum, string token) => Catalogue.ListAsync(maximum, token, CancellationToken.None);
}
