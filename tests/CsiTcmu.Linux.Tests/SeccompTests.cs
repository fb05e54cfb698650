using System.Runtime.InteropServices;

namespace CsiTcmu.Linux.Tests;

/// <summary>A real seccomp filter, on a thread of its own, which alone it binds.</summary>
public partial class SeccompTests
{
    [Theory]
    [InlineData(425, 1, "io_uring_setup", "seccomp")]
    [InlineData(425, 38, "io_uring_setup", "seccomp")]
    [InlineData(426, 1, "io_uring_enter", "seccomp")]
    [InlineData(427, 1, "io_uring_register", "seccomp")]
    public void A_filter_of_any_of_the_three_calls_leads_to_workers(int call, int error, string name, string reason)
    {
        var description = "";
        var engineName = "";
        var thread = new Thread(() =>
        {
            description = Refuse(call, error);
            if (description.Length > 0) return;
            using var engine = IoEngines.Create(IoEngineChoice.Auto, 8, out description);
            engineName = engine.Name;
        });
        thread.Start();
        thread.Join();
        Assert.StartsWith("workers", description);
        Assert.Equal("workers", engineName);
        Assert.Contains($"{name} is refused", description);
        Assert.Contains($"errno {error}", description);
        Assert.Contains(reason, description);

        using var free = IoEngines.Create(IoEngineChoice.Auto, 8, out description);
        Assert.Equal("io_uring", free.Name);
    }

    /// <summary>Lets a system call fail on this thread from now on. Returns what went wrong, or nothing.</summary>
    private static unsafe string Refuse(int call, int error)
    {
        const int SetNoNewPrivileges = 38;
        const int SetSeccomp = 22;
        const nint FilterMode = 2;

        // struct sock_filter: load the number of the call; if it is the one, answer with the error; else allow.
        var filter = stackalloc Instruction[4];
        filter[0] = new Instruction { Code = 0x20, Operand = 0 };
        filter[1] = new Instruction { Code = 0x15, IfFalse = 1, Operand = (uint)call };
        filter[2] = new Instruction { Code = 0x06, Operand = 0x00050000 | (uint)error };
        filter[3] = new Instruction { Code = 0x06, Operand = 0x7FFF0000 };
        var program = new Program { Length = 4, Filter = filter };
        if (prctl(SetNoNewPrivileges, 1, 0, 0, 0) != 0 || prctl(SetSeccomp, FilterMode, (nint)(&program), 0, 0) != 0)
            return $"prctl: errno {Marshal.GetLastSystemError()}";
        return "";
    }

    [LibraryImport("libc")]
    private static partial int prctl(int option, nint second, nint third, nint fourth, nint fifth);

    [StructLayout(LayoutKind.Sequential)]
    private struct Instruction
    {
        public ushort Code;
        public byte IfTrue;
        public byte IfFalse;
        public uint Operand;
    }

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct Program
    {
        public ushort Length;
        public Instruction* Filter;
    }
}
