using CsiTcmu.Linux;

namespace CsiTcmu.KernelModel;

/// <summary>
/// The zero copy area of a <see cref="KernelRing"/>: slots that show pages of the initiator, and nothing while no command has them. The initiator's
/// pages are a memory file: slots map it, and the initiator has a view of its own.
/// </summary>
internal sealed unsafe class ZeroCopyArea : IDisposable
{
    public const int PageSize = 4096;

    private readonly byte* _area;
    private readonly int _pages;
    private readonly bool[] _used;
    private readonly int _file;
    private readonly byte* _initiator;
    private int _next;

    /// <param name="area">Where the slots are; reserved address space.</param>
    /// <param name="pages">How many there are.</param>
    public ZeroCopyArea(byte* area, int pages)
    {
        _area = area;
        _pages = pages;
        _used = new bool[pages];
        _file = Native.MemoryFile((long)pages * PageSize);
        _initiator = Native.MapFile(_file, null, 0, (long)pages * PageSize, writable: true);
    }

    public int PagesUsed => _used.Count(used => used);

    public byte* AddressOf(int slot) => _area + (long)slot * PageSize;

    /// <summary>The initiator's view of the pages behind a range of slots. They lie in the file the other way round, so that a slot is not its own page.</summary>
    public Span<byte> InitiatorPages(int first, int count) => new(_initiator + PageOf(first, count), count * PageSize);

    /// <summary>Takes one contiguous range, the next free one behind the range taken last.</summary>
    public bool TryTake(int count, out int first)
    {
        if (!TryFind(_next, count, out first) && !TryFind(0, count, out first)) return false;
        _used.AsSpan(first, count).Fill(true);
        _next = first + count;
        return true;
    }

    public void Return(int first, int count) => _used.AsSpan(first, count).Clear();

    /// <summary>Shows the initiator's pages in a range.</summary>
    public void Show(int first, int count, bool writable) =>
        Native.MapFile(_file, AddressOf(first), PageOf(first, count), (long)count * PageSize, writable);

    /// <summary>Shows nothing in a range: an access faults.</summary>
    public void Hide(int first, int count) => Native.Forbid(AddressOf(first), (long)count * PageSize);

    public void Dispose()
    {
        _ = Syscalls.Unmap(_initiator, (nuint)_pages * PageSize);
        _ = Syscalls.Close(_file);
    }

    private bool TryFind(int from, int count, out int first)
    {
        first = from;
        while (first + count <= _pages)
        {
            var used = _used.AsSpan(first, count).LastIndexOf(true);
            if (used < 0) return true;
            first += used + 1;
        }

        return false;
    }

    private long PageOf(int first, int count) => (long)(_pages - first - count) * PageSize;
}
