using CsiTcmu.Linux;
using CsiTcmu.Tcmu;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kernel.Tests.ZeroCopy;

/// <summary>Zero copy that the kernel's own module has not.</summary>
public sealed class ZeroCopyRefusalTests : VolumeTest
{
    private const string Core = "/sys/kernel/config/target/core";
    private const int LockExclusive = 2;

    [Fact]
    public async Task It_is_refused_where_it_is_required_and_missed_nowhere_else()
    {
        Assert.SkipWhen(File.Exists("/sys/module/target_core_user/version"), "This is not the kernel's own module.");
        Assert.Contains("the loaded target_core_user has none", ZeroCopyProbe.FindObstacle());
        Node.AssertNothingIsLeft();

        await Node.CreateAsync("strict", 64 * Mebibyte, block: true, parameters: [("zeroCopy", "required")]);
        for (var i = 0; i < 2; i++)
        {
            var refusal = await Assert.ThrowsAsync<VolumeException>(
                () => Node.Volumes.StageAsync("strict", Node.Make("strict"), new VolumeUse { Block = true }, CancellationToken.None));
            Assert.Equal(VolumeError.FailedPrecondition, refusal.Error);
            Assert.Contains("requires zero copy", refusal.Message);
        }

        await Node.Volumes.UnstageAsync("strict", Node.Folder + "/strict", CancellationToken.None);
        Node.AssertNothingIsLeft();

        await Node.CreateAsync("easy", 64 * Mebibyte, block: true, parameters: [("zeroCopy", "auto")]);
        await Node.Volumes.StageAsync("easy", Node.Make("easy"), new VolumeUse { Block = true }, CancellationToken.None);
        Assert.Equal((1, 0), Node.Disks.ZeroCopyUse);
        await Node.Volumes.UnstageAsync("easy", Node.Folder + "/easy", CancellationToken.None);
        Node.AssertNothingIsLeft();
    }

    [Fact]
    public void What_a_process_left_that_was_killed_while_it_looked_goes_with_the_next_start()
    {
        foreach (var removed in new Action[] { () => ZeroCopyProbe.RemoveLeftovers(), () => _ = ZeroCopyProbe.FindObstacle() })
        {
            TcmuDevice.Create(new() { Hba = 4712, Name = "probe-1", Config = "csi-tcmu/probe", Size = 1 << 20, BlockSize = 512, Serial = "probe" });

            // A process that still looks has locked the folder, and configfs has to take that.
            var file = Syscalls.Open(Core, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec);
            Assert.Equal(0, Syscalls.Lock(file, LockExclusive));
            ZeroCopyProbe.RemoveLeftovers();
            Assert.True(Directory.Exists(Core + "/user_4712/probe-1"));
            _ = Syscalls.Close(file);
            removed();
            Node.AssertNothingIsLeft();
        }
    }
}
