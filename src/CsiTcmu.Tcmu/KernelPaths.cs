namespace CsiTcmu.Tcmu;

/// <summary>Where the kernel's trees are mounted.</summary>
public sealed record KernelPaths
{
    /// <summary>The usual places.</summary>
    public static KernelPaths Default { get; } = new();

    /// <summary>The target subsystem's folder in configfs.</summary>
    public string Target { get; init; } = "/sys/kernel/config/target";

    /// <summary>sysfs.</summary>
    public string Sysfs { get; init; } = "/sys";

    /// <summary>The host's devtmpfs; a container's own <c>/dev</c> lacks the nodes, and the kernel must not hold on to inodes of it.</summary>
    public string Devices { get; init; } = "/dev";
}
