using FsCheck;

namespace CsiTcmu.Scsi.Tests;

internal static class Properties
{
    /// <summary>Many cases; a failing one is printed with the seed that repeats it.</summary>
    public static Config Many => Config.QuickThrowOnFailure.WithMaxTest(5000).WithStartSize(10).WithEndSize(100);
}
