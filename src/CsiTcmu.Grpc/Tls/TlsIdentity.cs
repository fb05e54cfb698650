using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace CsiTcmu.Grpc;

/// <summary>
/// A certificate and its authority, from a folder in the form in which a secret of type <c>kubernetes.io/tls</c> is mounted: <c>tls.crt</c>, <c>tls.key</c>,
/// <c>ca.crt</c>. Both sides of a connection show one, and take only one of the same authority that carries the name. The files are read at each connection,
/// since certificates are renewed.
/// </summary>
/// <param name="folder">The folder.</param>
/// <param name="name">DNS name that the certificates of both sides carry.</param>
public sealed class TlsIdentity(string folder, string name)
{
    /// <summary>DNS name that the certificates of both sides carry.</summary>
    public string Name { get; } = name;

    /// <summary>Reads the files.</summary>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A file is no certificate, or no key of it.</exception>
    public void Check()
    {
        _ = ReadAuthority();
        _ = ReadCertificate();
    }

    internal SslServerAuthenticationOptions ForServer() => new()
    {
        ServerCertificateContext = ReadCertificate(),
        ClientCertificateRequired = true,
        CertificateChainPolicy = ReadAuthority(),
        RemoteCertificateValidationCallback = IsOurs,
        EnabledSslProtocols = SslProtocols.Tls13,
    };

    internal SslClientAuthenticationOptions ForClient() => new()
    {
        TargetHost = Name,
        ClientCertificateContext = ReadCertificate(),
        CertificateChainPolicy = ReadAuthority(),
        RemoteCertificateValidationCallback = IsOurs,
        EnabledSslProtocols = SslProtocols.Tls13,
    };

    /// <summary>The authority may be one that others have certificates of as well, so the name is looked at on both sides.</summary>
    private bool IsOurs(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        errors == SslPolicyErrors.None && certificate is X509Certificate2 shown && shown.MatchesHostname(Name);

    private SslStreamCertificateContext ReadCertificate()
    {
        var file = Path.Combine(folder, "tls.crt");
        X509Certificate2Collection chain = [];
        chain.ImportFromPemFile(file);
        return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(file, Path.Combine(folder, "tls.key")), chain, offline: true);
    }

    private X509ChainPolicy ReadAuthority()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(Path.Combine(folder, "ca.crt"));
        return policy;
    }
}
