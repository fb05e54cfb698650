using CsiTcmu.Linux.Tools;
using CsiTcmu.Volumes.Node;
using CsiTcmu.Volumes.Tests.Support;
using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests;

/// <summary>What of encryption needs no device mapper; the kernel tests have the rest.</summary>
public sealed class EncryptionTests : NodeTest
{
    private static VolumeUse Keyed { get; } = Use() with { Secrets = Secret("a passphrase") };

    [Fact]
    public async Task The_header_is_beside_the_size_that_was_asked_for()
    {
        var volume = await CreateAsync("a", parameters: ("encrypted", "true"));
        Assert.True(volume.Encrypted);
        Assert.Equal(64 * Mebibyte, volume.Size);
        Assert.Equal(80 * Mebibyte, new FileInfo(Image("a")).Length);
        await Catalogue.ExpandAsync("a", new SizeRange(100 * Mebibyte, 100 * Mebibyte), CancellationToken.None);
        Assert.Equal(116 * Mebibyte, new FileInfo(Image("a")).Length);

        await using (var image = File.OpenWrite(Image("a"))) image.SetLength(100 * Mebibyte);
        Assert.Contains("it was cut", (await FailsAsync(VolumeError.FailedPrecondition, () => Catalogue.GetAsync("a", CancellationToken.None))).Message);
    }

    [Fact]
    public async Task Room_for_encrypted_volumes_leaves_out_their_header()
    {
        var plain = await EncryptedRoomAsync("false");
        var room = await EncryptedRoomAsync("true");
        Assert.Equal(plain.MaximumVolumeSize - (16 * Mebibyte), room.MaximumVolumeSize);
        var wish = Of("a", room.MaximumVolumeSize, parameters: [("encrypted", "true")]);
        await FailsAsync(VolumeError.Exhausted, () => Catalogue.CreateAsync(wish with { Size = new SizeRange(room.MaximumVolumeSize + Mebibyte, 0) }, CancellationToken.None));
        await Catalogue.CreateAsync(wish, CancellationToken.None);
        Assert.Equal(0, (await EncryptedRoomAsync("true")).Available);

        Task<Room> EncryptedRoomAsync(string value) => Catalogue.GetRoomAsync(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["encrypted"] = value }, "ext4", block: false, CancellationToken.None);
    }

    [Fact]
    public async Task Another_encryption_is_another_wish()
    {
        await CreateAsync("a", parameters: ("encrypted", "true"));
        await CreateAsync("a", parameters: [("encrypted", "true"), ("encryptionDiscard", "false")]);
        Assert.Contains("encrypted in another way", (await FailsAsync(VolumeError.AlreadyExists, () => CreateAsync("a"))).Message);
        await FailsAsync(VolumeError.AlreadyExists, () => CreateAsync("a", parameters: [("encrypted", "true"), ("encryptionDiscard", "true")]));
        await CreateAsync("b");
        Assert.Contains("not encrypted", (await FailsAsync(VolumeError.AlreadyExists, () => CreateAsync("b", parameters: ("encrypted", "true")))).Message);
    }

    [Theory]
    [InlineData(null, "no secret 'encryptionPassphrase'")]
    [InlineData("", "no secret 'encryptionPassphrase'")]
    [InlineData("long", "longer than 512 bytes")]
    public async Task Without_its_passphrase_a_volume_is_not_staged(string? passphrase, string says)
    {
        await CreateAsync("a", parameters: ("encrypted", "true"));
        var before = State();
        var secrets = passphrase is null ? VolumeSecrets.None : Secret(passphrase == "long" ? new string('ä', 257) : passphrase);
        var refusal = await FailsAsync(VolumeError.InvalidArgument, () => StageAsync(use: Use() with { Secrets = secrets }));
        Assert.Contains(says, refusal.Message);
        Assert.DoesNotContain("ää", refusal.Message);
        Assert.Equal(before, State());
        Assert.Null(Disks.Find("a"));
    }

    [Theory]
    [InlineData("file system", "file system (ext4)")]
    [InlineData("bytes", "data without a signature")]
    public async Task An_encrypted_volume_with_anything_on_it_is_not_formatted(string content, string named)
    {
        await CreateAsync("a", parameters: ("encrypted", "true"));
        if (content == "bytes") await File.WriteAllBytesAsync(Image("a"), [.. new byte[5000], 1, .. new byte[(80 * Mebibyte) - 5001]]);
        else await FileSystemTools.MakeAsync("ext4", Image("a"), []);
        var before = await Tool.RunAsync("sha256sum", [Image("a")]);
        Assert.Contains(named, (await FailsAsync(VolumeError.FailedPrecondition, () => StageAsync(use: Keyed))).Message);
        Assert.Equal(before.Output, (await Tool.RunAsync("sha256sum", [Image("a")])).Output);
        await UnstageAsync();
    }

    [Fact]
    public async Task An_encrypted_volume_is_not_taken_for_a_plain_one()
    {
        await CreateAsync("a");
        var made = await Tool.RunAsync("cryptsetup", ["luksFormat", "--batch-mode", "--key-file=-", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", Image("a")], "key");
        Assert.True(made.ExitCode == 0, made.Summary);
        Assert.Contains("crypto_LUKS", (await FailsAsync(VolumeError.FailedPrecondition, () => StageAsync(use: Keyed))).Message);
        await UnstageAsync();
    }

    [Fact]
    public async Task Encrypted_raw_block_that_lost_its_header_is_not_formatted_again()
    {
        await CreateAsync("a", block: true, parameters: ("encrypted", "true"));
        await File.WriteAllTextAsync(Descriptor("a"), (await File.ReadAllTextAsync(Descriptor("a"))).Replace("Never", "Formatted", StringComparison.Ordinal));
        Assert.Contains("lost", (await FailsAsync(VolumeError.FailedPrecondition, () => StageAsync(use: Keyed with { Block = true }))).Message);
        await UnstageAsync();
    }

    [Fact]
    public async Task What_is_below_the_mapping_is_not_published()
    {
        await CreateAsync("a", block: true, parameters: ("encrypted", "true"));
        Assert.True(await Crash.AtAsync(FaultPoints.StageDisk, () => StageAsync(use: Keyed with { Block = true })));
        Restart();
        await FailsAsync(VolumeError.FailedPrecondition, () => PublishAsync(use: Block));
        Assert.False(Path.Exists(Target));
        await UnstageAsync();
    }

    [Fact]
    public void Names_of_mappings_are_short_and_differ()
    {
        Assert.Equal("csi-tcmu-pvc-1", Encryption.NameOf("pvc-1"));
        var (one, other) = (Encryption.NameOf(new string('a', 65)), Encryption.NameOf(new string('a', 66)));
        Assert.NotEqual(one, other);
        Assert.InRange(one.Length, 1, 73);
    }

    private static VolumeSecrets Secret(string passphrase) => new(new Dictionary<string, string> { [VolumeSecrets.PassphraseKey] = passphrase });
}
