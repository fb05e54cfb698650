using CsiTcmu.Tcmu;

namespace CsiTcmu.KernelModel;

// The zero copy area: which way a command's data goes, and its pages in and out of the mapping (deploy/kernel).
public sealed unsafe partial class KernelRing
{
    /// <summary>Commands with data since the start, while there is a zero copy area, by the way that they went (<c>zc_stats</c>).</summary>
    public ZeroCopyWays Ways { get; private set; }

    /// <summary>Pages of the zero copy area that are taken now.</summary>
    public int ZeroCopyPagesUsed => _zeroCopy?.PagesUsed ?? 0;

    /// <summary>The initiator's own view of a mapped command's data: what is done to it through the area is seen here at once.</summary>
    /// <exception cref="InvalidOperationException">There is no such command, or its data is copied.</exception>
    public Span<byte> InitiatorPages(ushort id) => _commands[id] is { IsMapped: true } command
        ? InitiatorPages(command)
        : throw new InvalidOperationException($"The data of cmd_id {id} is not mapped.");

    private Span<byte> InitiatorPages(Command command) => _zeroCopy!.InitiatorPages(command.FirstSlot, command.SlotCount);

    /// <summary>Takes slots for a command that can do without copying, and puts its bytes into the initiator's pages.</summary>
    private bool TryMap(Command command)
    {
        command.SlotCount = 0;
        if (Refusal(command) != ZeroCopyWay.Mapped || !_zeroCopy!.TryTake(command.Data.Length / ZeroCopyArea.PageSize, out command.FirstSlot)) return false;
        command.SlotCount = command.Data.Length / ZeroCopyArea.PageSize;

        // Those of a read show what was in them before, as the initiator's do.
        command.Data.Span.CopyTo(InitiatorPages(command));
        return true;
    }

    private ZeroCopyWay Refusal(Command command) =>
        _zeroCopy is null || command.Direction == DataDirection.None ? ZeroCopyWay.None
        : command.Data.Length < _options.ZeroCopyMinimum ? ZeroCopyWay.Small
        : command.Data.Length % ZeroCopyArea.PageSize != 0 ? ZeroCopyWay.Ineligible
        : ZeroCopyWay.Mapped;

    private void CountWay(Command command)
    {
        var ways = Ways;
        Ways = Refusal(command) switch
        {
            ZeroCopyWay.None => ways,
            ZeroCopyWay.Small => ways with { Small = ways.Small + 1 },
            ZeroCopyWay.Ineligible => ways with { Ineligible = ways.Ineligible + 1 },
            _ when command.IsMapped => ways with { Mapped = ways.Mapped + 1 },
            _ => ways with { Full = ways.Full + 1 },
        };
    }

    private void WriteMapped(Command command, RingEntry* entry)
    {
        entry->KernelFlags = command.Direction == DataDirection.Out ? KernelFlags.ZeroCopy | KernelFlags.ReadOnly : KernelFlags.ZeroCopy;
        *(RingVector*)((byte*)entry + RingEntry.VectorsOffset) = new RingVector
        {
            Offset = (ulong)(_zeroCopy!.AddressOf(command.FirstSlot) - Map),
            Length = (ulong)command.Data.Length,
        };
    }

    /// <summary>Takes a command's pages out of the area before the command ends; the initiator has in its memory what was written to them.</summary>
    private void Unmap(Command command)
    {
        if (!command.IsMapped) return;
        _zeroCopy!.Hide(command.FirstSlot, command.SlotCount);
        if (command.Direction == DataDirection.In) InitiatorPages(command).CopyTo(command.Data.Span);
        ReturnSlots(command);
    }

    private void ReturnSlots(Command command)
    {
        _zeroCopy?.Return(command.FirstSlot, command.SlotCount);
        command.SlotCount = 0;
    }

    private enum ZeroCopyWay
    {
        None,
        Mapped,
        Small,
        Ineligible,
    }
}

/// <summary>How many commands went which way.</summary>
/// <param name="Mapped">Their pages were put into the area.</param>
/// <param name="Small">Copied: below the minimum.</param>
/// <param name="Ineligible">Copied: no whole pages.</param>
/// <param name="Full">Copied: no free range in the area.</param>
public readonly record struct ZeroCopyWays(long Mapped, long Small, long Ineligible, long Full);
