using System.Runtime.InteropServices;
using CsiTcmu.KernelModel;
using CsiTcmu.Linux;

namespace CsiTcmu.Tcmu.Tests;

/// <summary>The model as others use it: with a server on another thread.</summary>
public sealed class ModelDeviceTests
{
    [Fact]
    public async Task Many_threads_get_the_answers_to_their_own_commands()
    {
        using var device = new ModelDevice(new KernelRingOptions { RingSize = 8064, Blocks = 64 });
        using var server = new EchoServer(device.Open());
        var tasks = Enumerable.Range(0, 4).Select(thread => Task.Run(async () =>
        {
            for (var i = 0; i < 500; i++)
            {
                var number = (byte)(thread * 50 + i % 50);
                byte[] cdb = [0x28, 0, 0, 0, 0, number, 0, 0, 1, 0];
                var result = await device.SubmitAsync(cdb, dataInLength: 6000);
                Assert.Equal((0, 0), (result.Status, result.Residual));
                Assert.All(result.Data, b => Assert.Equal(number, b));
                var written = await device.SubmitAsync(cdb, dataOut: result.Data);
                Assert.Equal(0, written.Status);
            }
        })).ToArray();
        await Task.WhenAll(tasks).WaitAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(0, device.Outstanding);
        Assert.True(device.Kicks > 0 && device.Notifications > 0);
    }

    [Fact]
    public async Task Commands_for_which_there_is_no_room_wait_for_it()
    {
        using var device = new ModelDevice(new KernelRingOptions { RingSize = 1032, Blocks = 4 });
        var tasks = Enumerable.Range(0, 50).Select(_ => device.SubmitAsync([0x28, 0, 0, 0, 0, 1, 0, 0, 1, 0], dataInLength: 8192)).ToArray();
        Assert.Equal(50, device.Outstanding);
        using var server = new EchoServer(device.Open());
        await Task.WhenAll(tasks).WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task A_device_is_open_once_and_can_be_taken_over()
    {
        using var device = new ModelDevice();
        var dead = device.Open();
        Assert.Throws<IOException>(device.Open);
        var lost = device.SubmitAsync([0x28, 0, 0, 0, 0, 1, 0, 0, 1, 0], dataInLength: 512);
        dead.Dispose();

        using var uio = device.Open();
        device.Block();
        device.ResetRing();
        Assert.Equal(8, (await lost).Status);
        Assert.Equal(8, (await device.SubmitAsync([0, 0, 0, 0, 0, 0])).Status);
        using var server = new EchoServer(uio);
        device.Unblock();
        Assert.Equal(0, (await device.SubmitAsync([0, 0, 0, 0, 0, 0])).Status);
    }

    [Fact]
    public void A_removed_device_gives_an_input_output_error()
    {
        using var device = new ModelDevice();
        using var uio = device.Open();
        Assert.Equal(0, uio.Acknowledge());
        device.Remove();
        Assert.Equal(-5, uio.Acknowledge());
    }

    [Fact]
    public async Task A_server_that_breaks_the_ring_fails_every_command_with_the_reason()
    {
        using var device = new ModelDevice();
        using var uio = device.Open();
        var lost = device.SubmitAsync([0, 0, 0, 0, 0, 0]);
        unsafe
        {
            // An answer for an id that does not exist.
            ((RingEntry*)(uio.Map + 128))->Id = 9;
            Volatile.Write(ref ((Mailbox*)uio.Map)->Tail, 120);
        }

        uio.Kick();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => lost).WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Contains("cmd_id 9", error.Message);
        Assert.Contains("cmd_id 9", device.BrokenReason);
    }

    /// <summary>Answers reads with the low byte of their block number, everywhere; all else with GOOD.</summary>
    private sealed unsafe class EchoServer : IDisposable
    {
        private readonly UioDevice _device;
        private readonly Thread _thread;
        private volatile bool _stop;

        public EchoServer(UioDevice device)
        {
            _device = device;
            _thread = new Thread(Serve) { IsBackground = true };
            _thread.Start();
        }

        public void Dispose()
        {
            _stop = true;
            _thread.Join();
            _device.Dispose();
        }

        private void Serve()
        {
            var ring = new CommandRing(_device.Map, _device.Length);
            var command = (RingCommand*)NativeMemory.AllocZeroed((nuint)sizeof(RingCommand));
            command->Vectors = (Iovec*)NativeMemory.AllocZeroed((nuint)(64 * sizeof(Iovec)));
            command->VectorCapacity = 64;
            while (!_stop && _device.Acknowledge() == 0)
            {
                while (ring.TryTake(command) == RingTake.Command)
                {
                    if (command->Cdb[0] == 0x28)
                    {
                        for (var i = 0; i < command->VectorCount; i++)
                            new Span<byte>(command->Vectors[i].Base, (int)command->Vectors[i].Length).Fill(command->Cdb[5]);
                    }

                    ring.Complete(command->Id, 0, default, -1);
                }

                if (ring.Publish()) _device.Kick();
                else Thread.Yield();
            }

            NativeMemory.Free(command->Vectors);
            NativeMemory.Free(command);
        }
    }
}
