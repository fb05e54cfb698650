using CsiTcmu.DataPlane;
using CsiTcmu.Linux.Sysfs;
using CsiTcmu.Linux.Tools;

namespace CsiTcmu.Volumes.Tests.Support;

/// <summary>Disks that are loop devices: real block devices for machines without TCMU. They belong to the kernel and outlive an attacher.</summary>
internal sealed class LoopDisks(string pool) : IDiskAttacher
{
    public AttachedDisk? Find(string id)
    {
        var listed = Tool.RunAsync("losetup", ["-n", "-O", "NAME", "-j", Image(id)]).GetAwaiter().GetResult().Output.Trim();
        return listed.Length > 0 ? new AttachedDisk(Path.GetFileName(listed), BlockDevice.Find(Path.GetFileName(listed))!.Number) : null;
    }

    /// <summary>How disks are served that are there: by the kernel, without a failure, unless a test says otherwise.</summary>
    public DiskService? Service { get; set; } = new(null, default);

    public DiskService? FindService(string id) => Find(id) is null ? null : Service;

    public async Task<AttachedDisk> AttachAsync(DiskSpecification disk)
    {
        FaultPoints.Reach(FaultPoints.StageDevice);
        if (Find(disk.Id) is null)
        {
            var result = await Tool.RunAsync("losetup", ["-f", disk.Image]);
            Assert.True(result.ExitCode == 0, $"{result.Summary}: these tests need loop devices");
        }

        FaultPoints.Reach(FaultPoints.StageLinked);
        return Find(disk.Id)!;
    }

    public Task EnsureServedAsync(string id, DiskSpecification? disk) => Task.CompletedTask;

    public async Task DetachAsync(string id, DiskSpecification? disk)
    {
        if (Find(id) is { } found)
        {
            Assert.Equal(0, (await Tool.RunAsync("blockdev", ["--flushbufs", found.Path])).ExitCode);
            Assert.Equal(0, (await Tool.RunAsync("losetup", ["-d", found.Path])).ExitCode);
        }

        FaultPoints.Reach(FaultPoints.UnstageUnlinked);
    }

    public async Task GrowAsync(DiskSpecification disk)
    {
        if (Find(disk.Id) is not { } found) return;
        Assert.Equal(0, (await Tool.RunAsync("losetup", ["-c", found.Path])).ExitCode);
        FaultPoints.Reach(FaultPoints.ExpandRescan);
    }

    public Task SetLimitsAsync(DiskSpecification disk) => Task.CompletedTask;

    public Task<IAsyncDisposable> HoldAsync(string id, CancellationToken cancellationToken) => Task.FromResult<IAsyncDisposable>(new NothingHeld());

    // Nobody keeps the kernel from writing through a loop device.
    public Task ProtectAsync(string id, UncopiedRegions? regions) => Task.CompletedTask;

    public Task<IReadOnlyList<TakenOver>> TakeOverAsync(Func<string, string, DiskSpecification?> find) => Task.FromResult<IReadOnlyList<TakenOver>>([]);

    public Task StopAsync() => Task.CompletedTask;

    public void DetachAll()
    {
        foreach (var image in Directory.EnumerateFiles(pool, "image", SearchOption.AllDirectories))
        {
            var id = Path.GetFileName(Path.GetDirectoryName(image)!);
            if (Find(id) is not null) DetachAsync(id, null).GetAwaiter().GetResult();
        }
    }

    private string Image(string id) => $"{pool}/volumes/{id}/image";

    private sealed class NothingHeld : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
