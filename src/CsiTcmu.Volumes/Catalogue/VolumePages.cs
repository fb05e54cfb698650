namespace CsiTcmu.Volumes;

/// <summary>Pages of volumes. A token is the last id of the page before, so that it stays good while volumes come and go.</summary>
internal static class VolumePages
{
    /// <summary>Refuses a page that cannot be.</summary>
    /// <exception cref="VolumeException">InvalidArgument: the maximum is negative; Aborted: the token is not one of ours.</exception>
    public static void Check(int maximum, string token)
    {
        if (maximum < 0) throw new VolumeException(VolumeError.InvalidArgument, $"a page of {maximum} volumes cannot be; ask for 0 (all) or more");
        if (token.Length > 0 && !VolumeId.IsValid(token))
            throw new VolumeException(VolumeError.Aborted, "the page token is none that this driver gave out; begin again without one");
    }
}
