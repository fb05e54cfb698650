using System.Text;
using CsiTcmu.Linux;

namespace CsiTcmu.Kernel.Tests;

/// <summary>What the kernel logs from the construction on.</summary>
internal sealed unsafe class TcmuKernelLog : IDisposable
{
    private readonly int _file = Syscalls.Open("/dev/kmsg", OpenFlags.ReadOnly | OpenFlags.NonBlocking | OpenFlags.CloseOnExec);

    public TcmuKernelLog()
    {
        const int End = 2;
        Assert.True(_file >= 0, $"/dev/kmsg: {Syscalls.Describe(_file)}");
        Assert.True(Syscalls.Seek(_file, 0, End) >= 0);
    }

    public string Read()
    {
        // One read is one record.
        var text = new StringBuilder();
        var buffer = stackalloc byte[8192];
        for (nint length; (length = Syscalls.Read(_file, buffer, 8192)) > 0;) text.Append(Encoding.UTF8.GetString(buffer, (int)length));
        return text.ToString();
    }

    public void Dispose() => _ = Syscalls.Close(_file);
}
