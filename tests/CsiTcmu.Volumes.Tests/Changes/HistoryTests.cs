using CsiTcmu.Linux.Tools;
using CsiTcmu.Volumes.Changes;

namespace CsiTcmu.Volumes.Tests.Changes;

/// <summary>
/// What is reported as allocated and as changed, against the images' bytes, over random histories of writes, discards and zeroes: no byte is missing,
/// and no block is reported that was not touched (where blocks are shared) or is not different (where bytes are compared).
/// </summary>
public sealed class HistoryTests
{
    private const int Histories = 200;
    private const int Block = HistoryImage.Block;
    private const long Size = 512 * Block;

    [Fact]
    public void Histories_on_xfs_that_shares_blocks()
    {
        using var mount = LoopMount.Make(512L << 20, "", "mkfs.xfs", "-q", "-m", "reflink=1");
        Run(mount, share: true, Histories);
    }

    [Fact]
    public void Histories_on_xfs_whose_files_do_not_share_blocks()
    {
        using var mount = LoopMount.Make(512L << 20, "", "mkfs.xfs", "-q", "-m", "reflink=0");
        Run(mount, share: false, Histories / 10);
    }

    [Fact]
    public void Histories_on_ext4()
    {
        using var mount = LoopMount.Make(128L << 20, "", "mkfs.ext4", "-q", "-F");
        Run(mount, share: false, Histories);
    }

    [Fact]
    public void Histories_on_btrfs_with_compression_whose_maps_do_not_tell_places()
    {
        using var mount = LoopMount.Make(512L << 20, "compress-force=zstd:1", "mkfs.btrfs", "-q");
        Run(mount, share: true, Histories / 4);
    }

    [Fact]
    public void Histories_on_btrfs()
    {
        using var mount = LoopMount.Make(512L << 20, "", "mkfs.btrfs", "-q");
        Run(mount, share: true, Histories / 4);
    }

    [Fact]
    public async Task Nothing_is_missing_while_btrfs_moves_blocks()
    {
        using var mount = LoopMount.Make(1L << 30, "", "mkfs.btrfs", "-q");
        using var image = new HistoryImage(mount.Folder, Size, new Random(1));
        for (var copy = 0; copy < 2; copy++)
        {
            for (var step = 0; step < 30; step++) image.Step();
            image.Copy(share: true);
        }

        using var before = ImageReader.Open(image.Copies[0]);
        using var after = ImageReader.Open(image.Copies[1]);
        var (old, content) = (File.ReadAllBytes(image.Copies[0]), File.ReadAllBytes(image.Copies[1]));
        Array.Resize(ref old, content.Length);
        var differing = Enumerable.Range(0, content.Length / Block)
            .Where(block => !old.AsSpan(block * Block, Block).SequenceEqual(content.AsSpan(block * Block, Block))).Select(block => (long)block).ToList();
        var balance = Tool.RunAsync("btrfs", ["balance", "start", "--full-balance", mount.Folder]);
        do
        {
            var reported = Blocks([.. ChangedBlocks.Find(before, after, share: true, 0, content.Length, CancellationToken.None)]);
            Assert.DoesNotContain(differing, block => !reported.Contains(block));
        }
        while (!balance.IsCompleted);
        Assert.Equal(0, (await balance).ExitCode);
    }

    private static void Run(LoopMount mount, bool share, int histories)
    {
        for (var seed = 0; seed < histories; seed++)
        {
            var random = new Random(seed);
            using var image = new HistoryImage(mount.Folder, Size, random);
            for (var copy = 0; copy < 3; copy++)
            {
                for (var step = random.Next(1, 15); step > 0; step--) image.Step();
                image.Copy(share);
            }

            for (var target = 0; target < image.Copies.Count; target++)
            {
                CheckAllocated(image, target, $"seed {seed}, copy {target}", random);
                for (var origin = 0; origin <= target; origin++)
                    CheckChanged(image, origin, target, share, $"seed {seed}, from copy {origin} to {target}", random);
            }
        }
    }

    private static void CheckAllocated(HistoryImage image, int copy, string what, Random random)
    {
        using var reader = ImageReader.Open(image.Copies[copy]);
        var content = File.ReadAllBytes(image.Copies[copy]);
        var ranges = AllocatedBlocks.Find(reader, 0, content.Length, CancellationToken.None).ToList();
        CheckOrder(ranges, content.Length, what);
        var reported = Blocks(ranges);
        for (var block = 0; block * Block < content.Length; block++)
        {
            if (content.AsSpan(block * Block, Block).ContainsAnyExcept((byte)0)) Assert.True(reported.Contains(block), $"{what}: block {block} has data and is missing");
        }

        var touched = image.Touched(-1, copy);
        Assert.All(reported, block => Assert.True(touched.Contains(block), $"{what}: block {block} was never written"));
        var start = random.Next(content.Length);
        Assert.Equal(Behind(ranges, start), AllocatedBlocks.Find(reader, start, content.Length, CancellationToken.None));
    }

    private static void CheckChanged(HistoryImage image, int origin, int target, bool share, string what, Random random)
    {
        using var before = ImageReader.Open(image.Copies[origin]);
        using var after = ImageReader.Open(image.Copies[target]);
        Assert.Equal(share, BlockSharing.IsPossible(Path.GetDirectoryName(image.Copies[origin])!, before));
        var (old, content) = (File.ReadAllBytes(image.Copies[origin]), File.ReadAllBytes(image.Copies[target]));
        Array.Resize(ref old, content.Length);
        var ranges = ChangedBlocks.Find(before, after, share, 0, content.Length, CancellationToken.None).ToList();
        CheckOrder(ranges, content.Length, what);
        var reported = Blocks(ranges);
        var touched = image.Touched(origin, target);
        for (var block = 0; block * Block < content.Length; block++)
        {
            var differs = !old.AsSpan(block * Block, Block).SequenceEqual(content.AsSpan(block * Block, Block));
            if (differs) Assert.True(reported.Contains(block), $"{what}: block {block} differs and is missing");
            else if (reported.Contains(block)) Assert.True(share && touched.Contains(block), $"{what}: block {block} is reported and was not touched");
        }

        var start = random.Next(content.Length);
        Assert.Equal(Behind(ranges, start), ChangedBlocks.Find(before, after, share, start, content.Length, CancellationToken.None));
    }

    private static void CheckOrder(List<ByteRange> ranges, long size, string what)
    {
        Assert.All(ranges, range => Assert.True(range.Offset >= 0 && range.Length > 0 && range.End <= size && range.Offset % Block == 0, $"{what}: {range}"));
        Assert.All(ranges.Zip(ranges.Skip(1)), pair => Assert.True(pair.First.End < pair.Second.Offset, $"{what}: {pair}"));
    }

    private static HashSet<long> Blocks(List<ByteRange> ranges) =>
        [.. ranges.SelectMany(range => Enumerable.Range(0, (int)((range.Length + Block - 1) / Block)).Select(i => (range.Offset / Block) + i))];

    private static IEnumerable<ByteRange> Behind(List<ByteRange> ranges, long start) => ranges
        .Where(range => range.End > start)
        .Select(range => new ByteRange(Math.Max(range.Offset, start), range.End - Math.Max(range.Offset, start)));
}
