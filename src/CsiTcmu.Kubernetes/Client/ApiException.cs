using System.Net;

namespace CsiTcmu.Kubernetes.Client;

/// <summary>The API server refused a request, or cannot be reached.</summary>
/// <param name="code">HTTP status; null when no answer came.</param>
/// <param name="reason">The server's word for it: <c>AlreadyExists</c>.</param>
/// <param name="message">The sentence, with what was asked.</param>
/// <param name="cause">The exception behind it.</param>
public sealed class ApiException(HttpStatusCode? code, string reason, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>HTTP status; null when no answer came.</summary>
    public HttpStatusCode? Code { get; } = code;

    /// <summary>The server's word for it.</summary>
    public string Reason { get; } = reason;

    /// <summary>There is no such object.</summary>
    public bool IsNotFound => Code == HttpStatusCode.NotFound;

    /// <summary>An object of that name exists.</summary>
    public bool IsAlreadyExists => Code == HttpStatusCode.Conflict && Reason == "AlreadyExists";

    /// <summary>The object has changed meanwhile, or is not the one that was meant.</summary>
    public bool IsConflict => Code == HttpStatusCode.Conflict && Reason != "AlreadyExists";

    /// <summary>The version to watch from is too old: list again.</summary>
    public bool IsExpired => Code == HttpStatusCode.Gone;

    /// <summary>The object breaks a rule of its schema.</summary>
    public bool IsInvalid => Code == HttpStatusCode.UnprocessableEntity;
}
