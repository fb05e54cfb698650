using CsiTcmu.Linux;
using CsiTcmu.Volumes.Changes;

namespace CsiTcmu.Volumes.Tests.Changes;

public sealed class ExtentComparisonTests
{
    private const int Block = 4096;
    private const int Hole = -1, NoPlace = -2;

    [Fact]
    public void Holes_and_the_same_places_are_the_same() => Assert.Empty(Find([Hole, 7, 8, 9, Hole], [Hole, 7, 8, 9, Hole]));

    [Fact]
    public void Other_places_holes_and_data_are_differences() =>
        Assert.Equal(new ExtentDifference[] { new(Block, 2 * Block, true), new(4 * Block, Block, true) }, Find([1, 2, Hole, 4, 5], [1, 9, 3, 4, Hole]));

    [Fact]
    public void Data_without_a_place_is_uncertain_even_beside_a_hole() =>
        Assert.Equal(new ExtentDifference[] { new(0, 2 * Block, false), new(2 * Block, Block, true) }, Find([NoPlace, NoPlace, 3], [1, Hole, 4]));

    [Fact]
    public void The_same_place_under_another_extent_that_is_shifted_is_a_difference() =>
        Assert.Equal(new ExtentDifference(0, 4 * Block, true), Assert.Single(Find([Extent(0, 100, 4)], [Extent(0, 101, 4)], 4 * Block)));

    /// <summary>Maps of random pieces against a model of one place per block.</summary>
    [Fact]
    public void Random_maps_are_compared_as_block_by_block()
    {
        for (var seed = 0; seed < 5000; seed++)
        {
            var random = new Random(seed);
            var length = random.Next(1, 24);
            var (left, right) = (Places(random, length), Places(random, length));
            for (var block = 0; block < length; block++)
            {
                if (random.Next(2) == 0) right[block] = left[block];
            }

            var (start, end) = (random.Next(length) * Block, length * Block);
            var found = new List<ExtentDifference>();
            ExtentComparison.Find(Extents(left, random), Extents(right, random), start, end, found);

            var expected = Enumerable.Range(start / Block, (end - start) / Block).Select(block => Model(left[block], right[block])).ToList();
            var actual = new bool?[expected.Count];
            foreach (var difference in found)
            {
                for (var at = difference.Offset; at < difference.End; at += Block) actual[(at - start) / Block] = difference.IsCertain;
            }

            Assert.True(expected.SequenceEqual(actual), $"seed {seed}");
            Assert.All(found.Zip(found.Skip(1)), pair => Assert.True(
                pair.First.End < pair.Second.Offset || (pair.First.End == pair.Second.Offset && pair.First.IsCertain != pair.Second.IsCertain), $"seed {seed}"));
        }
    }

    private static bool? Model(int left, int right)
    {
        if (left == Hole && right == Hole) return null;
        if (left == NoPlace || right == NoPlace) return false;
        return left == right ? null : true;
    }

    private static int[] Places(Random random, int length)
    {
        var places = new int[length];
        for (var block = 0; block < length; block++)
        {
            places[block] = random.Next(6) switch
            {
                0 => Hole,
                1 => NoPlace,
                2 or 3 when block > 0 && places[block - 1] >= 0 => places[block - 1] + 1,
                _ => random.Next(1000),
            };
        }

        return places;
    }

    private static List<ExtentDifference> Find(int[] left, int[] right) =>
        Find(Extents(left, new Random(1)), Extents(right, new Random(2)), left.Length * Block);

    private static List<ExtentDifference> Find(List<FileExtent> left, List<FileExtent> right, long end)
    {
        var found = new List<ExtentDifference>();
        ExtentComparison.Find(left, right, 0, end, found);
        return found;
    }

    /// <summary>Extents of these places; neighbours are one or two, as chance will have it.</summary>
    private static List<FileExtent> Extents(int[] places, Random random)
    {
        var extents = new List<FileExtent>();
        for (var block = 0; block < places.Length; block++)
        {
            if (places[block] == Hole) continue;
            var extent = places[block] == NoPlace
                ? new FileExtent(block * Block, 0, Block, ExtentStates.Inline)
                : Extent(block, places[block], 1);
            if (extents.Count > 0 && extents[^1] is { HasPlace: true } last && extent.HasPlace && last.End == extent.Offset
                && last.Physical + last.Length == extent.Physical && random.Next(2) == 0)
            {
                extents[^1] = last with { Length = last.Length + Block };
            }
            else
            {
                extents.Add(extent);
            }
        }

        return extents;
    }

    private static FileExtent Extent(int block, int place, int length) => new(block * Block, (long)place * Block, length * Block, ExtentStates.None);
}
