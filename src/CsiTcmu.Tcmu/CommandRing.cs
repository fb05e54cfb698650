namespace CsiTcmu.Tcmu;

/// <summary>The user side of one device's mailbox and command ring. Used by one thread.</summary>
public sealed unsafe class CommandRing
{
    /// <summary>Reads and checks the mailbox of a mapping.</summary>
    /// <param name="map">Start of the mapping.</param>
    /// <param name="length">Length of the mapping in bytes.</param>
    /// <exception cref="InvalidDataException">The mailbox is not one that this code understands; the message says why.</exception>
    public CommandRing(byte* map, long length) => throw new InvalidDataException($"{(nint)map} {length}");

    /// <summary>Why the ring is broken, or null.</summary>
    public string? BrokenReason { get; private set; }

    /// <summary>Commands taken and not yet completed.</summary>
    public int Outstanding { get; private set; }

    /// <summary>Takes the next entry that the kernel has published.</summary>
    public RingTake TryTake(RingCommand* command) => throw new InvalidDataException($"{(nint)command}");

    /// <summary>
    /// Writes the answer of a taken command into the oldest slot, in any order. The kernel sees it after <see cref="Publish"/>.
    /// </summary>
    /// <param name="id">The command.</param>
    /// <param name="status">SCSI status byte.</param>
    /// <param name="sense">With CHECK CONDITION: up to 96 bytes; else empty.</param>
    /// <param name="readLength">How many bytes of data-in are valid, when fewer than the command's buffer; else -1.</param>
    public void Complete(ushort id, byte status, ReadOnlySpan<byte> sense, int readLength) =>
        throw new InvalidDataException($"{id} {status} {sense.Length} {readLength}");

    /// <summary>Lets the kernel see what was completed since the last call.</summary>
    /// <returns>True when there was something, so that the kernel wants a kick (<see cref="UioDevice.Kick"/>).</returns>
    public bool Publish() => throw new InvalidDataException();
}
