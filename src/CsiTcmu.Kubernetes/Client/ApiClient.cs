using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using CsiTcmu.Kubernetes.Resources;

namespace CsiTcmu.Kubernetes.Client;

/// <summary>
/// The API server, typed. Every failure is an <see cref="ApiException"/>; one without a code got no answer, so that the request may or
/// may not have been carried out.
/// </summary>
public sealed partial class ApiClient : IDisposable
{
    private const string MergePatch = "application/merge-patch+json";
    private const string ApplyPatch = "application/apply-patch+yaml"; // JSON is YAML.
    private const string JsonContent = "application/json";
    private const int PageSize = 500;
    private static readonly TimeSpan RequestPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(30);

    private readonly ClusterConfiguration _configuration;
    private readonly HttpClient _http;

    /// <summary>A client of that cluster.</summary>
    /// <param name="configuration">Where it is.</param>
    /// <param name="userAgent">How this program names itself.</param>
    public ApiClient(ClusterConfiguration configuration, string userAgent = "csi-tcmu")
    {
        ArgumentNullException.ThrowIfNull(configuration);
        _configuration = configuration;
        _http = new HttpClient(Handler(configuration))
        {
            BaseAddress = configuration.Server,
            Timeout = Timeout.InfiniteTimeSpan, // Watches stay open; other requests have their own limit.
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd(userAgent);
        _http.DefaultRequestHeaders.Accept.ParseAdd(JsonContent);
    }

    /// <summary>The object.</summary>
    /// <exception cref="ApiException">It is not there, or the request failed.</exception>
    public Task<T> GetAsync<T>(ResourceKind<T> kind, string name, string? scope, CancellationToken cancellationToken)
        where T : class, IResource =>
        SendAsync(HttpMethod.Get, kind.Path(scope, name), null, kind.One, cancellationToken);

    /// <summary>The object, or null when there is none.</summary>
    public async Task<T?> FindAsync<T>(ResourceKind<T> kind, string name, string? scope, CancellationToken cancellationToken)
        where T : class, IResource
    {
        try
        {
            return await GetAsync(kind, name, scope, cancellationToken);
        }
        catch (ApiException absent) when (absent.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>All objects, page by page, as of one version.</summary>
    /// <param name="kind">Their kind.</param>
    /// <param name="labels">Label selector; null for all.</param>
    /// <param name="cancellationToken">The caller's patience.</param>
    public async Task<ResourceList<T>> ListAsync<T>(ResourceKind<T> kind, string? labels, CancellationToken cancellationToken)
        where T : class, IResource
    {
        var items = new List<T>();
        string? version = null, token = null;
        do
        {
            var query = $"?limit={PageSize}{Selector(labels)}{(token is null ? "" : "&continue=" + Uri.EscapeDataString(token))}";
            var page = await SendAsync(HttpMethod.Get, kind.Path(null) + query, null, kind.Many, cancellationToken);
            items.AddRange(page.Items);
            (version, token) = (page.Metadata.ResourceVersion, page.Metadata.Continue);
        }
        while (!string.IsNullOrEmpty(token));
        return new ResourceList<T> { Items = items, Metadata = new ListMetadata { ResourceVersion = version } };
    }

    /// <summary>Makes an object.</summary>
    /// <exception cref="ApiException">Among others <see cref="ApiException.IsAlreadyExists"/>.</exception>
    public Task<T> CreateAsync<T>(ResourceKind<T> kind, T resource, CancellationToken cancellationToken)
        where T : class, IResource
    {
        ArgumentNullException.ThrowIfNull(resource);
        return SendAsync(HttpMethod.Post, kind.Path(resource.Metadata.Namespace), Content(resource, kind.One, JsonContent), kind.One, cancellationToken);
    }

    /// <summary>
    /// Changes what the patch names. With <c>metadata.resourceVersion</c> in it, only the very version; a conflict otherwise.
    /// </summary>
    public Task<T> PatchAsync<T>(
        ResourceKind<T> kind, string name, string? scope, JsonObject patch, CancellationToken cancellationToken)
        where T : class, IResource
    {
        ArgumentNullException.ThrowIfNull(patch);
        var content = new StringContent(patch.ToJsonString(), Encoding.UTF8, MergePatch);
        return SendAsync(HttpMethod.Patch, kind.Path(scope, name), content, kind.One, cancellationToken);
    }

    /// <summary>Applies the status of an object without a namespace: what this field manager does not name any more goes.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="name">Its name.</param>
    /// <param name="resourceVersion">
    /// Its version: another one, or another object of the name, is a conflict then; null for whatever has the name. A uid would be no use:
    /// the server does not look at it when a status is applied.
    /// </param>
    /// <param name="status">The status.</param>
    /// <param name="fieldManager">Who applies.</param>
    /// <param name="cancellationToken">The caller's patience.</param>
    public Task<T> ApplyStatusAsync<T, TStatus>(
        StatusKind<T, TStatus> kind, string name, string? resourceVersion, TStatus status, string fieldManager, CancellationToken cancellationToken)
        where T : class, IResource
        where TStatus : class
    {
        ArgumentNullException.ThrowIfNull(kind);
        var applied = new AppliedStatus<TStatus>
        {
            ApiVersion = kind.Of.GroupVersion,
            Kind = kind.Name,
            Metadata = new ObjectMetadata { Name = name, ResourceVersion = resourceVersion },
            Status = status,
        };
        return SendAsync(
            HttpMethod.Patch, kind.Of.Path(null, name, "status") + Manager(fieldManager), Content(applied, kind.Json, ApplyPatch), kind.Of.One, cancellationToken);
    }

    /// <summary>Asks for the deletion of an object; true when it was there.</summary>
    public async Task<bool> DeleteAsync<T>(
        ResourceKind<T> kind, string name, string? scope, Preconditions? preconditions, CancellationToken cancellationToken)
        where T : class, IResource
    {
        var options = new DeleteOptions { Preconditions = preconditions };
        try
        {
            using var response = await SendAsync(
                HttpMethod.Delete, kind.Path(scope, name), Content(options, ResourceJson.Default.DeleteOptions, JsonContent),
                HttpCompletionOption.ResponseContentRead, cancellationToken);
            return true;
        }
        catch (ApiException absent) when (absent.IsNotFound)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static SocketsHttpHandler Handler(ClusterConfiguration configuration)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = ConnectPatience,
            AutomaticDecompression = DecompressionMethods.All,
            EnableMultipleHttp2Connections = true,

            // A connection whose other end is gone is noticed, also while a watch says nothing.
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            KeepAlivePingDelay = PingDelay,
            KeepAlivePingTimeout = ConnectPatience,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
        };
        if (configuration.Certificate is { } certificate) handler.SslOptions.ClientCertificates = [certificate];
        if (configuration.Authorities.Count > 0)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(configuration.Authorities);
            handler.SslOptions.CertificateChainPolicy = policy;
        }

        return handler;
    }

    private static string Selector(string? labels) => labels is null ? "" : "&labelSelector=" + Uri.EscapeDataString(labels);

    private static string Manager(string fieldManager) => $"?force=true&fieldManager={Uri.EscapeDataString(fieldManager)}";

    private static ByteArrayContent Content<T>(T value, JsonTypeInfo<T> json, string type)
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(value, json));
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return content;
    }

    private async Task<T> SendAsync<T>(
        HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T> json, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(method, path, content, HttpCompletionOption.ResponseContentRead, cancellationToken);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            return await JsonSerializer.DeserializeAsync(body, json, cancellationToken) ?? throw new JsonException("null");
        }
        catch (JsonException cause)
        {
            throw new ApiException(null, "Unreadable", $"{method} {path}: the answer is not what was expected: {cause.Message}", cause);
        }
    }

    /// <summary>Sends, within the limit of one request unless the answer is read while it comes.</summary>
    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, HttpContent? content, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(RequestPatience);
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (_configuration.Token is { } token) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Read());
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, completion, patience.Token);
        }
        catch (Exception cause) when (cause is HttpRequestException or IOException)
        {
            throw new ApiException(null, "Unreachable", $"{method} {path}: the API server cannot be reached: {cause.Message}", cause);
        }
        catch (OperationCanceledException cause) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ApiException(null, "Timeout", $"{method} {path}: the API server did not answer in {RequestPatience.TotalSeconds} s", cause);
        }

        if (response.IsSuccessStatusCode) return response;
        using (response)
        {
            if (response.StatusCode == HttpStatusCode.Unauthorized) _configuration.Token?.Refused();
            throw await RefusalAsync(method, path, response, cancellationToken);
        }
    }

    private static async Task<ApiException> RefusalAsync(
        HttpMethod method, string path, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        try
        {
            if (JsonSerializer.Deserialize(text, ResourceJson.Default.ApiStatus) is { Message: { } message } status)
                return new ApiException(response.StatusCode, status.Reason ?? "", $"{method} {path}: {message}");
        }
        catch (JsonException)
        {
            // A proxy may say it in its own words.
        }

        return new ApiException(response.StatusCode, response.ReasonPhrase ?? "", $"{method} {path}: {(int)response.StatusCode} {text.Trim()}");
    }
}
