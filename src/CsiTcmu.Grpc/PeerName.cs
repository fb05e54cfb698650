using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace CsiTcmu.Grpc;

/// <summary>Names the process at the other end of a unix socket, found once for a connection.</summary>
internal static class PeerName
{
    private const string Unknown = "unix:";

    private static readonly object Key = new();

    /// <summary>Finds the name and keeps it with the connection.</summary>
    /// <param name="connection">The connection.</param>
    public static void Attach(ConnectionContext connection)
    {
        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket)
            connection.Items[Key] = Of(socket);
    }

    /// <summary>The name of the process that made a request.</summary>
    /// <param name="http">The request.</param>
    /// <returns>For example <c>unix:pid=1,uid=0,gid=0</c>.</returns>
    public static string Of(HttpContext http) =>
        http.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(Key, out var peer) == true ? (string)peer! : Unknown;

    private static string Of(Socket socket)
    {
        // SO_PEERCRED of unix(7): struct ucred { pid_t pid; uid_t uid; gid_t gid; }, as they were at connect(2).
        const int solSocket = 1, soPeerCredentials = 17;
        Span<byte> credentials = stackalloc byte[12];
        try
        {
            if (socket.GetRawSocketOption(solSocket, soPeerCredentials, credentials) != credentials.Length)
                return Unknown;
        }
        catch (SocketException)
        {
            return Unknown;
        }

        var fields = MemoryMarshal.Cast<byte, int>(credentials);
        return $"unix:pid={fields[0]},uid={(uint)fields[1]},gid={(uint)fields[2]}";
    }
}
