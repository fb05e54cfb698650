using CsiTcmu.DataPlane;
using CsiTcmu.Linux;

namespace CsiTcmu.Volumes;

/// <summary>What a disk is made from.</summary>
public sealed record DiskSpecification
{
    /// <summary>Pool of the volume.</summary>
    public required string Pool { get; init; }

    /// <summary>Volume id; one disk on the node has it.</summary>
    public required string Id { get; init; }

    /// <summary>The image file, absolute path.</summary>
    public required string Image { get; init; }

    /// <summary>Size in bytes; the image is at least as large.</summary>
    public required long Size { get; init; }

    /// <summary>Logical block size in bytes: 512 or 4096.</summary>
    public required int BlockSize { get; init; }

    /// <summary>World wide name: 32 hexadecimal digits, NAA 6.</summary>
    public required string Wwid { get; init; }

    /// <summary>How much it may do in a second.</summary>
    public DiskLimits Limits { get; init; } = DiskLimits.None;

    /// <summary>Whether it has zero copy; null for what the node says.</summary>
    public ZeroCopyMode? ZeroCopy { get; init; }

    /// <summary>Name of the loopback target: <c>naa.</c> and 16 hexadecimal digits.</summary>
    public required string Target { get; init; }
}

/// <summary>A disk that the node has.</summary>
/// <param name="Name">The kernel's name of its block device: <c>sdb</c>.</param>
/// <param name="Number">The block device's number.</param>
public sealed record AttachedDisk(string Name, DeviceNumber Number)
{
    /// <summary>Node of the block device on the host's devtmpfs.</summary>
    public string Path => "/dev/" + Name;
}

/// <summary>How a disk is served by this process.</summary>
/// <param name="Fault">Why it is not served any more; null while it is.</param>
/// <param name="Failures">What its image has failed since it is served.</param>
public sealed record DiskService(string? Fault, DiskFailures Failures);

/// <summary>What became of a device that was there when this process started.</summary>
/// <param name="Pool">Pool by the device's configuration.</param>
/// <param name="Id">Volume id by the device's configuration.</param>
/// <param name="Disk">The disk when its I/O goes on; else null.</param>
/// <param name="Problem">Why it does not go on, with the fix; null when it does, or when the device was half-made and is removed.</param>
public sealed record TakenOver(string Pool, string Id, AttachedDisk? Disk, string? Problem);

/// <summary>
/// Turns images into disks of this node and back. Every call can be repeated and completes what a crash left half-made; what exists is
/// read from the kernel. Calls for one id do not overlap; calls for several may. Calls may block as long as the kernel does.
/// </summary>
public interface IDiskAttacher
{
    /// <summary>The disk of that id when it is whole; null when there is none or a half-made one.</summary>
    AttachedDisk? Find(string id);

    /// <summary>How this process serves the disk of that id, whole or half-made; null when it does not.</summary>
    DiskService? FindService(string id);

    /// <summary>Makes the disk, serves it, waits for its block device and checks that it is the right one, by its world wide name.</summary>
    /// <exception cref="VolumeException">It cannot be made; a repetition goes on where this call stopped.</exception>
    Task<AttachedDisk> AttachAsync(DiskSpecification disk);

    /// <summary>Sees that a disk that is there is served: the I/O of one that is not waits, and so does whoever unmounts or syncs it.</summary>
    /// <param name="id">Volume id.</param>
    /// <param name="disk">What it is made from, where known.</param>
    /// <exception cref="VolumeException">FailedPrecondition: it is not served and, since the volume cannot be used, cannot be.</exception>
    Task EnsureServedAsync(string id, DiskSpecification? disk);

    /// <summary>
    /// Makes durable what was written to the disk and removes it, and whatever is left of a half-made one. The caller has made sure that
    /// nobody uses it.
    /// </summary>
    /// <param name="id">Volume id.</param>
    /// <param name="disk">What it is made from, where known.</param>
    /// <exception cref="VolumeException">FailedPrecondition: somebody uses it, or it cannot be served.</exception>
    Task DetachAsync(string id, DiskSpecification? disk);

    /// <summary>Lets the disk and everybody who asks know its larger size. Success when there is no disk or it has that size.</summary>
    Task GrowAsync(DiskSpecification disk);

    /// <summary>Changes the limits of the disk while it is served. Success when it is not: it has them once it is.</summary>
    Task SetLimitsAsync(DiskSpecification disk);

    /// <summary>
    /// Holds the disk's new commands and waits until those in flight have ended, so that its image does not change. A disk that is not there, or that
    /// nobody serves, has no commands that could change it.
    /// </summary>
    /// <param name="id">Volume id.</param>
    /// <param name="cancellationToken">How long the commands in flight may take.</param>
    /// <returns>Ends the hold when disposed.</returns>
    Task<IAsyncDisposable> HoldAsync(string id, CancellationToken cancellationToken);

    /// <summary>
    /// From now on a command that writes what <paramref name="regions"/> has as uncopied waits until it is copied. A disk that is not there, or that nobody
    /// serves, is not written.
    /// </summary>
    /// <param name="id">Volume id.</param>
    /// <param name="regions">A map for this disk alone, instead of the one before; null when nothing is copied.</param>
    Task ProtectAsync(string id, UncopiedRegions? regions);

    /// <summary>Serves every device that an earlier process left; a failing one does not keep the others.</summary>
    /// <param name="find">
    /// Says what a disk of a pool and id is made from: null leaves a device alone that is not of this process's pools; with a
    /// <see cref="VolumeException"/> its I/O waits until the volume is mended and staged again.
    /// </param>
    Task<IReadOnlyList<TakenOver>> TakeOverAsync(Func<string, string, DiskSpecification?> find);

    /// <summary>Lets I/O wait and stops serving every disk; the disks stay, for the next process.</summary>
    Task StopAsync();
}
