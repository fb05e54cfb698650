using System.Net.Sockets;

namespace CsiTcmu.Grpc.Tests;

/// <summary>Endpoints, and the socket file's life.</summary>
public sealed class SocketTests : IDisposable
{
    private static readonly byte[] Hello = RawClient.Frame(new EchoRequest { Text = "hello" });

    private readonly string _directory = Directory.CreateTempSubdirectory("sock-").FullName;

    private string SocketPath => Path.Combine(_directory, "s.sock");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("unix:///run/csi/csi.sock")]
    [InlineData("unix:/run/csi/csi.sock")]
    [InlineData("/run/csi/csi.sock")]
    public void Three_forms_name_a_socket(string endpoint) => Assert.Equal("/run/csi/csi.sock", UnixEndpoint.ParsePath(endpoint));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("csi.sock")]
    [InlineData("unix:csi.sock")]
    [InlineData("unix://csi.sock")]
    [InlineData("unix://host/csi.sock")]
    [InlineData("unix:")]
    [InlineData("unix:///")]
    [InlineData("/run/csi/")]
    [InlineData("tcp://127.0.0.1:9000")]
    [InlineData("http://localhost/")]
    [InlineData("127.0.0.1:9000")]
    [InlineData("unix-abstract:csi")]
    [InlineData("/run/\0/csi.sock")]
    public void Other_forms_are_refused_with_the_forms_that_are_not(string endpoint)
    {
        var refusal = Assert.Throws<ArgumentException>(() => new GrpcServer(new GrpcServerOptions { Endpoint = endpoint }));
        Assert.Contains("unix:///path/to/name.sock, unix:/path/to/name.sock or /path/to/name.sock", refusal.Message);
    }

    [Fact]
    public void A_path_of_107_bytes_fits_and_one_of_108_does_not()
    {
        Assert.Equal(107, UnixEndpoint.ParsePath("/" + new string('a', 106)).Length);
        var refusal = Assert.Throws<ArgumentException>(() => UnixEndpoint.ParsePath("unix:///" + new string('a', 105) + "é"));
        Assert.Contains("has 108 bytes, and Linux takes at most 107", refusal.Message);
    }

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(1, 0, 1)]
    [InlineData(1, 1, 0)]
    public void Limits_below_one_are_refused(int receive, int send, int streams) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new GrpcServer(new GrpcServerOptions
        {
            Endpoint = SocketPath,
            MaxReceiveMessageSize = receive,
            MaxSendMessageSize = send,
            MaxStreamsPerConnection = streams,
        }));

    [Fact]
    public async Task The_longest_path_can_be_listened_on()
    {
        var path = Path.Combine(_directory, new string('a', UnixEndpoint.MaxPathLength - _directory.Length - 1));
        await using var server = await StartAsync(path);
        await AssertServesAsync(path);
    }

    [Fact]
    public async Task The_directory_is_made_and_the_socket_is_for_owner_and_group()
    {
        var path = Path.Combine(_directory, "a/b/csi.sock");
        await using var server = await StartAsync(path);

        const UnixFileMode readWrite = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;
        Assert.Equal(readWrite, File.GetUnixFileMode(path));
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(Path.GetDirectoryName(path)!) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute));
    }

    [Fact]
    public async Task The_mode_of_the_socket_can_be_chosen()
    {
        await using var server = new GrpcServer(new GrpcServerOptions { Endpoint = SocketPath, SocketMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
        await server.StartAsync();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(SocketPath));
    }

    [Fact]
    public async Task A_socket_left_by_a_dead_process_is_replaced()
    {
        LeaveStaleSocket(SocketPath);
        Assert.True(File.Exists(SocketPath));
        await using var server = await StartAsync(SocketPath);
        await AssertServesAsync(SocketPath);
    }

    [Fact]
    public async Task A_socket_somebody_listens_on_is_left_alone()
    {
        await using var first = await StartAsync(SocketPath);
        await using var second = new GrpcServer(new GrpcServerOptions { Endpoint = SocketPath });
        var refusal = await Assert.ThrowsAsync<IOException>(() => second.StartAsync());

        Assert.Equal($"Another process listens on {SocketPath}. Stop it or choose another path.", refusal.Message);
        await second.DisposeAsync();
        await AssertServesAsync(SocketPath);
    }

    [Fact]
    public async Task A_listener_whose_backlog_is_full_counts_as_alive()
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        listener.Listen(1);
        var clients = new List<Socket>();
        try
        {
            while (true)
            {
                clients.Add(new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false });
                clients[^1].Connect(new UnixDomainSocketEndPoint(SocketPath));
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock)
        {
            // Full.
        }

        await using var server = new GrpcServer(new GrpcServerOptions { Endpoint = SocketPath });
        Assert.StartsWith("Another process listens on", (await Assert.ThrowsAsync<IOException>(() => server.StartAsync())).Message);
        Assert.True(File.Exists(SocketPath));
        clients.ForEach(client => client.Dispose());
    }

    [Theory]
    [InlineData("file")]
    [InlineData("directory")]
    [InlineData("link")]
    [InlineData("dangling link")]
    public async Task What_is_not_a_socket_is_left_alone(string kind)
    {
        switch (kind)
        {
            case "file":
                await File.WriteAllTextAsync(SocketPath, "keep me");
                break;
            case "directory":
                Directory.CreateDirectory(SocketPath);
                break;
            case "link":
                LeaveStaleSocket(SocketPath + ".real");
                File.CreateSymbolicLink(SocketPath, SocketPath + ".real");
                break;
            default:
                File.CreateSymbolicLink(SocketPath, "/nowhere/at/all");
                break;
        }

        await using var server = new GrpcServer(new GrpcServerOptions { Endpoint = SocketPath });
        var refusal = await Assert.ThrowsAsync<IOException>(() => server.StartAsync());
        Assert.Equal($"Cannot listen on {SocketPath}: something that is not a socket is there. Remove it or choose another path.", refusal.Message);
        Assert.Single(Directory.GetFileSystemEntries(_directory, "s.sock"));
    }

    [Fact]
    public async Task A_directory_that_cannot_be_made_is_named()
    {
        await File.WriteAllTextAsync(Path.Combine(_directory, "file"), "");
        var path = Path.Combine(_directory, "file/csi.sock");
        await using var server = new GrpcServer(new GrpcServerOptions { Endpoint = path });
        Assert.Contains($"Cannot make the directory of the socket {path}", (await Assert.ThrowsAsync<IOException>(() => server.StartAsync())).Message);
    }

    [Fact]
    public async Task The_file_goes_with_the_server_and_the_path_can_be_used_again()
    {
        for (var round = 0; round < 3; round++)
        {
            await using (var server = await StartAsync(SocketPath))
                await AssertServesAsync(SocketPath);
            Assert.False(File.Exists(SocketPath));
        }
    }

    [Fact]
    public async Task No_tcp_port_is_opened_whatever_the_environment_says()
    {
        Environment.SetEnvironmentVariable("ASPNETCORE_URLS", "http://127.0.0.1:0");
        Environment.SetEnvironmentVariable("Kestrel__Endpoints__Http__Url", "http://127.0.0.1:0");
        var before = ListeningTcpSockets();
        await using var server = await StartAsync(SocketPath);
        Assert.Equal(before, ListeningTcpSockets());

        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        Assert.NotEqual(before, ListeningTcpSockets());
    }

    [Fact]
    public async Task A_service_is_added_once_and_before_the_start()
    {
        await using var twice = new GrpcServer(new GrpcServerOptions { Endpoint = SocketPath })
            .AddService(Wire.BindService(new WireService()))
            .AddService(Wire.BindService(new WireService()));
        Assert.Contains("/csitcmu.test.Wire/Echo is served twice", (await Assert.ThrowsAsync<InvalidOperationException>(() => twice.StartAsync())).Message);
        Assert.False(File.Exists(SocketPath));

        await using var server = new GrpcServer(new GrpcServerOptions { Endpoint = SocketPath });
        await server.StartAsync();
        Assert.Throws<InvalidOperationException>(() => server.AddService(Wire.BindService(new WireService())));
        await Assert.ThrowsAsync<InvalidOperationException>(() => server.StartAsync());
    }

    /// <summary>The inodes of this process' TCP sockets that listen.</summary>
    private static SortedSet<string> ListeningTcpSockets()
    {
        const string prefix = "socket:[", listening = "0A";
        var mine = Directory.GetFiles("/proc/self/fd")
            .Select(link => new FileInfo(link).LinkTarget)
            .Where(target => target?.StartsWith(prefix) == true)
            .Select(target => target![prefix.Length..^1])
            .ToHashSet();
        return [.. new[] { "/proc/self/net/tcp", "/proc/self/net/tcp6" }
            .Where(File.Exists)
            .SelectMany(file => File.ReadLines(file).Skip(1))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields[3] == listening && mine.Contains(fields[9]))
            .Select(fields => fields[9])];
    }

    private static async Task<GrpcServer> StartAsync(string path)
    {
        var server = new GrpcServer(new GrpcServerOptions { Endpoint = path }).AddService(Wire.BindService(new WireService()));
        await server.StartAsync();
        return server;
    }

    private static async Task AssertServesAsync(string path)
    {
        using var client = new RawClient(path);
        Assert.Equal("0", (await client.SendAsync(RawClient.Echo, Hello)).Status);
    }

    private static void LeaveStaleSocket(string path)
    {
        // A killed process leaves its file behind; .NET removes it when a socket is disposed, so another name keeps it alive.
        using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
            File.Move(path, path + ".kept");
        }

        File.Move(path + ".kept", path);
    }
}
