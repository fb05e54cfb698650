using Csi.V1;

namespace CsiTcmu.Proto.Tests;

public class ProtoTests
{
    private static readonly HashSet<string> Ours = [.. OurFacts.All()];

    private static readonly HashSet<string> Theirs =
        [.. Fact.All.Select(fact => fact.Text).Where(text => !text.StartsWith(Fact.Reserved, StringComparison.Ordinal))];

    [Fact]
    public void Nothing_of_the_specification_is_missing_or_different() => Assert.Empty(Theirs.Except(Ours));

    [Fact]
    public void Nothing_is_there_that_the_specification_does_not_have() => Assert.Empty(Ours.Except(Theirs));

    [Fact]
    public void The_table_covers_the_whole_interface()
    {
        int Count(string kind) => Theirs.Count(text => text.StartsWith(kind + " ", StringComparison.Ordinal));
        Assert.Equal((5, 36), (Count("service"), Count("rpc")));
        Assert.Equal(["1.12", "1.13", "both"], Fact.All.Select(fact => fact.Version).Distinct().Order());
        Assert.Equal("csi.v1", CsiReflection.Descriptor.Package);
    }

    // The superset stands on this: 1.13 withdraws numbers and gives none of them a new meaning.
    [Fact]
    public void Numbers_that_1_13_withdraws_keep_their_meaning_of_1_12()
    {
        var withdrawn = Fact.All.Where(fact => fact.Text.StartsWith(Fact.Reserved, StringComparison.Ordinal)).Select(fact => fact.Text.Split(' ')).ToList();
        Assert.Equal(5, withdrawn.Count);
        Assert.All(withdrawn, words =>
        {
            var (type, number) = (words[1], words[2]);
            var meaning = Assert.Single(Fact.All, fact =>
                fact.Text.StartsWith($"field {type} {number} ", StringComparison.Ordinal)
                || (fact.Text.StartsWith($"value {type} ", StringComparison.Ordinal) && fact.Text.EndsWith($" {number}", StringComparison.Ordinal)));
            Assert.Equal("1.12", meaning.Version);
        });
    }

    [Fact]
    public void Secrets_can_be_found_from_the_descriptors()
    {
        var secrets = CsiReflection.Descriptor.MessageTypes
            .SelectMany(message => message.Fields.InDeclarationOrder())
            .Where(field => field.GetOptions()?.GetExtension(CsiExtensions.CsiSecret) == true)
            .ToList();
        Assert.Equal(22, secrets.Count);
        Assert.All(secrets, field => Assert.Equal(("secrets", true), (field.Name, field.IsMap)));
    }
}
