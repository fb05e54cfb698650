namespace CsiTcmu.Kubernetes.Client;

/// <summary>What happened to an object.</summary>
public enum WatchEventType
{
    /// <summary>It appeared.</summary>
    Added,

    /// <summary>It changed.</summary>
    Modified,

    /// <summary>It is gone; the object is its last state.</summary>
    Deleted,

    /// <summary>Nothing; all up to this version has been told.</summary>
    Bookmark,
}

/// <summary>One event of a watch.</summary>
/// <param name="Type">What happened.</param>
/// <param name="ResourceVersion">Version to go on from.</param>
/// <param name="Object">The object; null for a bookmark.</param>
/// <typeparam name="T">Its type.</typeparam>
public readonly record struct WatchEvent<T>(WatchEventType Type, string ResourceVersion, T? Object)
    where T : class;
