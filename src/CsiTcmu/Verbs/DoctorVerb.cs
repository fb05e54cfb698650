using System.CommandLine;
using CsiTcmu.Doctor;
using CsiTcmu.Linux;
using CsiTcmu.Memory;
using CsiTcmu.Tcmu;
using CsiTcmu.Volumes;

namespace CsiTcmu.Verbs;

/// <summary><c>csi-tcmu doctor</c>: what is fine on this machine, what is not, and what mends it.</summary>
internal static class DoctorVerb
{
    private const int ExitBad = 1;

    /// <summary>The verb. Exit status 0 when the driver can work here, 1 when it cannot, 2 for wrong options.</summary>
    public static Command Create()
    {
        var pools = CommonOptions.Pools();
        var engine = CommonOptions.Engine();
        var zeroCopy = CommonOptions.ZeroCopy();
        var output = CommonOptions.Choice("--output", "Form of the answer", "table", "table", "json");
        output.Aliases.Add("-o");
        var command = new Command("doctor", "Check kernel, privileges, programs and pools, and say what mends what is not fine") { pools, engine, zeroCopy, output };
        command.SetAction(result =>
        {
            var findings = Examine(result.GetValue(pools)!, result.GetValue(engine)!, CommonOptions.ParseZeroCopy(result.GetValue(zeroCopy)!));
            if (result.GetValue(output) == "json")
            {
                using var stream = Console.OpenStandardOutput();
                FindingTable.WriteJson(stream, findings);
            }
            else
            {
                FindingTable.WriteTable(result.InvocationConfiguration.Output, findings);
            }

            return findings.Any(f => f.Verdict == Verdict.Bad) ? ExitBad : 0;
        });
        return command;
    }

    private static List<Finding> Examine(string[] pools, string engine, ZeroCopyMode zeroCopy)
    {
        List<Finding> findings = [.. KernelChecks.Run(), Engine(engine), .. ToolChecks.Run()];

        // A device is made for it, so only who wants zero copy has it looked for.
        if (zeroCopy != ZeroCopyMode.Off) findings.Add(ZeroCopyChecks.Describe(zeroCopy, ZeroCopyProbe.FindObstacle()));
        findings.AddRange(MemoryDiscipline.Apply().Select(f => new Finding(f.Subject, f.Fine ? Verdict.Fine : Verdict.Weak, f.Detail, f.Fix)));
        if (pools.Length == 0) findings.Add(new("pools", Verdict.Weak, "none given, none checked", "csi-tcmu doctor --pool NAME=PATH"));
        foreach (var text in pools)
        {
            try
            {
                var pool = PoolSpecification.Parse(text);
                findings.AddRange(PoolChecks.Run(pool.Name, pool.Path));
            }
            catch (Exception e) when (e is FormatException or VolumeException or ArgumentException)
            {
                findings.Add(new($"pool {text}", Verdict.Bad, e.Message, "give it as NAME=PATH"));
            }
        }

        return findings;
    }

    private static Finding Engine(string choice)
    {
        using var engine = IoEngines.Create(StandaloneOptions.ParseEngine(choice), 8, out var description);
        return engine.Name == "io_uring"
            ? new("io_uring", Verdict.Fine, description)
            : new("io_uring", Verdict.Weak, description, "sysctl -w kernel.io_uring_disabled=0, and a seccomp profile that allows io_uring");
    }
}
