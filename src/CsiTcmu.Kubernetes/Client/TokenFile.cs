namespace CsiTcmu.Kubernetes.Client;

/// <summary>Says the bearer token of the moment.</summary>
public interface ITokenSource
{
    /// <summary>The token.</summary>
    string Read();

    /// <summary>The server has refused the token: the next one is read anew.</summary>
    void Refused();
}

/// <summary>A token that stays.</summary>
/// <param name="token">The token.</param>
public sealed class FixedToken(string token) : ITokenSource
{
    /// <inheritdoc/>
    public string Read() => token;

    /// <inheritdoc/>
    public void Refused()
    {
        // There is no other one.
    }
}

/// <summary>A token in a file that the kubelet replaces before it expires.</summary>
/// <param name="path">The file.</param>
/// <param name="time">The clock.</param>
public sealed class TokenFile(string path, TimeProvider time) : ITokenSource
{
    // The kubelet renews at 80 % of the life of an hour; a minute is far below what is left.
    private static readonly TimeSpan Age = TimeSpan.FromMinutes(1);
    private readonly Lock _gate = new();
    private string? _token;
    private long _read;

    /// <inheritdoc/>
    public string Read()
    {
        lock (_gate)
        {
            if (_token is not null && time.GetElapsedTime(_read) < Age) return _token;
            try
            {
                _token = File.ReadAllText(path).Trim();
                _read = time.GetTimestamp();
            }
            catch (IOException) when (_token is not null)
            {
                // The file is being replaced; the one that is known is good for a while.
            }

            return _token;
        }
    }

    /// <inheritdoc/>
    public void Refused()
    {
        lock (_gate) _read = time.GetTimestamp() - (long)(Age.TotalSeconds * time.TimestampFrequency);
    }
}
