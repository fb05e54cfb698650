using System.Globalization;

namespace CsiTcmu.Linux.Tools;

/// <summary>What cryptsetup says that a caller can act on.</summary>
public enum EncryptionResult
{
    /// <summary>Done.</summary>
    Done,

    /// <summary>The passphrase opens no key slot.</summary>
    WrongPassphrase,

    /// <summary>The device or the mapping is in use, or there is a mapping of that name.</summary>
    Busy,
}

/// <summary>
/// LUKS2 by cryptsetup(8). A passphrase reaches it on its standard input only, byte for byte in UTF-8; never as an argument, in a file, or in a message.
/// </summary>
public static class EncryptionTools
{
    /// <summary>Bytes at the beginning of a device that hold header and key slots; cryptsetup's own default, fixed here so that sizes can be computed.</summary>
    public const long HeaderBytes = 16L << 20;

    private const int SectorBytes = 512; // cryptsetup's unit of offsets

    // cryptsetup(8), "RETURN CODES".
    private const int NoPermission = 2, AlreadyThereOrBusy = 5, NoSuchDevice = 4;

    // A cryptsetup whose driver was killed goes on when the next one serves its disk. It keeps the lock to its end, so that it never writes its header over a
    // later one. udev keeps off a disk with such a lock, too.
    private const int LockTaken = 75;
    private const string LockPatience = "10"; // seconds

    // With memory, passes and lanes given nothing is measured: a driver under load, or in an emulator, makes the same key slots as any. RFC 9106 recommends
    // three passes and four lanes with 64 MiB; cryptsetup's least is four passes.
    private const int Passes = 4, Lanes = 4;

    // Cookies of udev are semaphores of the host, which a container with its own IPC namespace waits for forever. The kernel makes /dev/dm-N without udev,
    // and nobody here needs a link.
    private static readonly Dictionary<string, string> WithoutUdev = new(StringComparer.Ordinal) { ["DM_DISABLE_UDEV"] = "1" };

    /// <summary>Writes a LUKS2 header with one key slot. Whatever was on the device is lost.</summary>
    /// <param name="device">The device.</param>
    /// <param name="passphrase">Opens the key slot.</param>
    /// <param name="memoryBytes">Memory that one try of a passphrase takes (Argon2id).</param>
    /// <param name="sectorSize">Unit of encryption and the mapping's logical block size: 512 or 4096.</param>
    /// <exception cref="IOException">cryptsetup is missing or failed; the message holds what it said.</exception>
    public static async Task<EncryptionResult> FormatAsync(string device, string passphrase, long memoryBytes, int sectorSize)
    {
        var result = await RunLockedAsync(
            device,
            "cryptsetup",
            passphrase,
            "luksFormat", "--batch-mode", "--type", "luks2", "--key-file=-", "--sector-size", Text(sectorSize), "--offset", Text(HeaderBytes / SectorBytes),
            "--pbkdf", "argon2id", "--pbkdf-memory", Text(memoryBytes >> 10), "--pbkdf-force-iterations", Text(Passes), "--pbkdf-parallel", Text(Lanes), device);

        // That the device is open exclusively, by a mapping or a mount, has no exit status of its own.
        return result.ExitCode != 0 && result.Error.Contains("device in use", StringComparison.Ordinal)
            ? EncryptionResult.Busy
            : Read(result, $"no LUKS2 header can be made on {device}");
    }

    /// <summary>Waits until nobody formats or opens the device any more.</summary>
    /// <exception cref="IOException">flock(1) is missing or failed; the message holds what it said.</exception>
    public static async Task<EncryptionResult> SettleAsync(string device) => Read(await RunLockedAsync(device, "true"), $"{device} cannot be locked");

    /// <summary>Maps the content of an encrypted device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="name">Name of the mapping.</param>
    /// <param name="passphrase">Opens a key slot.</param>
    /// <param name="discard">Passes discards on, which show whoever sees the device below where nothing is stored.</param>
    /// <exception cref="IOException">cryptsetup is missing or failed; the message holds what it said.</exception>
    public static async Task<EncryptionResult> OpenAsync(string device, string name, string passphrase, bool discard) => Read(
        await RunLockedAsync(device, "cryptsetup", passphrase, ["open", "--type", "luks2", "--key-file=-", .. discard ? ["--allow-discards"] : Array.Empty<string>(), device, name]),
        $"{device} cannot be opened");

    /// <summary>Makes a mapping as large as its device allows.</summary>
    /// <param name="name">Name of the mapping.</param>
    /// <param name="passphrase">Opens a key slot: the kernel does not give the key back that it holds.</param>
    /// <exception cref="IOException">cryptsetup is missing or failed; the message holds what it said.</exception>
    public static async Task<EncryptionResult> ResizeAsync(string name, string passphrase) =>
        Read(await RunAsync(passphrase, "resize", "--key-file=-", name), $"{name} cannot be resized");

    /// <summary>Removes a mapping, and the key from the kernel. Success when there is none.</summary>
    /// <exception cref="IOException">cryptsetup is missing or failed; the message holds what it said.</exception>
    public static async Task<EncryptionResult> CloseAsync(string name)
    {
        var result = await RunAsync("", "close", name);
        return result.ExitCode == NoSuchDevice ? EncryptionResult.Done : Read(result, $"{name} cannot be closed");
    }

    private static EncryptionResult Read(ToolResult result, string failed) => result.ExitCode switch
    {
        0 => EncryptionResult.Done,
        NoPermission => EncryptionResult.WrongPassphrase,
        AlreadyThereOrBusy or LockTaken => EncryptionResult.Busy,
        _ => throw new IOException($"{failed}: {result.Summary}"),
    };

    private static Task<ToolResult> RunLockedAsync(string device, string program, string input = "", params string[] words) =>
        Tool.RunAsync("flock", ["--wait", LockPatience, "--conflict-exit-code", Text(LockTaken), device, program, .. words], input, WithoutUdev);

    private static Task<ToolResult> RunAsync(string passphrase, params string[] words) => Tool.RunAsync("cryptsetup", words, passphrase, WithoutUdev);

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
