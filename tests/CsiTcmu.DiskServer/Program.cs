using System.Globalization;
using CsiTcmu.Backstores;
using CsiTcmu.DataPlane;
using CsiTcmu.Scsi;
using CsiTcmu.Tcmu;

// The driver's data plane without volumes, so that any backstore can be measured:
//   disk-server SIZE AREA PATIENCE BACKSTORE...
// Each BACKSTORE (memory, cached:FILE, direct:FILE) becomes a disk of SIZE bytes whose device has a zero copy area of AREA MiB. PATIENCE is that of the
// reactors in microseconds, or "measured". Prints a line "disk DEVICE CONFIGFS-FOLDER" for each, then "serving"; ends in order when its input ends.
const int Hba = 4712;
var size = Number(args[0]);
var area = (int)Number(args[1]);
var options = new DataPlaneOptions();
if (args[2] != "measured") options = options with { PatienceMicroseconds = (int)Number(args[2]) };

await using var plane = await ReactorPool.StartAsync(options);
var disks = new List<(LoopbackLun Lun, IServedDisk Served, TcmuDevice Device)>();
foreach (var word in args[3..]) disks.Add(await MakeAsync(disks.Count, word));
foreach (var (lun, _, device) in disks)
{
    var disk = await lun.WaitForDiskAsync(TimeSpan.FromSeconds(60));
    await disk.ConfigureAsync(new LoopbackDiskSettings());
    Console.WriteLine($"disk {disk.Path} {device.Folder}");
}

Console.WriteLine("serving");
while (Console.ReadLine() is not null)
{
}

foreach (var (lun, served, device) in disks)
{
    await lun.RemoveAsync(device);
    await served.StopAsync();
    device.Remove();
}

return;

async Task<(LoopbackLun Lun, IServedDisk Served, TcmuDevice Device)> MakeAsync(int number, string word)
{
    // NAA 6 and NAA 5 with the company id that Linux targets use.
    var wwid = $"6001405{number:x25}";
    var device = TcmuDevice.Create(new TcmuDeviceSpecification
    {
        Hba = Hba,
        Name = $"disk{number}",
        Config = $"disk-server/{number}",
        Size = size,
        BlockSize = 512,
        Serial = wwid,
        ZeroCopyMegabytes = area,
    });
    var unit = new LogicalUnit
    {
        Designator = Convert.FromHexString(wwid),
        SerialNumber = wwid,
        BlockSize = 512,
        PhysicalBlockSize = 4096,
        BlockCount = size / 512,
        WriteCache = true,
    };
    var served = await plane.ServeAsync(device.Open(), unit, Backstore(word));
    var lun = new LoopbackLun($"naa.5001405{number:x9}");
    await lun.LinkAsync(device);
    return (lun, served, device);
}

IBackstore Backstore(string word) => word.Split(':', 2) switch
{
    ["memory"] => new MemoryBackstore(size),
    ["cached", var file] => new FileBackstore(file, size, way: FileWay.PageCache),
    ["direct", var file] => new FileBackstore(file, size),
    _ => throw new ArgumentException($"'{word}' is no backstore"),
};

static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
