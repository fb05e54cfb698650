using CsiTcmu.Tcmu;

namespace CsiTcmu.Kernel.Tests;

public sealed class TcmuDeviceTests
{
    [Fact]
    public void A_device_is_made_listed_and_removed_without_a_trace()
    {
        using var f = new TcmuFixture();
        f.Create();

        var state = f.Device.TryRead()!;
        Assert.Equal(
            new TcmuDeviceState
            {
                Enabled = true,
                Blocked = false,
                Exported = false,
                Config = f.Specification.Config,
                Size = 64 << 20,
                BlockSize = 512,
                DataAreaMegabytes = 8,
                DataPagesPerBlock = 1,
                CommandRingMegabytes = 1,
            },
            state);
        Assert.Equal(f.Device.Name, Assert.Single(TcmuDevice.List(f.Specification.Hba)).Name);
        Assert.Equal("0", File.ReadAllText($"{f.Device.Folder}/attrib/cmd_time_out").Trim());
        Assert.Equal("1", File.ReadAllText($"{f.Device.Folder}/attrib/tmr_notification").Trim());
        Assert.Equal("-1", File.ReadAllText($"{f.Device.Folder}/attrib/nl_reply_supported").Trim());
        Assert.EndsWith($": {f.Specification.Serial}\n", File.ReadAllText($"{f.Device.Folder}/wwn/vpd_unit_serial"));

        f.Device.Remove();
        Assert.Null(f.Device.TryRead());
        Assert.Empty(TcmuDevice.List(f.Specification.Hba));
        f.AssertNothingIsLeft();
        f.Device.Remove();
    }

    [Fact]
    public void Every_block_and_area_size_gets_a_ring_that_is_understood()
    {
        using var f = new TcmuFixture();
        foreach (var (block, area, pages, ring) in new[] { (512, 1, 1, 1), (4096, 8, 16, 2), (512, 32, 256, 8) })
        {
            TcmuDevice.Create(f.Specification with
            {
                BlockSize = block,
                DataAreaMegabytes = area,
                DataPagesPerBlock = pages,
                CommandRingMegabytes = ring,
            });
            Assert.Equal(block, f.Device.TryRead()!.BlockSize);
            using (var uio = f.Device.Open())
            {
                Assert.Equal((long)(area + ring) << 20, uio.Length);
                unsafe
                {
                    Assert.Null(new CommandRing(uio.Map, uio.Length).BrokenReason);
                }

                Assert.Equal(0, uio.Acknowledge());
                Assert.Equal(0, uio.Kick());
            }

            f.Device.Remove();
        }

        f.AssertNothingIsLeft();
    }

