using System.Diagnostics;
using CsiTcmu.Kernel.Tests.Machine;
using CsiTcmu.Linux;
using CsiTcmu.TestClient;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>What a file system gives up goes back to the pool, at once or by fstrim, and through encryption only where that was chosen.</summary>
[Collection(DriverCollection.Name)]
[Trait("Length", "longest")]
public sealed class TrimTests(DriverFixture fixture)
{
    private const long Mebibyte = 1L << 20;
    private const long Data = 40 * Mebibyte;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly IReadOnlyList<string> _before = DriverFixture.Now();

    private CsiClient Client => fixture.Driver.Client;

    [Theory]
    [Trait("Kernel", "any")]
    [InlineData("ext4", 128, "discard", "", true)]
    [InlineData("xfs", 300, "", "", true)]
    [InlineData("btrfs", 256, "", "", true)]
    [InlineData("ext4", 128, "", "true", true)]
    [InlineData("ext4", 128, "", "false", false)]
    public async Task What_is_deleted_goes_back_to_the_pool(string fileSystem, int mebibytes, string flag, string encryptionDiscard, bool returned)
    {
        var capability = StagedVolume.CapabilityFor(fileSystem);
        if (flag.Length > 0) capability.Mount.MountFlags.Add(flag);
        (string, string)[] encryption = encryptionDiscard.Length > 0
            ? [("encrypted", "true"), ("encryptionKeyMemory", "1Mi"), ("encryptionDiscard", encryptionDiscard)]
            : [];
        var volume = await StagedVolume.CreateAsync(Client, "trim", capability, mebibytes * Mebibyte, encryption);
        if (encryption.Length > 0) volume.Passphrase = "a passphrase";
        await volume.StageAsync(Client);
        await volume.PublishAsync(Client);

        var empty = Allocated(volume);
        var data = new byte[Data];
        new Random(7).NextBytes(data);
        await File.WriteAllBytesAsync(volume.Target + "/deleted", data);
        await Shell.RunAsync("sync", "-f", volume.Target);
        Assert.InRange(Allocated(volume), empty + (Data * 3 / 4), long.MaxValue);
        File.Delete(volume.Target + "/deleted");
        await Shell.RunAsync("sync", "-f", volume.Target);
        if (returned)
        {
            await BecomesAsync(volume, empty + (Data / 4), trim: flag.Length == 0);
        }
        else
        {
            Assert.NotEqual(0, (await Shell.TryAsync("fstrim", volume.Target)).Code);
            Assert.InRange(Allocated(volume), empty + (Data * 3 / 4), long.MaxValue);
        }

        await volume.RemoveAsync(Client);
        Assert.Equal(_before, DriverFixture.Now());
    }

    private long Allocated(StagedVolume volume)
    {
        Assert.Equal(0, Syscalls.Status($"{fixture.Driver.Pool}/volumes/{volume.Id}/image", out var image));
        return image.AllocatedBytes;
    }

    /// <summary>A file system frees, and discards, some time after it has committed.</summary>
    private async Task BecomesAsync(StagedVolume volume, long most, bool trim)
    {
        for (var limit = Stopwatch.StartNew(); Allocated(volume) > most; await Task.Delay(100))
        {
            Assert.True(limit.Elapsed < Patience, $"the image still has {Allocated(volume) >> 20} MiB, more than {most >> 20}");
            if (trim) await Shell.RunAsync("fstrim", volume.Target);
        }
    }
}
