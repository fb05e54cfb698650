using CsiTcmu.Tcmu;

namespace CsiTcmu.Kernel.Tests;

/// <summary>Names of one test's device and LUN, what the kernel's trees held before it, and the way back to that.</summary>
internal sealed class TcmuFixture : IDisposable
{
    private static int Number;
    private readonly string[] _before = Trees();

    public TcmuFixture()
    {
        var number = Interlocked.Increment(ref Number);
        Specification = new TcmuDeviceSpecification
        {
            Hba = 4700 + number,
            Name = $"test-{number}",
            Config = $"csi-tcmu-test/{number}",
            Size = 64 << 20,
            BlockSize = 512,
            Serial = $"{number:x8}",
            DataAreaMegabytes = 8,
        };
        Device = new TcmuDevice(Specification.Hba, Specification.Name);
        Lun = new LoopbackLun($"naa.5001405{number:x9}");
    }

    public TcmuDeviceSpecification Specification { get; }

    public TcmuDevice Device { get; }

    public LoopbackLun Lun { get; }

    public TcmuNullDisk? Server { get; private set; }

    public long Blocks => Specification.Size / 512;

    public void Create() => TcmuDevice.Create(Specification);

    public void Serve() => Server = new TcmuNullDisk(Device.Open(), Blocks, Specification.Serial);

    public void TakeOver()
    {
        Server = new TcmuNullDisk(Device.TakeOver(TimeSpan.FromSeconds(5)), Blocks, Specification.Serial);
        Device.Unblock();
    }

    /// <summary>Makes the whole way to a disk.</summary>
    public async Task<LoopbackDisk> MakeDiskAsync()
    {
        Create();
        Serve();
        await Lun.LinkAsync(Device);
        return await Lun.WaitForDiskAsync(TimeSpan.FromSeconds(60));
    }

    public static IEnumerable<string> Under(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal) : [];

    public void AssertNothingIsLeft() => Assert.Equal(_before, Trees());

    public void Dispose()
    {
        if (Directory.Exists(Lun.Folder))
        {
            if (Server is null && Directory.Exists($"/sys/class/uio")) TryServe();
            Lun.RemoveAsync(Device).GetAwaiter().GetResult();
        }

        Server?.Dispose();
        Device.Remove();
    }

    private void TryServe()
    {
        if (Device.TryRead() is { Enabled: true }) TakeOver();
    }

    private static string[] Trees() =>
    [
        .. Under("/sys/kernel/config/target/core").Where(p => p.Contains("/user_")).SelectMany(p => Under(p).Prepend(p)),
        .. Under("/sys/kernel/config/target/loopback").Where(p => p.Contains("/naa.")),
        .. Under("/sys/class/uio"),
        .. Under("/sys/class/scsi_host"),
        .. Under("/sys/class/scsi_device"),
    ];
}