    [Fact]
    public void Making_goes_on_from_every_step_at_which_it_was_left()
    {
        using var f = new TcmuFixture();
        var folder = f.Device.Folder;
        for (var steps = 0; steps <= 5; steps++)
        {
            if (steps >= 1) Directory.CreateDirectory(Path.GetDirectoryName(folder)!);
            if (steps >= 2) Directory.CreateDirectory(folder);
            if (steps >= 3) Write("control", $"dev_size=4096,cmd_ring_size_mb=2,dev_config=other");
            if (steps >= 4) Write("attrib/cmd_time_out", "0");
            if (steps >= 5) Write("wwn/vpd_unit_serial", "other");
            f.Create();
            var state = f.Device.TryRead()!;
            Assert.Equal((true, f.Specification.Config, 64L << 20, 1), (state.Enabled, state.Config, state.Size, state.CommandRingMegabytes));
            f.Create();
            f.Device.Remove();
            f.AssertNothingIsLeft();
        }

        void Write(string file, string value)
        {
            using var stream = new FileStream($"{folder}/{file}", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            stream.Write(System.Text.Encoding.ASCII.GetBytes(value));
        }
    }

    [Fact]
    public void Devices_are_made_while_others_are_removed()
    {
        const int Lanes = 8, Rounds = 20;
        var lanes = Enumerable.Range(0, Lanes).Select(_ => new TcmuFixture()).ToArray();
        try
        {
            Parallel.ForEach(lanes, new ParallelOptions { MaxDegreeOfParallelism = Lanes }, lane =>
            {
                for (var round = 0; round < Rounds; round++)
                {
                    lane.Create();
                    lane.Device.Remove();
                }
            });
            lanes[0].AssertNothingIsLeft();
        }
        finally
        {
            foreach (var lane in lanes) lane.Dispose();
        }
    }

    [Fact]
    public void A_device_of_that_name_for_something_else_is_refused_and_stays()
    {
        using var f = new TcmuFixture();
        f.Create();
        var error = Assert.Throws<TargetException>(() => TcmuDevice.Create(f.Specification with { Config = "other/9" }));
        Assert.Contains(f.Device.Folder, error.Message);
        Assert.Contains("dev_config", error.Message);
        error = Assert.Throws<TargetException>(() => TcmuDevice.Create(f.Specification with { BlockSize = 4096 }));
        Assert.Contains("hw_block_size", error.Message);
        Assert.Equal(f.Specification.Config, f.Device.TryRead()!.Config);
    }

    [Fact]
    public void A_data_area_above_the_modules_limit_is_refused_until_the_limit_is_raised()
    {
        using var f = new TcmuFixture();
        var limit = DataAreaLimit.Read();
        var specification = f.Specification with { DataAreaMegabytes = limit + 64 };
        var error = Assert.Throws<TargetException>(() => TcmuDevice.Create(specification));
        Assert.Contains("global_max_data_area_mb", error.Message);
        Assert.False(f.Device.TryRead()!.Enabled);

        Assert.Equal(limit + 64, DataAreaLimit.Raise(limit + 64));
        Assert.Equal(limit + 64, DataAreaLimit.Raise(limit));
        TcmuDevice.Create(specification);
        Assert.Equal(limit + 64, f.Device.TryRead()!.DataAreaMegabytes);
    }

    [Fact]
    public void The_size_is_changed_without_netlink()
    {
        using var f = new TcmuFixture();
        f.Create();
        f.Device.SetSize(128 << 20);
        Assert.Equal(128 << 20, f.Device.TryRead()!.Size);
        TcmuDevice.Create(f.Specification with { Size = 256 << 20 });
        Assert.Equal(256 << 20, f.Device.TryRead()!.Size);
    }

    [Fact]
    public void One_process_has_the_device_at_a_time()
    {
        using var f = new TcmuFixture();
        f.Create();
        using (f.Device.Open())
        {
            var error = Assert.Throws<TargetException>(() => f.Device.Open());
            Assert.Contains("Another process serves", error.Message);
            Assert.Throws<TargetException>(() => f.Device.TakeOver(TimeSpan.FromMilliseconds(50)));
            Assert.False(f.Device.TryRead()!.Blocked);
        }

        using var again = f.Device.TakeOver(TimeSpan.Zero);
        Assert.True(f.Device.TryRead()!.Blocked);
        f.Device.Block();
        f.Device.Unblock();
        f.Device.Unblock();
        Assert.False(f.Device.TryRead()!.Blocked);
    }

    [Fact]
    public void A_device_that_is_not_enabled_is_neither_opened_nor_reset()
    {
        using var f = new TcmuFixture();
        Assert.Throws<TargetException>(() => f.Device.Open());
        Directory.CreateDirectory(f.Device.Folder);
        Assert.Contains("not enabled", Assert.Throws<TargetException>(() => f.Device.Open()).Message);
        Assert.Throws<TargetException>(() => f.Device.ResetRing(RingReset.Retry));
        Assert.Throws<TargetException>(() => f.Device.TakeOver(TimeSpan.Zero));
        Assert.False(f.Device.TryRead()!.Enabled);
    }

    [Fact]
    public void A_server_learns_that_its_device_was_removed()
    {
        using var f = new TcmuFixture();
        f.Create();
        using var uio = f.Device.Open();
        f.Device.Remove();
        const int InputOutputError = 5;
        Assert.Equal(-InputOutputError, uio.Acknowledge());
        Assert.Equal(-InputOutputError, uio.Kick());
    }
}
