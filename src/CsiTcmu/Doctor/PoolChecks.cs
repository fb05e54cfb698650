using System.Runtime.InteropServices;
using CsiTcmu.Linux;

namespace CsiTcmu.Doctor;

/// <summary>What a pool's file system can do, tried on files of our own in it.</summary>
internal static unsafe class PoolChecks
{
    private const nuint CloneRequest = 0x4004_9409; // FICLONE, include/uapi/linux/fs.h
    private const int PunchHole = 2, KeepSize = 1;
    private const int Block = 4096;

    /// <summary>Checks of one pool.</summary>
    public static IEnumerable<Finding> Run(string name, string path)
    {
        var check = $"pool {name}";
        if (!Directory.Exists(path))
        {
            yield return new(check, Verdict.Bad, $"{path} is not a directory", $"mkdir -p {path}, or mount its file system");
            yield break;
        }

        var drive = new DriveInfo(path);
        yield return new(check, Verdict.Fine, $"{path}, {drive.DriveFormat}, {drive.AvailableFreeSpace >> 20} MiB free");

        var source = Path.Combine(path, $".doctor-{Environment.ProcessId}");
        var clone = source + ".clone";
        try
        {
            var created = Syscalls.Open(source, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.CloseOnExec, 0x180);
            if (created < 0)
            {
                yield return new(check, Verdict.Bad, $"cannot write: {Syscalls.Describe(created)}", $"mount it writable and free some space: touch {path}/x");
                yield break;
            }

            yield return Punch(check, created);
            Syscalls.Close(created);
            yield return Direct(check, source);
            yield return Reflink(check, source, clone);
        }
        finally
        {
            File.Delete(source);
            File.Delete(clone);
        }
    }

    private static Finding Punch(string check, int file)
    {
        var block = stackalloc byte[Block];
        var written = Syscalls.Write(file, block, Block);
        if (written != Block) return new(check + ": space", Verdict.Bad, $"cannot write {Block} bytes: {Syscalls.Describe((int)written)}", "free some space in the pool");
        var result = Syscalls.Allocate(file, PunchHole | KeepSize, 0, Block);
        return result == 0
            ? new(check + ": discard", Verdict.Fine, "holes are punched")
            : new(check + ": discard", Verdict.Weak, $"fallocate: {Syscalls.Describe(result)}; discarded space is not given back", "use XFS, ext4 or btrfs for the pool");
    }

    private static Finding Direct(string check, string path)
    {
        var file = Syscalls.Open(path, OpenFlags.ReadWrite | OpenFlags.Direct | OpenFlags.CloseOnExec);
        if (file < 0) return new(check + ": O_DIRECT", Verdict.Weak, $"{Syscalls.Describe(file)}; the page cache is used", "use XFS, ext4 or btrfs for the pool");
        var memory = (byte*)NativeMemory.AlignedAlloc(Block, Block);
        var vector = new Iovec { Base = memory, Length = Block };
        new Span<byte>(memory, Block).Clear();
        var result = Syscalls.WriteVector(file, &vector, 1, 0);
        NativeMemory.AlignedFree(memory);
        Syscalls.Close(file);
        return result == Block
            ? new(check + ": O_DIRECT", Verdict.Fine, "works")
            : new(check + ": O_DIRECT", Verdict.Weak, $"{Syscalls.Describe((int)result)}; the page cache is used", "use XFS, ext4 or btrfs for the pool");
    }

    private static Finding Reflink(string check, string source, string clone)
    {
        var from = Syscalls.Open(source, OpenFlags.ReadOnly | OpenFlags.CloseOnExec);
        var to = Syscalls.Open(clone, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.CloseOnExec, 0x180);
        var result = Syscalls.Control(to, CloneRequest, (void*)from);
        Syscalls.Close(from);
        Syscalls.Close(to);
        return result == 0
            ? new(check + ": reflink", Verdict.Fine, "works")
            : new(check + ": reflink", Verdict.Weak, $"{Syscalls.Describe(result)}; copies are made byte for byte", "mkfs.xfs -m reflink=1, or btrfs, for the pool");
    }
}
