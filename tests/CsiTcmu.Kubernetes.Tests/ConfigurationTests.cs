using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CsiTcmu.Kubernetes.Client;

namespace CsiTcmu.Kubernetes.Tests;

public sealed class ConfigurationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("config-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("10.0.0.1", "https://10.0.0.1:6443/")]
    [InlineData("fd00::1", "https://[fd00::1]:6443/")]
    public void In_cluster_configuration_is_the_accounts(string host, string server)
    {
        Write("token", "first\n");
        Write("ca.crt", Certificate().ExportCertificatePem());

        var configuration = ClusterConfiguration.InCluster(_folder, name => name.EndsWith("HOST", StringComparison.Ordinal) ? host : "6443");

        Assert.Equal(server, configuration.Server.AbsoluteUri);
        Assert.Equal("first", configuration.Token!.Read());
        Assert.Single(configuration.Authorities);
    }

    [Fact]
    public void Outside_of_a_cluster_it_says_so()
    {
        Assert.Contains("--kubeconfig", Assert.Throws<InvalidOperationException>(() => ClusterConfiguration.InCluster(_folder, _ => null)).Message, StringComparison.Ordinal);
        Assert.Contains(_folder, Assert.Throws<InvalidOperationException>(() => ClusterConfiguration.InCluster(_folder, _ => "1")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Token_is_read_again_after_a_minute_and_when_refused()
    {
        var time = new ManualTime();
        Write("token", "one");
        var token = new TokenFile(Path.Combine(_folder, "token"), time);
        Assert.Equal("one", token.Read());
        Write("token", "two");
        Assert.Equal("one", token.Read());
        time.Seconds = 61;
        Assert.Equal("two", token.Read());
        Write("token", "three");
        token.Refused();
        Assert.Equal("three", token.Read());

        File.Delete(Path.Combine(_folder, "token"));
        time.Seconds = 200;
        Assert.Equal("three", token.Read());
    }

    [Fact]
    public void Kubeconfig_is_read()
    {
        using var certificate = Certificate();
        Write("ca.crt", certificate.ExportCertificatePem());
        var key = certificate.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem();
        var configuration = Kubeconfig.Parse(
            $$$"""
            apiVersion: v1
            kind: Config
            current-context: mine
            contexts:
            - {name: other, context: {cluster: none, user: none}}
            - {name: mine, context: {cluster: here, user: me}}
            clusters:
            - name: here
              cluster: {server: "https://example.test:6443/path", certificate-authority: ca.crt}
            users:
            - name: me
              user:
                token: secret
                client-certificate-data: {{{Base64(certificate.ExportCertificatePem())}}}
                client-key-data: {{{Base64(key)}}}
            """,
            _folder);

        Assert.Equal("https://example.test:6443/path/", configuration.Server.AbsoluteUri);
        Assert.Equal("secret", configuration.Token!.Read());
        Assert.Equal(certificate.Thumbprint, configuration.Certificate!.Thumbprint);
        Assert.True(configuration.Certificate.HasPrivateKey);
        Assert.Equal(certificate.Thumbprint, configuration.Authorities.Single().Thumbprint);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("current-context: a", "no context 'a' in contexts")]
    [InlineData("current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: 'https://x'}}]", "no user 'u' in users")]
    [InlineData("current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: 'https://x', insecure-skip-tls-verify: true}}]\nusers: [{name: u, user: {token: t}}]", "insecure-skip-tls-verify")]
    [InlineData("current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: 'https://x'}}]\nusers: [{name: u, user: {exec: {command: aws}}}]", "users.user.exec")]
    public void Wrong_kubeconfig_is_told_apart(string text, string says) =>
        Assert.Contains(says, Assert.Throws<FormatException>(() => Kubeconfig.Parse(text, _folder)).Message, StringComparison.Ordinal);

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static X509Certificate2 Certificate()
    {
        var key = RSA.Create(2048);
        return new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);

    private sealed class ManualTime : TimeProvider
    {
        public long Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}
