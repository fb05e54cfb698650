namespace CsiTcmu.Volumes;

/// <summary>
/// Where the next page of a list begins: behind the last id of the page before, so that a token stays good while things come and go. Its first
/// character is one that no id has, so that an id, or any other word, is not taken for a token; it is as long as the id, for which there is a limit.
/// </summary>
public static class PageToken
{
    private const string First = "abcdefghijklmnopqrstuvwxyz0123456789"; // what an id begins with
    private const string Marked = "ABCDEFGHIJKLMNOPQRSTUVWXYZ!#$%&()*+,";

    /// <summary>The token of the page behind an id.</summary>
    public static string Behind(string id) => Marked[First.IndexOf(id[0])] + id[1..];

    /// <summary>The id behind which a page begins; empty for no token.</summary>
    /// <exception cref="VolumeException">Aborted: it is no token of ours.</exception>
    public static string Read(string token)
    {
        if (token.Length == 0) return "";
        var first = Marked.IndexOf(token[0]);
        var id = first < 0 ? "" : First[first] + token[1..];
        return VolumeId.IsValid(id)
            ? id
            : throw new VolumeException(VolumeError.Aborted, "the page token is none that this driver gave out; begin again without one");
    }
}
