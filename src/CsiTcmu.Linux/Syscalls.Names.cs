using System.Runtime.InteropServices;
using System.Text;

namespace CsiTcmu.Linux;

public static unsafe partial class Syscalls
{
    private const int LongestPath = 4096; // PATH_MAX

    /// <summary><c>rename(2)</c>: replaces a file of that name; an existing folder must be empty.</summary>
    public static int Rename(string from, string to) => Result(rename(from, to));

    /// <summary>The canonical path of an open file: every symbolic link resolved.</summary>
    /// <returns>0 or <c>-errno</c>.</returns>
    public static int PathOf(int file, out string path) => ReadLink($"/proc/self/fd/{file}", out path);

    /// <summary><c>readlink(2)</c>.</summary>
    /// <returns>0 or <c>-errno</c>.</returns>
    public static int ReadLink(string link, out string target)
    {
        var buffer = stackalloc byte[LongestPath];
        var length = Result(readlink(link, buffer, LongestPath));
        target = length < 0 ? "" : Encoding.UTF8.GetString(buffer, (int)length);
        return length < 0 ? (int)length : 0;
    }

    [LibraryImport(Libc, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rename(string from, string to);

    [LibraryImport(Libc, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint readlink(string link, byte* buffer, nuint length);
}
