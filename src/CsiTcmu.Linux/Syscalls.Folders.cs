using System.Runtime.InteropServices;

namespace CsiTcmu.Linux;

public static unsafe partial class Syscalls
{
    /// <summary><c>mkdir(2)</c>.</summary>
    public static int MakeDirectory(string path, int mode = 0x1ed) => Result(mkdir(path, mode));

    /// <summary><c>rmdir(2)</c>.</summary>
    public static int RemoveDirectory(string path) => Result(rmdir(path));

    /// <summary><c>unlink(2)</c>.</summary>
    public static int Unlink(string path) => Result(unlink(path));

    [LibraryImport(Libc, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkdir(string path, int mode);

    [LibraryImport(Libc, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rmdir(string path);

    [LibraryImport(Libc, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unlink(string path);
}
