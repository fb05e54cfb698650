using CsiTcmu.Backstores;
using CsiTcmu.Scsi;

namespace CsiTcmu.DataPlane;

/// <summary>What an initiator is told when the backstore fails.</summary>
internal static class SenseMapping
{
    private const int IoError = 5;
    private const int NoSpace = 28;
    private const int ReadOnlyFileSystem = 30;
    private const int QuotaExceeded = 122;

    /// <summary>True when the backstore has no space left.</summary>
    public static bool IsNoSpace(int error) => -error is NoSpace or QuotaExceeded;

    /// <summary>The sense code for a request that ended with <paramref name="error"/> (<c>-errno</c>).</summary>
    public static SenseCode FromError(int error, BackstoreOperation operation) => -error switch
    {
        // The initiator's file system sees ENOSPC and not a broken disk.
        NoSpace or QuotaExceeded => SenseCode.SpaceAllocationFailed,
        ReadOnlyFileSystem => SenseCode.WriteProtected,
        IoError when operation == BackstoreOperation.Read => SenseCode.UnrecoveredReadError,
        IoError => SenseCode.WriteError,
        _ => SenseCode.InternalTargetFailure,
    };
}
