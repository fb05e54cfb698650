namespace CsiTcmu.Volumes.Node;

/// <summary>The passphrase of one call.</summary>
/// <param name="text">It; empty for a volume that is not encrypted.</param>
/// <param name="reference">Where the caller is told which secret to send, for messages.</param>
internal readonly struct VolumePassphrase(string text, string reference)
{
    public string Text { get; } = text;

    public string Reference { get; } = reference;
}
