using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using CsiTcmu.Kubernetes.Client;

[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace CsiTcmu.Kubernetes.Tests.Support;

/// <summary>A real kube-apiserver on a real etcd, of their own folder and ports, with the driver's resource definitions.</summary>
public sealed class ApiServer : IAsyncLifetime
{
    /// <summary>The service accounts of the chart.</summary>
    public const string ControllerAccount = "system:serviceaccount:csi-tcmu:csi-tcmu-controller";
    public const string NodeAccount = "system:serviceaccount:csi-tcmu:csi-tcmu-node";
    public const string TestAccount = "system:serviceaccount:csi-tcmu:csi-tcmu-test";

    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(2);
    private readonly string _folder = Directory.CreateTempSubdirectory("kube-").FullName;
    private readonly Dictionary<string, string> _tokens = new(StringComparer.Ordinal)
    {
        ["admin"] = "admin-token",
        [ControllerAccount] = "controller-token",
        [NodeAccount] = "node-token",
        [TestAccount] = "test-token",
    };

    private Process? _etcd;
    private Process? _server;
    private int _etcdPort;
    private int _port;

    /// <summary>True when there are binaries to run.</summary>
    public bool IsAvailable => Binaries.Folder is not null;

    /// <summary>An administrator.</summary>
    public ApiClient Admin { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        if (!IsAvailable) return;
        WriteCertificates();
        await File.WriteAllLinesAsync(
            Path.Combine(_folder, "tokens.csv"),
            _tokens.Select(pair => $"{pair.Value},{pair.Key},{pair.Key}" + (pair.Key == "admin" ? ",\"system:masters\"" : "")));
        (_etcdPort, _port) = (FreePort(), FreePort());
        _etcd = Start(
            "etcd", "--data-dir", Path.Combine(_folder, "etcd"), "--unsafe-no-fsync", "--listen-peer-urls", $"http://127.0.0.1:{FreePort()}",
            "--listen-client-urls", $"http://127.0.0.1:{_etcdPort}", "--advertise-client-urls", $"http://127.0.0.1:{_etcdPort}");
        await StartServerAsync();
        Admin = Client("admin");
        foreach (var definition in Manifests.Definitions()) await DefineAsync(definition);
    }

    public async ValueTask DisposeAsync()
    {
        await StopServerAsync();
        await StopAsync(_etcd);
        Admin?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A client of that user.</summary>
    public ApiClient Client(string user) => new(Configuration(user));

    public ClusterConfiguration Configuration(string user) => new()
    {
        Server = new Uri($"https://127.0.0.1:{_port}/"),
        Authorities = [Authority()],
        Token = new FixedToken(_tokens[user]),
    };

    /// <summary>What makes kubectl that user.</summary>
    public string[] KubectlOptions(string user) => [$"--server=https://127.0.0.1:{_port}", $"--certificate-authority={In("ca.crt")}", $"--token={_tokens[user]}"];

    /// <summary>Sends anything as an administrator.</summary>
    public async Task<(HttpStatusCode Code, string Body)> SendAsync(HttpMethod method, string path, string? body = null, string type = "application/json")
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(Authority());
        using var handler = new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = policy } };
        using var http = new HttpClient(handler);
        using var request = new HttpRequestMessage(method, $"https://127.0.0.1:{_port}/{path}");
        request.Headers.Authorization = new("Bearer", _tokens["admin"]);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, type);
        using var response = await http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public async Task StopServerAsync()
    {
        await StopAsync(_server);
        _server = null;
    }

    public async Task StartServerAsync()
    {
        _server = Start(
            "kube-apiserver", "--etcd-servers", $"http://127.0.0.1:{_etcdPort}", "--secure-port", $"{_port}", "--bind-address", "127.0.0.1",
            "--advertise-address", "127.0.0.1", "--cert-dir", _folder, "--tls-cert-file", In("server.crt"), "--tls-private-key-file", In("server.key"),
            "--token-auth-file", In("tokens.csv"), "--authorization-mode", "RBAC", "--service-account-issuer", "https://tests",
            "--service-account-signing-key-file", In("server.key"), "--service-account-key-file", In("server.key"),
            "--disable-admission-plugins", "ServiceAccount", "--allow-privileged", "--service-cluster-ip-range", "10.0.0.0/24");
        var patience = Stopwatch.StartNew();
        while (!await AnswersAsync())
        {
            if (_server.HasExited || patience.Elapsed > StartPatience) throw new InvalidOperationException($"kube-apiserver does not start:\n{Log("kube-apiserver")}");
            await Task.Delay(200);
        }
    }

    /// <summary>Applies an object at a path as an administrator.</summary>
    /// <param name="path">The path of its collection.</param>
    /// <param name="manifest">The object.</param>
    /// <param name="strict">Refuse fields that are not known.</param>
    /// <param name="dry">Only check it.</param>
    public async Task ApplyAsync(string path, JsonObject manifest, bool strict = false, bool dry = false)
    {
        var options = $"fieldManager=tests&force=true{(strict ? "&fieldValidation=Strict" : "")}{(dry ? "&dryRun=All" : "")}";
        var (code, body) = await SendAsync(HttpMethod.Patch, $"{path}/{manifest["metadata"]!["name"]}?{options}", manifest.ToJsonString(), "application/apply-patch+yaml");
        Assert.True(code is HttpStatusCode.OK or HttpStatusCode.Created, $"{manifest["kind"]} {manifest["metadata"]!["name"]}: {body}");
    }

    private async Task DefineAsync(JsonObject definition)
    {
        const string path = "apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        await ApplyAsync(path, definition);
        var name = (string)definition["metadata"]!["name"]!;
        for (var attempt = 0; ; attempt++)
        {
            var (_, body) = await SendAsync(HttpMethod.Get, $"{path}/{name}");
            var conditions = JsonNode.Parse(body)!["status"]?["conditions"]?.AsArray();
            if (conditions?.Any(condition => (string?)condition!["type"] == "Established" && (string?)condition["status"] == "True") == true) break;
            Assert.True(attempt < 100, $"{name} is not established: {body}");
            await Task.Delay(100);
        }

        // Established a moment before it is served.
        for (var attempt = 0; attempt < 100; attempt++)
        {
            var (code, _) = await SendAsync(HttpMethod.Get, $"apis/csi-tcmu.io/v1alpha1/{definition["spec"]!["names"]!["plural"]}");
            if (code == HttpStatusCode.OK) return;
            await Task.Delay(100);
        }
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            return (await SendAsync(HttpMethod.Get, "readyz")).Code == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private Process Start(string program, params string[] arguments)
    {
        var log = In(program + ".log");
        var start = new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1", "-", log, Path.Combine(Binaries.Folder!, program) } };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    private static async Task StopAsync(Process? process)
    {
        if (process is null) return;
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private void WriteCertificates()
    {
        using var authorityKey = RSA.Create(2048);
        var authorityRequest = new CertificateRequest("CN=tests", authorityKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var (from, to) = (DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var authority = authorityRequest.CreateSelfSigned(from, to);

        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=kube-apiserver", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(authority, from, to, [1]);
        File.WriteAllText(In("ca.crt"), authority.ExportCertificatePem());
        File.WriteAllText(In("server.crt"), certificate.ExportCertificatePem());
        File.WriteAllText(In("server.key"), key.ExportPkcs8PrivateKeyPem());
    }

    private X509Certificate2 Authority() => X509CertificateLoader.LoadCertificateFromFile(In("ca.crt"));

    private string In(string name) => Path.Combine(_folder, name);

    private string Log(string program) => string.Join('\n', File.ReadLines(In(program + ".log")).TakeLast(30));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>The tests that share the server.</summary>
[CollectionDefinition(nameof(ApiServer))]
public sealed class ApiServerCollection : ICollectionFixture<ApiServer>;
