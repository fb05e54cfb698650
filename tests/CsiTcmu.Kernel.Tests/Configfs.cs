using System.Text;

namespace CsiTcmu.Kernel.Tests;

/// <summary>The LIO target's configfs tree, by raw file operations, independent of the code under test.</summary>
public static class Configfs
{
    /// <summary>Where backstore devices live, as <c>user_N/NAME</c> for TCMU.</summary>
    public const string Core = "/sys/kernel/config/target/core";

    /// <summary>Where tcm_loop targets live, as <c>naa.X/tpgt_1</c>. Appears with the first of them.</summary>
    public const string Loopback = "/sys/kernel/config/target/loopback";

    /// <summary>An adapter number that no TCMU device uses, so that tests leave the devices of others alone.</summary>
    public static int FreeAdapter() => Enumerable.Range(4000, 1000).First(n => !Directory.Exists($"{Core}/user_{n}"));

    /// <summary>Writes one attribute by one system call, as configfs wants it.</summary>
    /// <exception cref="IOException">The kernel refuses the value.</exception>
    public static void Write(string path, string value)
    {
        using var attribute = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        RandomAccess.Write(attribute, Encoding.ASCII.GetBytes(value), 0);
    }

    /// <summary>Reads one attribute without its final newline.</summary>
    public static string Read(string path) => File.ReadAllText(path).TrimEnd('\n');
}
