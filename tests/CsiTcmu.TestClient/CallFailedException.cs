using Grpc.Core;

namespace CsiTcmu.TestClient;

/// <summary>A call that ended with another status than OK.</summary>
/// <param name="method">The path of the method.</param>
/// <param name="code">The code.</param>
/// <param name="detail">The message of the status, decoded.</param>
public sealed class CallFailedException(string method, StatusCode code, string detail) : Exception($"{method}: {code}: {detail}")
{
    /// <summary>The code.</summary>
    public StatusCode Code { get; } = code;

    /// <summary>The message of the status, decoded.</summary>
    public string Detail { get; } = detail;
}
