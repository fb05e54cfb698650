using System.Security.Cryptography.X509Certificates;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace CsiTcmu.Kubernetes.Client;

/// <summary>
/// Reads a kubeconfig: server, certificates and tokens, in the file or beside it. Programs that print credentials (<c>exec</c>) are not run.
/// </summary>
public static class Kubeconfig
{
    /// <summary>The cluster of the current context.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FormatException">It is none, or needs what is not supported; the message names the field.</exception>
    public static ClusterConfiguration Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return Parse(File.ReadAllText(path), Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch (YamlException cause)
        {
            throw new FormatException($"{path} is not YAML: {cause.Message}", cause);
        }
    }

    /// <summary>Reads the text of a kubeconfig.</summary>
    /// <param name="text">The text.</param>
    /// <param name="folder">Folder that relative paths in it begin at.</param>
    internal static ClusterConfiguration Parse(string text, string folder)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        if (stream.Documents is not [{ RootNode: YamlMappingNode root }, ..]) throw new FormatException("the kubeconfig is empty");
        var context = Named(root, "contexts", "context", Text(root, "current-context") ?? throw Missing("current-context"));
        var cluster = Named(root, "clusters", "cluster", Text(context, "cluster") ?? throw Missing("context.cluster"));
        var user = Named(root, "users", "user", Text(context, "user") ?? throw Missing("context.user"));
        foreach (var unsupported in new[] { "exec", "auth-provider", "username" })
        {
            if (user.Children.ContainsKey(unsupported))
                throw new FormatException($"users.user.{unsupported} of the kubeconfig is not supported; use a token or a client certificate");
        }

        if (Text(cluster, "insecure-skip-tls-verify") == "true")
            throw new FormatException("cluster.insecure-skip-tls-verify of the kubeconfig is not supported; give the cluster's certificate-authority");
        return new ClusterConfiguration
        {
            Server = Uri.TryCreate(Text(cluster, "server"), UriKind.Absolute, out var server)
                ? new Uri(server.AbsoluteUri.TrimEnd('/') + "/")
                : throw Missing("cluster.server"),
            Authorities = Authorities(cluster, folder),
            Token = Token(user, folder),
            Certificate = Certificate(user, folder),
        };
    }

    private static X509Certificate2Collection Authorities(YamlMappingNode cluster, string folder)
    {
        var authorities = new X509Certificate2Collection();
        if (Pem(cluster, "certificate-authority", folder) is { } pem) authorities.ImportFromPem(pem);
        return authorities;
    }

    private static ITokenSource? Token(YamlMappingNode user, string folder)
    {
        if (Text(user, "token") is { } token) return new FixedToken(token);
        return Text(user, "tokenFile") is { } file ? new TokenFile(Path.Combine(folder, file), TimeProvider.System) : null;
    }

    private static X509Certificate2? Certificate(YamlMappingNode user, string folder) =>
        Pem(user, "client-certificate", folder) is { } certificate
            ? X509Certificate2.CreateFromPem(certificate, Pem(user, "client-key", folder) ?? throw Missing("user.client-key"))
            : null;

    /// <summary>PEM that is in the file as base64 (<c>NAME-data</c>) or in a file of its own.</summary>
    private static string? Pem(YamlMappingNode node, string name, string folder)
    {
        if (Text(node, name + "-data") is { } data) return Encoding.UTF8.GetString(Convert.FromBase64String(data));
        return Text(node, name) is { } file ? File.ReadAllText(Path.Combine(folder, file)) : null;
    }

    private static YamlMappingNode Named(YamlMappingNode root, string list, string field, string name)
    {
        var found = root.Children.TryGetValue(list, out var entries) && entries is YamlSequenceNode sequence
            ? sequence.OfType<YamlMappingNode>().FirstOrDefault(entry => Text(entry, "name") == name)
            : null;
        return found?.Children.TryGetValue(field, out var value) == true && value is YamlMappingNode mapping
            ? mapping
            : throw new FormatException($"the kubeconfig has no {field} '{name}' in {list}");
    }

    private static string? Text(YamlMappingNode node, string key) =>
        node.Children.TryGetValue(key, out var value) && value is YamlScalarNode { Value.Length: > 0 } scalar ? scalar.Value : null;

    private static FormatException Missing(string field) => new($"the kubeconfig has no {field}");
}
