using System.Security.Cryptography.X509Certificates;

namespace CsiTcmu.Kubernetes.Client;

/// <summary>Where the API server is and how it knows us.</summary>
public sealed record ClusterConfiguration
{
    private const string AccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>Address of the server.</summary>
    public required Uri Server { get; init; }

    /// <summary>Certificates that the server's must come from; empty for the system's.</summary>
    public X509Certificate2Collection Authorities { get; init; } = [];

    /// <summary>What each request shows; null for none.</summary>
    public ITokenSource? Token { get; init; }

    /// <summary>Certificate that the connection shows; null for none.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>The cluster that this process runs in, by its service account.</summary>
    /// <param name="folder">The account's folder; null for the usual one.</param>
    /// <param name="variable">Reads environment variables; null for this process's.</param>
    /// <exception cref="InvalidOperationException">This process is not in a cluster, or its account is not mounted.</exception>
    public static ClusterConfiguration InCluster(string? folder = null, Func<string, string?>? variable = null)
    {
        folder ??= AccountFolder;
        variable ??= Environment.GetEnvironmentVariable;
        var (host, port) = (variable("KUBERNETES_SERVICE_HOST"), variable("KUBERNETES_SERVICE_PORT"));
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port))
            throw new InvalidOperationException("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: run in a cluster, or give --kubeconfig");
        var (token, authority) = (Path.Combine(folder, "token"), Path.Combine(folder, "ca.crt"));
        if (!File.Exists(token) || !File.Exists(authority))
            throw new InvalidOperationException($"{folder} has no token and ca.crt: let the pod mount its service account (automountServiceAccountToken)");

        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(authority);
        return new ClusterConfiguration
        {
            // An IPv6 address needs its brackets.
            Server = new Uri($"https://{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{port}/"),
            Authorities = authorities,
            Token = new TokenFile(token, TimeProvider.System),
        };
    }
}
