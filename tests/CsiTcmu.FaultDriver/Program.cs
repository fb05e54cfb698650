using System.Globalization;
using CsiTcmu.DataPlane;
using CsiTcmu.Linux;
using CsiTcmu.Volumes;
using CsiTcmu.Volumes.Node;
using Microsoft.Extensions.Logging.Abstractions;

// The driver's volumes without its gRPC server, which keeps no state: FaultDriver NAME=PATH of the one pool. It reads an operation a line
// and answers each with a line, "done" or the error. After "fault NAME" it ends itself by SIGKILL when it comes to that fault point.
const int KillSignal = 9;
string? armed = null;
FaultPoints.Observer = name =>
{
    if (!string.Equals(name, armed, StringComparison.Ordinal)) return;
    _ = Syscalls.Kill(Environment.ProcessId, KillSignal);
    Thread.Sleep(Timeout.Infinite); // The signal ends the process before this step goes on.
};

var patience = TimeSpan.FromSeconds(10);
var freeze = new Dictionary<string, string>(StringComparer.Ordinal) { ["freeze"] = "true" };
var secrets = new VolumeSecrets(new Dictionary<string, string>(StringComparer.Ordinal) { [VolumeSecrets.PassphraseKey] = "a passphrase" });
var use = new VolumeUse { FileSystem = "ext4", Secrets = secrets };
await using var plane = await ReactorPool.StartAsync(new DataPlaneOptions { ReactorCount = 1 });
var disks = new TcmuDiskAttacher(plane, NullLogger.Instance);
using var catalogue = VolumeCatalogue.Open([PoolSpecification.Parse(args[0])], disks, NullLogger.Instance, patience);
var node = new NodeVolumes("node-1", catalogue, disks, NullLogger.Instance);
await node.TakeOverAsync();
Console.WriteLine("done");
while (Console.ReadLine() is { } line)
{
    try
    {
        await DoAsync(line.Split(' '));
        Console.WriteLine("done");
    }
    catch (VolumeException e)
    {
        Console.WriteLine($"{e.Error}: {e.Message}");
    }
}

await node.StopAsync();
return;

Task DoAsync(string[] words) => words switch
{
    ["fault", var name] => Task.FromResult(armed = name),
    ["create", var name, var size, .. var parameters] => catalogue.CreateAsync(
        new VolumeWish { Name = name, Size = Size(size), FileSystem = "ext4", Parameters = Pairs(parameters) }, CancellationToken.None),
    ["copy", var name, var snapshot, var size] => CopyAsync(name, new VolumeSource(VolumeSourceKind.Snapshot, snapshot), size),
    ["clone", var name, var id, var size] => CopyAsync(name, new VolumeSource(VolumeSourceKind.Volume, id), size),
    ["stage" or "copystage", var id, var staging] => node.StageAsync(id, staging, use, CancellationToken.None),
    ["publish", var id, var staging, var target] => node.PublishAsync(id, staging, target, use, readOnly: false, CancellationToken.None),
    ["ephemeral", var id, var target, .. var context] => node.PublishEphemeralAsync(id, target, use, Pairs(context), readOnly: false, CancellationToken.None),
    ["retire", var id, var target] => node.UnpublishAsync(id, target, CancellationToken.None),
    ["expand", var id, var path, var size] => ExpandAsync(id, path, Size(size)),
    ["modify", var id, var iops] => catalogue.ModifyAsync(id, new Dictionary<string, string>(StringComparer.Ordinal) { ["iops"] = iops }, CancellationToken.None),
    ["snapshot", var name, var id] => catalogue.CreateSnapshotAsync(
        new SnapshotWish { Name = name, SourceVolumeId = id, Parameters = freeze }, CancellationToken.None),
    ["drop", var id] => catalogue.DeleteSnapshotAsync(id, CancellationToken.None),
    ["group", var name, .. var ids] => catalogue.CreateGroupAsync(new GroupWish { Name = name, SourceVolumeIds = ids, Parameters = freeze }, CancellationToken.None),
    ["ungroup", var id] => catalogue.DeleteGroupAsync(id, [], CancellationToken.None),
    ["unpublish", var id, var target] => node.UnpublishAsync(id, target, CancellationToken.None),
    ["unstage", var id, var staging] => node.UnstageAsync(id, staging, CancellationToken.None),
    ["delete", var id] => catalogue.DeleteAsync(id, CancellationToken.None),
    _ => throw new VolumeException(VolumeError.InvalidArgument, $"'{string.Join(' ', words)}' is no operation"),
};

async Task ExpandAsync(string id, string path, SizeRange size)
{
    await catalogue.ExpandAsync(id, size, CancellationToken.None);
    await node.ExpandAsync(id, path, size, secrets, CancellationToken.None);
}

Task CopyAsync(string name, VolumeSource source, string size) =>
    catalogue.CreateAsync(new VolumeWish { Name = name, Size = Size(size), Source = source }, CancellationToken.None);

static Dictionary<string, string> Pairs(string[] words) => words.Select(word => word.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);

static SizeRange Size(string bytes) => new(long.Parse(bytes, CultureInfo.InvariantCulture), 0);
