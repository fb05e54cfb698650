using Csi.V1;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Grpc.Core;
using Mode = Csi.V1.VolumeCapability.Types.AccessMode.Types.Mode;

namespace CsiTcmu.Csi.Tests;

/// <summary>The wrong values that requests share, and how a request is spoilt.</summary>
internal static partial class WrongRequests
{
    /// <summary>A required string.</summary>
    private static IEnumerable<Case> Texts<T>(Func<T> good, string field, Action<T, string> set)
        where T : IMessage
    {
        (string Name, string Value, string Says)[] wrong =
        [
            ("no", "", $"{field} is required"),
            ("129 bytes of", new string('a', 129), $"{field} is longer than 128 bytes"),
            ("65 two-byte letters of", new string('\u00E9', 65), $"{field} is longer than 128 bytes"),
            ("NUL in", "a\0b", $"{field} contains the control character U+0000"),
            ("escape in", "a\u001Bb", $"{field} contains the control character U+001B"),
            ("delete in", "a\u007F", $"{field} contains the control character U+007F"),
            ("C1 control in", "\u0085a", $"{field} contains the control character U+0085"),
        ];
        return wrong.Select(w => Wrong(good, $"{w.Name} {field}", r => set(r, w.Value), w.Says));
    }

    private static IEnumerable<Case> RequiredPaths<T>(Func<T> good, string field, Action<T, string> set)
        where T : IMessage =>
    [
        Wrong(good, $"no {field}", r => set(r, ""), $"{field} is required"),
        .. WrongPaths(good, field, set, StatusCode.InvalidArgument),
    ];

    private static IEnumerable<Case> WrongPaths<T>(Func<T> good, string field, Action<T, string> set, StatusCode code)
        where T : IMessage
    {
        (string Name, string Value, string Says)[] wrong =
        [
            ("relative", "some/path", "is not an absolute path: \"some/path\""),
            ("dotted relative", "../etc", "is not an absolute path"),
            ("climbing", "/var/lib/../../etc", "contains \"..\""),
            ("climbing at the end of", "/var/lib/..", "contains \"..\""),
            ("NUL in", "/var/lib\0/x", "contains a NUL character"),
            ("root as", "/", "is the root directory"),
            ("dotted root as", "//./", "is the root directory"),
            ("4096 bytes of", string.Concat(Enumerable.Repeat("/" + new string('d', 127), 32)), "is longer than 4095 bytes"),
            ("256 byte part in", "/var/" + new string('d', 256), "has a part longer than 255 bytes"),
        ];
        return wrong.Select(w => Wrong(good, $"{w.Name} {field}", r => set(r, w.Value), $"{field}{(code == StatusCode.NotFound ? ", which" : "")} {w.Says}", code));
    }

    private static IEnumerable<Case> Ranges<T>(Func<T> good, Action<T, CapacityRange> set)
        where T : IMessage =>
    [
        Wrong(good, "empty range", r => set(r, new()), "capacity_range says neither required_bytes nor limit_bytes"),
        Wrong(good, "negative size", r => set(r, new() { RequiredBytes = -1 }), "required_bytes is negative: -1", StatusCode.OutOfRange),
        Wrong(good, "smallest size", r => set(r, new() { RequiredBytes = long.MinValue }), "required_bytes is negative", StatusCode.OutOfRange),
        Wrong(good, "negative limit", r => set(r, new() { LimitBytes = -1 }), "limit_bytes is negative: -1", StatusCode.OutOfRange),
        Wrong(good, "limit below size", r => set(r, new() { RequiredBytes = 5, LimitBytes = 4 }),
            "limit_bytes 4 is less than required_bytes 5", StatusCode.OutOfRange),
    ];

    private static IEnumerable<Case> Maps<T>(Func<T> good, string field, Func<T, MapField<string, string>> map)
        where T : IMessage =>
    [
        Wrong(good, $"one big value in {field}", r => map(r)["key"] = new string('v', 4094), $"{field} is larger than 4096 bytes"),
        Wrong(good, $"many values in {field}", r => Enumerable.Range(0, 1000).ToList().ForEach(i => map(r)[$"{i:d4}"] = "1"),
            $"{field} is larger than 4096 bytes"),
    ];

    private static IEnumerable<Case> Capabilities<T>(
        Func<T> good, string field, Action<T, VolumeCapability> set, StatusCode unsupported)
        where T : IMessage
    {
        (string Name, VolumeCapability Value, string Says)[] wrong =
        [
            ("multi-node single writer", Good.Mount(Mode.MultiNodeSingleWriter), "MULTI_NODE_SINGLE_WRITER is not supported: a volume is on one node"),
            ("multi-node writer of a block device", Good.Block(Mode.MultiNodeMultiWriter), "MULTI_NODE_MULTI_WRITER is not supported"),
            ("access mode of the future", Good.Mount((Mode)99), "access mode 99 is not known"),
            ("ntfs", Good.Mount(fsType: "ntfs"), "file system \"ntfs\" is not supported; use ext4 or xfs or btrfs"),
            ("EXT4", Good.Mount(fsType: "EXT4"), "file system \"EXT4\" is not supported"),
            ("mount group", Grouped("1000"), "volume_mount_group is not supported"),
        ];
        return
        [
            .. MalformedCapabilities(good, field, set),
            .. wrong.Select(w => Wrong(good, w.Name, r => set(r, w.Value), w.Says, unsupported)),
        ];
    }

    private static IEnumerable<Case> MalformedCapabilities<T>(Func<T> good, string field, Action<T, VolumeCapability> set)
        where T : IMessage
    {
        var neither = new VolumeCapability { AccessMode = new() { Mode = Mode.SingleNodeWriter } };
        (string Name, VolumeCapability Value, string Says)[] wrong =
        [
            ("neither block nor mount", neither, $"{field} says neither block nor mount"),
            ("no access mode", new() { Mount = new() }, $"{field}.access_mode is required"),
            ("unknown access mode", Good.Block(Mode.Unknown), $"{field}.access_mode is required"),
            ("long file system", Good.Mount(fsType: new string('x', 129)), $"{field}.mount.fs_type is longer than 128 bytes"),
            ("control character in file system", Good.Mount(fsType: "ext4\0"), $"{field}.mount.fs_type contains the control character U+0000"),
            ("long mount group", Grouped(new string('1', 129)), $"{field}.mount.volume_mount_group is longer than 128 bytes"),
            ("empty mount flag", Good.Mount(flags: ["noatime", ""]), $"{field}.mount.mount_flags[1] is empty"),
            ("line feed in mount flag", Good.Mount(flags: "a\nb"), $"{field}.mount.mount_flags[0] contains a control character"),
            ("huge mount flags", Good.Mount(flags: [new string('f', 4000), new string('g', 97)]), $"{field}.mount.mount_flags are larger than 4096 bytes"),
        ];
        return wrong.Select(w => Wrong(good, w.Name, r => set(r, w.Value), w.Says));
    }

    private static Case Wrong<T>(Func<T> good, string name, Action<T> spoil, string says, StatusCode code = StatusCode.InvalidArgument)
        where T : IMessage
    {
        var request = good();
        spoil(request);
        return new Case($"{request.Descriptor.Name[..^"Request".Length]}: {name}", request, code, says);
    }

    private static void Set(RepeatedField<VolumeCapability> list, params VolumeCapability[] values)
    {
        list.Clear();
        list.AddRange(values);
    }

    private static VolumeCapability Grouped(string group)
    {
        var capability = Good.Mount();
        capability.Mount.VolumeMountGroup = group;
        return capability;
    }

    private static Topology Place(string key, string value) => new() { Segments = { [key] = value } };
}
