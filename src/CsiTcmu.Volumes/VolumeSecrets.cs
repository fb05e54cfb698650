using System.Text;

namespace CsiTcmu.Volumes;

/// <summary>The secrets of a call. They are never written anywhere: their text is <c>***</c>.</summary>
/// <param name="values">As given.</param>
public sealed class VolumeSecrets(IReadOnlyDictionary<string, string> values)
{
    /// <summary>Key of the passphrase of an encrypted volume.</summary>
    public const string PassphraseKey = "encryptionPassphrase";

    /// <summary>Where a caller says which secret a volume is staged with.</summary>
    public const string StageReference = "csi.storage.k8s.io/node-stage-secret-name";

    /// <summary>Where a caller says which secret a volume is grown with.</summary>
    public const string ExpandReference = "csi.storage.k8s.io/node-expand-secret-name";

    /// <summary>Where a pod says which secret its ephemeral volume has.</summary>
    public const string PublishReference = "nodePublishSecretRef";

    private const int LongestPassphrase = 512; // bytes; cryptsetup's own limit for one that is typed

    /// <summary>No secrets.</summary>
    public static VolumeSecrets None { get; } = new(new Dictionary<string, string>(StringComparer.Ordinal));

    /// <inheritdoc/>
    public override string ToString() => "***";

    /// <summary>The passphrase.</summary>
    /// <param name="id">Volume id.</param>
    /// <param name="reference">Where the caller is told which secret to send.</param>
    /// <exception cref="VolumeException">InvalidArgument: there is none, or it is none.</exception>
    public string Passphrase(string id, string reference)
    {
        var passphrase = values.GetValueOrDefault(PassphraseKey, "");
        if (passphrase.Length == 0)
            throw Refuse(id, $"the call brings no secret '{PassphraseKey}', or an empty one; name a Secret that has it by {reference}");
        return Encoding.UTF8.GetByteCount(passphrase) <= LongestPassphrase ? passphrase : throw Refuse(id, $"secret '{PassphraseKey}' is longer than {LongestPassphrase} bytes");
    }

    private static VolumeException Refuse(string id, string what) => new(VolumeError.InvalidArgument, $"volume '{id}' is encrypted and {what}");
}
