using System.Diagnostics;

namespace CsiTcmu.Tcmu;

/// <summary>Gives a TCMU device its uio device, and takes it away, without two devices meeting at one name.</summary>
/// <remarks>
/// The kernel gives the number of a uio device that goes back before its name is gone from sysfs (uio_unregister_device in
/// drivers/uio/uio.c). A device that is enabled in between gets that number, finds the name taken, and is refused with EEXIST, with a stack
/// trace in the kernel log.
/// <para>1. In one process, enabling and removing take turns. Nobody waits longer than <see cref="Patience"/> for a turn: a removal that
/// hangs in the kernel must not stop other devices from being made.</para>
/// <para>2. Against other processes the refusal is met by asking again. A refused device is as it was before.</para>
/// </remarks>
internal static class UioNames
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly Lock Turn = new();

    /// <summary>Enables the device of a folder of configfs.</summary>
    /// <exception cref="TargetException">The kernel refuses.</exception>
    public static void Enable(string folder) => InTurn(() =>
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                KernelFiles.Write($"{folder}/enable", "1");
                return;
            }
            catch (TargetException e) when (e.Error == Errno.Exists && Stopwatch.GetElapsedTime(started) < Patience)
            {
                // The name goes within milliseconds, and the kernel tells nobody. The thread is one that waits for the kernel anyway, in the write.
                Thread.Sleep(10);
            }
        }
    });

    /// <summary>Removes the device of a folder of configfs; one that is not there is fine.</summary>
    /// <exception cref="TargetException">It cannot be removed.</exception>
    public static void Remove(string folder) => InTurn(() => KernelFiles.RemoveFolder(folder));

    private static void InTurn(Action change)
    {
        var isMine = Turn.TryEnter(Patience);
        try
        {
            change();
        }
        finally
        {
            if (isMine) Turn.Exit();
        }
    }
}
