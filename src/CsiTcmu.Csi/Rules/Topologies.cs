using Csi.V1;
using CsiTcmu.Volumes;
using Grpc.Core;

namespace CsiTcmu.Csi.Rules;

/// <summary>Rules of topology: a volume is reachable from exactly one node, and the only key is the node.</summary>
internal static class Topologies
{
    /// <summary>Longest segment value (CSI specification, <c>Topology</c>).</summary>
    private const int MaximumValue = 63;

    private const string Field = "accessibility_requirements";

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
        if (requirement is null)
            return;
        CheckForm(requirement);
        if (requirement.Requisite.Count > 0 && !requirement.Requisite.Any(topology => Contains(topology, nodeId)))
        {
            throw CsiErrors.Error(
                StatusCode.ResourceExhausted,
                $"{Field}.requisite excludes this node: volumes are made at {CsiServices.TopologyKey}={nodeId}");
        }
    }

    /// <summary>The node that a topology names; null when it names none, or a place where no volume can be.</summary>
    public static string? Node(Topology topology) =>
        topology.Segments.Count == 1 && topology.Segments.Single() is var (key, value) && string.Equals(key, CsiServices.TopologyKey, StringComparison.OrdinalIgnoreCase)
            ? value
            : null;

    /// <summary>The nodes that requirements allow and prefer; null when there are none. A topology without segments is anywhere.</summary>
    public static NodeChoice? Choice(TopologyRequirement? requirement)
    {
        if (requirement is null)
            return null;
        CheckForm(requirement);
        var anywhere = requirement.Requisite.Count == 0 || requirement.Requisite.Any(topology => topology.Segments.Count == 0);
        return new NodeChoice(
            anywhere ? null : [.. requirement.Requisite.Select(Node).OfType<string>()],
            [.. requirement.Preferred.Select(Node).OfType<string>()]);
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

    private static void CheckForm(TopologyRequirement requirement)
    {
        if (requirement.Requisite.Count == 0 && requirement.Preferred.Count == 0)
            throw CsiErrors.InvalidArgument($"{Field} says neither requisite nor preferred");
        foreach (var topology in requirement.Requisite.Concat(requirement.Preferred))
            Fields.Map(topology.Segments, $"{Field} segments");
    }
}
