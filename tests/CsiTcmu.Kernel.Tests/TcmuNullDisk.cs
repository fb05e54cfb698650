using System.Buffers.Binary;
using System.Runtime.InteropServices;
using CsiTcmu.Linux;
using CsiTcmu.Tcmu;

namespace CsiTcmu.Kernel.Tests;

/// <summary>A disk of zeroes that forgets what is written: just enough of SCSI for the kernel to make an sdX of it.</summary>
internal sealed unsafe class TcmuNullDisk : IDisposable
{
    private const byte Good = 0, CheckCondition = 2;
    private readonly UioDevice _device;
    private readonly CommandRing _ring;
    private readonly Thread _thread;
    private readonly string _serial;
    private volatile bool _stop;
    private volatile bool _refuse;
    private volatile bool _stall;
    private long _blocks;
    private long _commands;
    private long _taskManagement;

    public TcmuNullDisk(UioDevice device, long blocks, string serial)
    {
        _device = device;
        _blocks = blocks;
        _serial = serial;
        _ring = new CommandRing(device.Map, device.Length);
        _thread = new Thread(Serve) { IsBackground = true, Name = "null disk" };
        _thread.Start();
    }

    /// <summary>Answers everything UNKNOWN OPERATION CODE.</summary>
    public bool Refuse
    {
        set => _refuse = value;
    }

    /// <summary>Takes no command from the ring.</summary>
    public bool Stall
    {
        set => _stall = value;
    }

    public long Blocks
    {
        set => Interlocked.Exchange(ref _blocks, value);
    }

    public long Commands => Interlocked.Read(ref _commands);

    public long TaskManagement => Interlocked.Read(ref _taskManagement);

    public string? Fault { get; private set; }

    /// <summary>Leaves the device open and its commands unanswered, then lets go of it: what a killed process does.</summary>
    public void Crash()
    {
        _stop = true;
        _thread.Join();
        _device.Dispose();
    }

    public void Dispose() => Crash();

    private void Serve()
    {
        var command = (RingCommand*)NativeMemory.AllocZeroed((nuint)sizeof(RingCommand));
        command->Vectors = (Iovec*)NativeMemory.AllocZeroed((nuint)(256 * sizeof(Iovec)));
        command->VectorCapacity = 256;
        while (!_stop)
        {
            var error = _device.Acknowledge();
            if (error < 0)
            {
                Fault = Syscalls.Describe(error);
                break;
            }

            for (var take = RingTake.Command; !_stall && take != RingTake.Empty;)
            {
                take = _ring.TryTake(command);
                if (take == RingTake.Broken)
                {
                    Fault = _ring.BrokenReason;
                    break;
                }

                if (take == RingTake.TaskManagement) Interlocked.Increment(ref _taskManagement);
                if (take == RingTake.Command) Answer(command);
            }

            if (_ring.Publish()) _ = _device.Kick();
            if (Fault is not null) break;
            Thread.Sleep(1);
        }

        NativeMemory.Free(command->Vectors);
        NativeMemory.Free(command);
    }

    private void Answer(RingCommand* command)
    {
        Interlocked.Increment(ref _commands);
        var cdb = new ReadOnlySpan<byte>(command->Cdb, command->CdbLength);
        var reply = _refuse ? null : Reply(cdb);
        if (reply is null)
        {
            byte[] sense = [0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0];
            _ring.Complete(command->Id, CheckCondition, sense, -1);
            return;
        }

        var filled = 0;
        for (var i = 0; i < command->VectorCount && filled < reply.Length; i++)
        {
            var part = Math.Min(reply.Length - filled, (int)command->Vectors[i].Length);
            reply.AsSpan(filled, part).CopyTo(new Span<byte>(command->Vectors[i].Base, part));
            filled += part;
        }

        if (filled == 0 && cdb[0] is not (0x2a or 0x8a)) command->ClearData();
        _ring.Complete(command->Id, Good, default, filled > 0 && filled < command->DataLength ? filled : -1);
    }

    private byte[]? Reply(ReadOnlySpan<byte> cdb) => cdb[0] switch
    {
        0x00 or 0x1b or 0x28 or 0x88 or 0x2a or 0x8a or 0x35 or 0x91 => [],
        0x12 when (cdb[1] & 1) == 0 => Inquiry(),
        0x12 => VitalProductData(cdb[2]),
        0x1a => [3, 0, 0, 0],
        0x5a => [0, 6, 0, 0, 0, 0, 0, 0],
        0x25 => Capacity(10),
        0x9e when (cdb[1] & 0x1f) == 0x10 => Capacity(16),
        _ => null,
    };

    private byte[]? VitalProductData(byte page) => page switch
    {
        0x00 => [0, 0, 0, 3, 0, 0x80, 0x83],
        0x80 => [0, 0x80, 0, (byte)_serial.Length, .. System.Text.Encoding.ASCII.GetBytes(_serial)],
        0x83 => [0, 0x83, 0, 20, 1, 3, 0, 16, .. Convert.FromHexString($"6001405{_serial.PadLeft(25, '0')}")],
        _ => null,
    };

    private static byte[] Inquiry()
    {
        var reply = new byte[36];
        reply[2] = 6;
        reply[3] = 2;
        reply[4] = 31;
        reply[7] = 2;
        "TEST    NULL DISK       0001"u8.CopyTo(reply.AsSpan(8));
        return reply;
    }

    private byte[] Capacity(int form)
    {
        var blocks = Interlocked.Read(ref _blocks);
        var reply = new byte[form == 10 ? 8 : 32];
        if (form == 10) BinaryPrimitives.WriteUInt32BigEndian(reply, (uint)(blocks - 1));
        else BinaryPrimitives.WriteUInt64BigEndian(reply, (ulong)(blocks - 1));
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(form == 10 ? 4 : 8), 512);
        return reply;
    }
}
