namespace CsiTcmu.Kubernetes.Tests.Support;

/// <summary>
/// A kube-apiserver and an etcd: from the folder that KUBEBUILDER_ASSETS names, else from the newest folder <c>kubernetes-*</c> of the cache.
/// </summary>
internal static class Binaries
{
    /// <summary>Why the tests with an API server are skipped, when they are.</summary>
    public const string Missing = "there is no kube-apiserver and etcd: set KUBEBUILDER_ASSETS to a folder that holds them";

    /// <summary>The project's cache.</summary>
    public static string Cache { get; } = Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } home
            ? home
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "csi-tcmu");

    /// <summary>The folder; null when there is none.</summary>
    public static string? Folder { get; } = Find();

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("KUBEBUILDER_ASSETS") is { Length: > 0 } given)
        {
            // What was asked for by name and is not there is a mistake, not a reason to skip.
            return IsComplete(given) ? given : throw new FileNotFoundException($"KUBEBUILDER_ASSETS is {given}, which has no kube-apiserver or no etcd");
        }

        return Directory.Exists(Cache)
            ? Directory.GetDirectories(Cache, "kubernetes-*").Where(IsComplete).OrderByDescending(Directory.GetCreationTimeUtc).FirstOrDefault()
            : null;
    }

    private static bool IsComplete(string folder) => File.Exists(Path.Combine(folder, "kube-apiserver")) && File.Exists(Path.Combine(folder, "etcd"));
}
