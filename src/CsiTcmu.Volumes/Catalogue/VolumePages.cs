namespace CsiTcmu.Volumes;

/// <summary>Pages of volumes.</summary>
internal static class VolumePages
{
    /// <summary>Refuses a page that cannot be.</summary>
    /// <exception cref="VolumeException">InvalidArgument: the maximum is negative.</exception>
    public static void Check(int maximum)
    {
        if (maximum < 0) throw new VolumeException(VolumeError.InvalidArgument, $"a page of {maximum} volumes cannot be; ask for 0 (all) or more");
    }
}
