using System.Runtime.InteropServices;
using CsiTcmu.Linux;

namespace CsiTcmu.Tcmu;

/// <summary>
/// A command taken from the ring: its own copy of everything that the kernel's entry said, since a completion may overwrite the entry.
/// Lives in native memory of the taker.
/// </summary>
public unsafe struct RingCommand
{
    /// <summary>Longest CDB that is kept; a longer one is refused by the ring with <c>UNKNOWN_OP</c>.</summary>
    public const int MaxCdbLength = 32;

    /// <summary>The kernel's name of the command, 1 to 65535.</summary>
    public ushort Id;

    /// <summary>Length of the CDB in bytes.</summary>
    public int CdbLength;

    /// <summary>The CDB.</summary>
    public fixed byte Cdb[MaxCdbLength];

    /// <summary>Absolute addresses inside the mapping, checked. Room for <see cref="VectorCapacity"/>.</summary>
    public Iovec* Vectors;

    /// <summary>How many vectors fit; set by the owner of the memory.</summary>
    public int VectorCapacity;

    /// <summary>Vectors of the one data direction that the command has.</summary>
    public int VectorCount;

    /// <summary>Sum of the vectors' lengths in bytes.</summary>
    public long DataLength;

    /// <summary>What kind of memory the vectors point to.</summary>
    public DataPlace Place;

    /// <summary>Zeroes the data buffer from a byte on, for reads that fill only a part of it. Not with <see cref="DataPlace.MappedReadOnly"/>.</summary>
    /// <param name="from">First byte to clear, from the start of the data; at or past <see cref="DataLength"/> nothing is done.</param>
    public readonly void ClearData(long from = 0)
    {
        for (var i = 0; i < VectorCount; i++)
        {
            var length = (long)Vectors[i].Length;
            if (from < length)
            {
                NativeMemory.Clear(Vectors[i].Base + from, (nuint)(length - from));
                from = 0;
            }
            else
            {
                from -= length;
            }
        }
    }
}

/// <summary>Where the data of a command lies.</summary>
public enum DataPlace : byte
{
    /// <summary>In the data area: the kernel copies between it and the initiator's pages. Ordinary memory.</summary>
    Copied,

    /// <summary>
    /// In the zero copy area: the initiator's own pages, to be filled. They cannot be pinned, so that O_DIRECT, registered buffers and vmsplice
    /// fail on them. They are gone once the command is answered: an access is SIGBUS, or EFAULT in a system call.
    /// </summary>
    Mapped,

    /// <summary>As <see cref="Mapped"/>, with data to be written: a store is SIGBUS.</summary>
    MappedReadOnly,
}

/// <summary>What <see cref="CommandRing.TryTake"/> found.</summary>
public enum RingTake
{
    /// <summary>Nothing new in the ring.</summary>
    Empty,

    /// <summary>A command was taken.</summary>
    Command,

    /// <summary>The kernel notified of a task management function (an abort or reset that is under way); nothing is answered to it.</summary>
    TaskManagement,

    /// <summary>The ring holds something that cannot be; <see cref="CommandRing.BrokenReason"/> says what. Nothing more is taken.</summary>
    Broken,
}
