using CsiTcmu.Volumes;

namespace CsiTcmu.Kubernetes.Resources;

/// <summary>An object that the controller wishes for and the agent of one node fulfils.</summary>
internal interface INodeResource : IResource
{
    /// <summary>The node.</summary>
    string Node { get; }

    /// <summary>What it is, by its agent; null before the agent has looked at it.</summary>
    ResourceStatus? Status { get; }

    /// <summary>True once what it stands for has been made; then it is never made again.</summary>
    bool IsMade { get; }
}

/// <summary>What follows from an object's metadata and status.</summary>
internal static class NodeResources
{
    /// <summary>Carries the node's name, so that each agent watches its own.</summary>
    public const string NodeLabel = Kinds.Group + "/node";

    /// <summary>Keeps an object until the agent has removed what it stands for.</summary>
    public const string Finalizer = Kinds.Group + "/image";

    extension(INodeResource resource)
    {
        /// <summary>True when deletion was asked for.</summary>
        public bool IsLeaving => resource.Metadata.DeletionTimestamp is not null;

        /// <summary>True while the agent has something to remove.</summary>
        public bool IsHeld => resource.Metadata.Finalizers?.Contains(Finalizer) == true;

        /// <summary>True when the agent has seen the specification as it is now.</summary>
        public bool IsCurrent => resource.Status?.ObservedGeneration is { } observed && observed >= (resource.Metadata.Generation ?? 0);

        /// <summary>The agent's answer to the specification as it is now; null while there is none.</summary>
        public VolumeException? Refusal => resource.IsCurrent ? resource.Status!.Error?.ToException() : null;
    }
}
