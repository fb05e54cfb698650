using CsiTcmu.Linux;
using CsiTcmu.Tcmu;

namespace CsiTcmu.Kernel.Tests;

public sealed class TcmuLoopbackTests
{
    [Fact]
    public async Task A_lun_becomes_a_disk_with_its_identity_and_goes_without_a_trace()
    {
        using var f = new TcmuFixture();
        var disk = await f.MakeDiskAsync();

        Assert.Equal(f.Specification.Size, disk.Size);
        Assert.Matches(@"\Asd[a-z]+\z", disk.Name);
        Assert.Equal($"naa.6001405{f.Specification.Serial.PadLeft(25, '0')}", disk.Identity);
        Assert.Matches(@"\A\d+:0:1:0\z", disk.Address);
        Assert.True(f.Device.TryRead()!.Exported);
        Assert.Equal(f.Device.Folder, (await f.Lun.LinkedDeviceAsync())!.Folder);
        Assert.Equal(f.Lun.Target, Assert.Single(LoopbackLun.Of(f.Device)).Target);

        await disk.ConfigureAsync(new LoopbackDiskSettings { TimeoutSeconds = 170, QueueDepth = 64, ReadAheadKilobytes = 256 });
        Assert.Equal("170", File.ReadAllText($"/sys/block/{disk.Name}/device/timeout").Trim());
        Assert.Equal("64", File.ReadAllText($"/sys/block/{disk.Name}/device/queue_depth").Trim());
        Assert.Contains("[none]", File.ReadAllText($"/sys/block/{disk.Name}/queue/scheduler"));
        Assert.Equal("256", File.ReadAllText($"/sys/block/{disk.Name}/queue/read_ahead_kb").Trim());

        var content = new byte[1 << 20];
        content.AsSpan().Fill(1);
        await using (var stream = new FileStream(disk.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
            await stream.ReadExactlyAsync(content);
        Assert.False(content.AsSpan().ContainsAnyExcept((byte)0));

        f.Server!.Blocks = 2 * f.Blocks;
        Assert.Equal(2 * f.Specification.Size, await disk.RescanAsync());

        await f.Lun.RemoveAsync(f.Device);
        Assert.Null(f.Lun.Address());
        Assert.Null(f.Lun.FindDisk());
        Assert.Null(f.Server.Fault);
        await f.Lun.RemoveAsync(f.Device);
        f.Server.Dispose();
        f.Device.Remove();
        f.AssertNothingIsLeft();
    }

    [Fact]
    public async Task Linking_and_removing_go_on_from_every_step_at_which_they_were_left()
    {
        using var f = new TcmuFixture();
        f.Create();
        f.Serve();
        var portGroup = $"{f.Lun.Folder}/tpgt_1";
        for (var steps = 0; steps <= 4; steps++)
        {
            foreach (var finish in new[] { true, false })
            {
                if (steps >= 1) Directory.CreateDirectory(f.Lun.Folder);
                if (steps >= 2) Directory.CreateDirectory(portGroup);
                if (steps >= 3) Write($"{portGroup}/nexus", f.Lun.Initiator);
                if (steps >= 4) Directory.CreateDirectory($"{portGroup}/lun/lun_0");
                if (finish)
                {
                    await f.Lun.LinkAsync(f.Device);
                    await f.Lun.LinkAsync(f.Device);
                    Assert.Equal(f.Specification.Size, (await f.Lun.WaitForDiskAsync(TimeSpan.FromSeconds(60))).Size);
                }

                await f.Lun.RemoveAsync(f.Device);
                Assert.Null(f.Lun.Address());
                Assert.False(Directory.Exists(f.Lun.Folder));
            }
        }

        f.Server!.Dispose();
        f.Device.Remove();
        f.AssertNothingIsLeft();
    }

    [Fact]
    public async Task Removing_goes_on_from_every_step_at_which_it_was_left()
    {
        using var f = new TcmuFixture();
        var portGroup = $"{f.Lun.Folder}/tpgt_1";
        for (var steps = 1; steps <= 4; steps++)
        {
            if (f.Server is null) await f.MakeDiskAsync();
            else await f.Lun.LinkAsync(f.Device);
            await f.Lun.WaitForDiskAsync(TimeSpan.FromSeconds(60));
            File.Delete($"{portGroup}/lun/lun_0/{f.Device.Name}");
            if (steps >= 2) Directory.Delete($"{portGroup}/lun/lun_0");
            if (steps >= 3) Write($"{portGroup}/nexus", "NULL");
            if (steps >= 4) Directory.Delete(portGroup);
            await f.Lun.RemoveAsync(f.Device);
        }

        f.Server!.Dispose();
        f.Device.Remove();
        f.AssertNothingIsLeft();
    }

    [Fact]
    public async Task A_scsi_device_that_nobody_answered_for_is_added_later_and_removed_whole()
    {
        using var f = new TcmuFixture();
        f.Create();
        f.Serve();
        f.Server!.Refuse = true;
        await f.Lun.LinkAsync(f.Device);
        Assert.NotNull(await f.Lun.LinkedDeviceAsync());
        Assert.False(Directory.Exists($"/sys/class/scsi_device/{f.Lun.Address()}"));
        var error = await Assert.ThrowsAsync<TargetException>(() => f.Lun.WaitForDiskAsync(TimeSpan.FromMilliseconds(100)));
        Assert.Contains(f.Lun.Folder, error.Message);

        f.Server.Refuse = false;
        await f.Lun.LinkAsync(f.Device);
        await f.Lun.WaitForDiskAsync(TimeSpan.FromSeconds(60));

        await f.Lun.RemoveAsync(f.Device);
        f.Server.Dispose();
        f.Device.Remove();
        f.AssertNothingIsLeft();
    }

    [Fact]
    public async Task A_lun_whose_scsi_device_never_came_is_removed_without_a_trace()
    {
        using var log = new TcmuKernelLog();
        using var f = new TcmuFixture();
        f.Create();
        f.Serve();
        f.Server!.Refuse = true;
        await f.Lun.LinkAsync(f.Device);
        Assert.False(Directory.Exists($"/sys/class/scsi_device/{f.Lun.Address()}"));
        f.Server.Refuse = false;
        await f.Lun.RemoveAsync(f.Device);
        f.Server.Dispose();
        f.Device.Remove();
        f.AssertNothingIsLeft();

        // "Unable to remove TCM_Loop I_T Nexus with active TPG port count" is how the kernel tells of a leaked session.
        var said = log.Read();
        Assert.Contains("TCM_Loopback", said);
        Assert.DoesNotContain("Nexus", said);
        Assert.DoesNotContain("Unable to locate struct scsi_device", said);
    }

    [Fact]
    public async Task A_disk_that_is_held_is_not_removed()
    {
        using var f = new TcmuFixture();
        var disk = await f.MakeDiskAsync();
        Assert.False(await disk.IsHeldAsync());

        // An exclusive open is what a mount does.
        const OpenFlags Exclusively = OpenFlags.ReadOnly | OpenFlags.Exclusive | OpenFlags.CloseOnExec;
        var hold = Syscalls.Open(disk.Path, Exclusively);
        Assert.True(hold >= 0, Syscalls.Describe(hold));
        Assert.True(await disk.IsHeldAsync());
        var error = await Assert.ThrowsAsync<TargetException>(() => f.Lun.RemoveAsync(f.Device));
        Assert.Contains(disk.Path, error.Message);
        Assert.Contains("in use", error.Message);
        Assert.NotNull(f.Lun.FindDisk());
        _ = Syscalls.Close(hold);
        await f.Lun.RemoveAsync(f.Device);
    }

    [Fact]
    public async Task A_lun_of_another_device_is_refused_and_stays()
    {
        using var f = new TcmuFixture();
        using var other = new TcmuFixture();
        await f.MakeDiskAsync();
        other.Create();
        other.Serve();
        var error = await Assert.ThrowsAsync<TargetException>(() => f.Lun.LinkAsync(other.Device));
        Assert.Contains($"links to {f.Device} instead of {other.Device}", error.Message);
        Assert.Equal(f.Device.Folder, (await f.Lun.LinkedDeviceAsync())!.Folder);
        error = Assert.Throws<TargetException>(f.Device.Remove);
        Assert.Contains("LUN that links", error.Message);
    }

    [Fact]
    public async Task A_device_is_taken_over_from_a_server_that_died_with_commands_on_the_ring()
    {
        using var f = new TcmuFixture();
        var disk = await f.MakeDiskAsync();
        f.Server!.Stall = true;
        var reading = Task.Run(() =>
        {
            using var stream = new FileStream(disk.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            stream.Position = 8 << 20;
            var buffer = new byte[1 << 20];
            stream.ReadExactly(buffer);
            return buffer;
        });
        await Task.Delay(500);
        Assert.False(reading.IsCompleted);
        f.Server.Crash();

        f.TakeOver();
        Assert.False((await reading.WaitAsync(TimeSpan.FromSeconds(60))).AsSpan().ContainsAnyExcept((byte)0));
        Assert.True(f.Server.Commands > 0);
        Assert.Null(f.Server.Fault);
        await f.Lun.RemoveAsync(f.Device);
    }

    [Fact]
    public async Task The_kernel_tells_of_an_abort_on_the_ring()
    {
        using var f = new TcmuFixture();
        var disk = await f.MakeDiskAsync();
        await disk.ConfigureAsync(new LoopbackDiskSettings { TimeoutSeconds = 2 });
        f.Server!.Stall = true;
        var reading = Task.Run(() =>
        {
            using var stream = new FileStream(disk.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            stream.Position = 16 << 20;
            stream.ReadExactly(new byte[4096]);
        });

        // The abort is on the ring behind the command; both are there when the server looks again.
        await Task.Delay(6000);
        Assert.Equal(0, f.Server.TaskManagement);
        f.Server.Stall = false;
        await reading.WaitAsync(TimeSpan.FromSeconds(120));
        Assert.True(f.Server.TaskManagement > 0);
        Assert.Null(f.Server.Fault);
        await f.Lun.RemoveAsync(f.Device);
    }

    private static void Write(string path, string value)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        stream.Write(System.Text.Encoding.ASCII.GetBytes(value));
    }
}
