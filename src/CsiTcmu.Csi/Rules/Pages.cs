using System.Text;
using Grpc.Core;

namespace CsiTcmu.Csi.Rules;

/// <summary>Rules of lists that come page by page.</summary>
internal static class Pages
{
    /// <summary>INVALID_ARGUMENT for a negative maximum; ABORTED for a token that no page ever had, so that the caller begins again.</summary>
    public static void Check(int maximum, string token)
    {
        if (maximum < 0) throw CsiErrors.InvalidArgument($"max_entries is negative: {maximum}");
        if (Encoding.UTF8.GetByteCount(token) > Fields.MaximumString)
            throw CsiErrors.Error(StatusCode.Aborted, "starting_token is not a token of ours; begin again without it");
    }
}
