namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>One life of volumes on a node, in which the process dies at some steps, each of which the next process repeats.</summary>
/// <param name="node">The node.</param>
/// <param name="faults">Fault points, by the step at which they are met.</param>
internal sealed class FaultLife(FaultNode node, IReadOnlyDictionary<string, string> faults)
{
    /// <summary>The node.</summary>
    public FaultNode Node { get; } = node;

    /// <summary>A folder for paths, empty at first.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory().FullName;

    /// <summary>The points, which can also be written as data.</summary>
    public string Points { get; } = string.Join(", ", faults.Values);

    /// <summary>Does an operation of the node, whose first word is the step's name: dies in it where the step has a fault point, and repeats it.</summary>
    public async Task StepAsync(params string[] words)
    {
        if (faults.TryGetValue(words[0], out var point))
        {
            await Node.DieAsync(point, words);
            await Node.StartAsync();
        }

        await Node.DoAsync(words);
    }

    /// <summary>Sees that nothing is left in the pool.</summary>
    public void End()
    {
        foreach (var kind in new[] { "volumes", "snapshots", "groups" }) Assert.Empty(Directory.EnumerateFileSystemEntries($"{Node.Pool}/{kind}"));
        Directory.Delete(Folder, recursive: true);
    }
}
