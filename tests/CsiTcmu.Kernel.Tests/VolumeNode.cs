using System.Diagnostics;
using CsiTcmu.DataPlane;
using CsiTcmu.Kernel.Tests.Machine;
using CsiTcmu.Linux.Mounts;
using CsiTcmu.Volumes;
using CsiTcmu.Volumes.Node;
using Microsoft.Extensions.Logging.Abstractions;

namespace CsiTcmu.Kernel.Tests;

/// <summary>A node as the driver makes it, in this process, with a pool on the RAM disk. What it leaves behind is compared at the end.</summary>
/// <param name="disks">How its disks are made; as the driver makes them unless said otherwise.</param>
internal sealed class VolumeNode(TcmuDiskOptions? disks = null) : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("volumes-").FullName;
    private IReadOnlyList<string>? _before;
    private ReactorPool? _plane;

    public string Folder => _folder;

    public string Pool => $"{PoolDisk.Root}/{Path.GetFileName(_folder)}";

    public VolumeCatalogue Catalogue { get; private set; } = null!;

    public NodeVolumes Volumes { get; private set; } = null!;

    public TcmuDiskAttacher Disks { get; private set; } = null!;

    public string Make(string name) => Directory.CreateDirectory($"{_folder}/{name}").FullName;

    public async Task<IReadOnlyList<TakenOver>> StartAsync()
    {
        await PoolDisk.MountAsync();
        Directory.CreateDirectory(Pool);
        _before ??= Trees();
        _plane = await ReactorPool.StartAsync(new DataPlaneOptions { ReactorCount = 2 });
        Disks = new TcmuDiskAttacher(_plane, NullLogger.Instance, disks);
        Catalogue = VolumeCatalogue.Open([PoolSpecification.Parse("test=" + Pool)], Disks, NullLogger.Instance);
        Volumes = new NodeVolumes("node-1", Catalogue, Disks, NullLogger.Instance);
        return await Volumes.TakeOverAsync();
    }

    /// <summary>An orderly end: I/O waits.</summary>
    public async Task StopAsync()
    {
        await Volumes.StopAsync();
        await _plane!.DisposeAsync();
        Catalogue.Dispose();
    }

    public Task<Volume> CreateAsync(string name, long size, string fileSystem = "ext4", bool block = false, params (string Key, string Value)[] parameters) =>
        Catalogue.CreateAsync(
            new VolumeWish
            {
                Name = name,
                Size = new SizeRange(size, 0),
                FileSystem = fileSystem,
                Block = block,
                Parameters = parameters.ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal),
            },
            CancellationToken.None);

    public void AssertNothingIsLeft() => Assert.Equal(_before, Trees());

    public static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {process.ExitCode} {output} {error.Result}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_plane is null) return; // It never started.
        foreach (var entry in MountTable.Read().Entries.Reverse().Where(entry => entry.Target.StartsWith(_folder + "/", StringComparison.Ordinal)))
            _ = CsiTcmu.Linux.Syscalls.Unmount(entry.Target);
        var page = await Catalogue.ListAsync(0, "", CancellationToken.None);
        foreach (var volume in page.Volumes) await Volumes.UnstageAsync(volume.Id, _folder, CancellationToken.None);
        await StopAsync();
        Directory.Delete(Pool, recursive: true);
    }

    private static IReadOnlyList<string> Trees() =>
    [
        .. TcmuFixture.Under("/sys/kernel/config/target/core").Where(folder => folder.Contains("user_", StringComparison.Ordinal)),
        .. TcmuFixture.Under("/sys/kernel/config/target/loopback").Where(folder => folder.Contains("naa.", StringComparison.Ordinal)),
        .. TcmuFixture.Under("/sys/class/uio"),
        .. TcmuFixture.Under("/sys/class/scsi_host"),
        .. MountTable.Read().Entries.Select(entry => entry.Target).Order(StringComparer.Ordinal),
    ];
}
