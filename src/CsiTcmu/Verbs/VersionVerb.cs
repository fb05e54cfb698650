using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;

namespace CsiTcmu.Verbs;

/// <summary><c>csi-tcmu version</c>.</summary>
internal static class VersionVerb
{
    /// <summary>This build's version, such as <c>0.1.0+0123abcd</c>.</summary>
    public static string Version { get; } =
        typeof(VersionVerb).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var command = new Command("version", "Print the version of the program, its runtime and the CSI specification");
        command.SetAction(result =>
        {
            result.InvocationConfiguration.Output.WriteLine($"csi-tcmu {Version}, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}, CSI 1.12");
            return 0;
        });
        return command;
    }
}
