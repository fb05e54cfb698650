using Csi.V1;
using Grpc.Core;

namespace CsiTcmu.Csi.Rules;

/// <summary>Rules of topology: a volume is reachable from exactly one node, and the only key is the node.</summary>
internal static class Topologies
{
    /// <summary>Longest segment value (CSI specification, <c>Topology</c>).</summary>
    private const int MaximumValue = 63;

    /// <summary>Where this node's volumes are.</summary>
    public static Topology Of(string nodeId) => new() { Segments = { [CsiServices.TopologyKey] = nodeId } };

    /// <summary>
    /// True when a volume on this node is within that topology. A key that is not ours names a place where we are not.
    /// Keys do not depend on case.
    /// </summary>
    public static bool Contains(Topology topology, string nodeId) => topology.Segments.All(segment =>
        string.Equals(segment.Key, CsiServices.TopologyKey, StringComparison.OrdinalIgnoreCase)
        && string.Equals(segment.Value, nodeId, StringComparison.Ordinal));

    /// <summary>RESOURCE_EXHAUSTED when the requirements exclude this node. What is only preferred excludes nothing.</summary>
    public static void Check(TopologyRequirement? requirement, string nodeId)
    {
        const string field = "accessibility_requirements";
        if (requirement is null)
            return;
        if (requirement.Requisite.Count == 0 && requirement.Preferred.Count == 0)
            throw CsiErrors.InvalidArgument($"{field} says neither requisite nor preferred");
        foreach (var topology in requirement.Requisite.Concat(requirement.Preferred))
            Fields.Map(topology.Segments, $"{field} segments");
        if (requirement.Requisite.Count > 0 && !requirement.Requisite.Any(topology => Contains(topology, nodeId)))
        {
            throw CsiErrors.Error(
                StatusCode.ResourceExhausted,
                $"{field}.requisite excludes this node: volumes are made at {CsiServices.TopologyKey}={nodeId}");
        }
    }

    /// <summary>What keeps a node id from being a topology segment; null when nothing does.</summary>
    public static string? Problem(string nodeId)
    {
        if (nodeId.Length is 0 or > MaximumValue)
            return $"must have 1 to {MaximumValue} characters, it has {nodeId.Length}";
        if (!char.IsAsciiLetterOrDigit(nodeId[0]) || !char.IsAsciiLetterOrDigit(nodeId[^1]))
            return "must begin and end with a letter or digit";
        return nodeId.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? null
            : "must hold letters, digits, dashes, underscores and dots only";
    }
}
