using CsiTcmu.TestClient;

namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>A staged volume whose device the kernel exports by iSCSI as well.</summary>
internal sealed class ExportedVolume : IAsyncDisposable
{
    private readonly CsiClient _client;
    private readonly StagedVolume _volume;
    private readonly IscsiExport _export;

    private ExportedVolume(CsiClient client, StagedVolume volume, IscsiExport export)
    {
        _client = client;
        _volume = volume;
        _export = export;
    }

    /// <summary>Where an initiator finds it.</summary>
    public string Url => _export.Url;

    /// <summary>Makes a raw volume, stages and exports it.</summary>
    public static async Task<ExportedVolume> MakeAsync(CsiClient client, string name, long size)
    {
        var volume = await StagedVolume.MakeAsync(client, name, "", size);
        var device = Directory.EnumerateDirectories("/sys/kernel/config/target/core", "user_*")
            .SelectMany(Directory.EnumerateDirectories).Single(d => Path.GetFileName(d) == volume.Id);
        return new(client, volume, new IscsiExport(name, device));
    }

    /// <summary>Ends the export and removes the volume.</summary>
    public async ValueTask DisposeAsync()
    {
        _export.Dispose();
        await _volume.RemoveAsync(_client);
    }
}
