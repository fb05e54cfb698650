using CsiTcmu.Volumes.Tests.Support;
using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests;

public sealed class DamageTests : CatalogueTest
{
    private string Descriptor => Volumes + "/a/volume.json";

    [Theory]
    [InlineData("cut")]
    [InlineData("empty")]
    [InlineData("missing")]
    [InlineData("array")]
    [InlineData("no version")]
    [InlineData("wrong type")]
    [InlineData("unknown member")]
    [InlineData("member missing")]
    [InlineData("member null")]
    [InlineData("member twice")]
    [InlineData("other id")]
    [InlineData("size")]
    [InlineData("negative size")]
    [InlineData("block size")]
    [InlineData("wwid")]
    [InlineData("format")]
    [InlineData("format number")]
    [InlineData("huge")]
    [InlineData("image missing")]
    [InlineData("image cut")]
    [InlineData("image folder")]
    public async Task A_damaged_volume_is_reported_and_left_alone_and_others_work(string damage)
    {
        await CreateAsync(Of("a"));
        await CreateAsync(Of("b"));
        var whole = await File.ReadAllTextAsync(Descriptor);
        Damage(damage, whole);
        Restart();
        var before = State();

        var failure = await FailsAsync(VolumeError.FailedPrecondition, () => GetAsync("a"));
        Assert.Contains(damage.StartsWith("image", StringComparison.Ordinal) ? Volumes + "/a/image" : Descriptor, failure.Message);
        await FailsAsync(VolumeError.FailedPrecondition, () => CreateAsync(Of("a")));
        await FailsAsync(VolumeError.FailedPrecondition, () => DeleteAsync("a"));
        await FailsAsync(VolumeError.FailedPrecondition, () => ExpandAsync("a", Gibibyte));
        Assert.Equal(before, State());

        var damaged = Assert.Single(await Catalogue.FindDamagedAsync(CancellationToken.None));
        Assert.Equal(("test", "a"), (damaged.Pool, damaged.Id));
        Assert.Contains(damaged.Reason, failure.Message);
        Assert.Equal(["b"], (await Catalogue.ListAsync(0, "", CancellationToken.None)).Volumes.Select(volume => volume.Id));
        await CreateAsync(Of("c"));
        await DeleteAsync("b");
    }

    [Fact]
    public async Task A_later_version_is_named_and_no_damage()
    {
        await CreateAsync(Of("a"));
        await File.WriteAllTextAsync(Descriptor, """{"version": 2, "anything": []}""");
        var failure = await FailsAsync(VolumeError.FailedPrecondition, () => GetAsync("a"));
        Assert.Contains("version 2", failure.Message);
        Assert.DoesNotContain("damaged", failure.Message);
    }

    [Fact]
    public async Task A_mended_volume_is_used_without_a_restart()
    {
        await CreateAsync(Of("a"));
        var whole = await File.ReadAllTextAsync(Descriptor);
        await File.WriteAllTextAsync(Descriptor, whole[..20]);
        await FailsAsync(VolumeError.FailedPrecondition, () => GetAsync("a"));
        await File.WriteAllTextAsync(Descriptor, whole);
        Assert.Equal("a", (await GetAsync("a")).Id);
        Assert.Empty(await Catalogue.FindDamagedAsync(CancellationToken.None));
    }

    private void Damage(string damage, string whole)
    {
        var text = damage switch
        {
            "cut" => whole[..(whole.Length / 2)],
            "empty" => "",
            "array" => "[]",
            "no version" => Change("\"version\": 1,", ""),
            "wrong type" => Change("\"blockSize\": 512", "\"blockSize\": \"512\""),
            "unknown member" => Change("\"version\": 1,", "\"version\": 1, \"colour\": 1,"),
            "member missing" => Change("\"mkfsOptions\": \"\",", ""),
            "member null" => Change("\"mkfsOptions\": \"\"", "\"mkfsOptions\": null"),
            "member twice" => Change("\"version\": 1,", "\"version\": 1, \"size\": 67108864,"),
            "other id" => Change("\"id\": \"a\"", "\"id\": \"b\""),
            "size" => Change("\"size\": 67108864", "\"size\": 67108865"),
            "negative size" => Change("\"size\": 67108864", "\"size\": -67108864"),
            "block size" => Change("\"blockSize\": 512", "\"blockSize\": 513"),
            "wwid" => Change("\"wwid\": \"6", "\"wwid\": \"7"),
            "format" => Change("\"format\": \"Never\"", "\"format\": \"Often\""),
            "format number" => Change("\"format\": \"Never\"", "\"format\": 7"),
            "huge" => whole + new string(' ', 100_000),
            _ => null,
        };
        if (text is not null) File.WriteAllText(Descriptor, text);
        switch (damage)
        {
            case "missing":
                File.Delete(Descriptor);
                break;
            case "image missing":
                File.Delete(Volumes + "/a/image");
                break;
            case "image cut":
                using (var image = File.OpenWrite(Volumes + "/a/image")) image.SetLength(1 << 20);
                break;
            case "image folder":
                File.Delete(Volumes + "/a/image");
                Directory.CreateDirectory(Volumes + "/a/image");
                break;
        }

        string Change(string from, string to)
        {
            Assert.Contains(from, whole);
            return whole.Replace(from, to, StringComparison.Ordinal);
        }
    }
}
