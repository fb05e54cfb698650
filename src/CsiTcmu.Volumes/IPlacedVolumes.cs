namespace CsiTcmu.Volumes;

/// <summary>Nodes that a volume may be on.</summary>
/// <param name="Requisite">It must be on one of these; null for any.</param>
/// <param name="Preferred">The first of these that can have it gets it; those that cannot exclude nothing.</param>
public sealed record NodeChoice(IReadOnlyList<string>? Requisite, IReadOnlyList<string> Preferred);

/// <summary>Volumes of several nodes: each is placed on one when it is made and stays there.</summary>
public interface IPlacedVolumes : IVolumeCatalogue
{
    /// <summary>Room on one node, or on all for null, for volumes with these parameters.</summary>
    Task<Room> GetRoomAsync(
        string? node, IReadOnlyDictionary<string, string> parameters, string fileSystem, bool block, CancellationToken cancellationToken);
}
