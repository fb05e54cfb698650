using System.ComponentModel;
using System.Diagnostics;
using CsiTcmu.Kernel.Tests;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestPipelineStartup(typeof(KernelWithTcmu))]
// The tests share one kernel: its configfs tree, its SCSI hosts, its limits.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace CsiTcmu.Kernel.Tests;

/// <summary>
/// Looks, before any test runs, whether the running kernel serves TCMU to this process; if not, the whole executable ends with
/// a message and status 3 instead of failing test by test.
/// </summary>
public sealed class KernelWithTcmu : ITestPipelineStartup
{
    private static readonly string[] Modules = ["target_core_user", "tcm_loop", "sd_mod"];

    /// <inheritdoc/>
    public ValueTask StartAsync(IMessageSink diagnosticMessageSink)
    {
        if (WhatIsMissing() is { } missing)
        {
            Console.Error.WriteLine($"CsiTcmu.Kernel.Tests: {missing}");
            Console.Error.WriteLine("These tests need root and a kernel with TCMU. Elsewhere run them in a virtual machine: tests/vm/run-tests -k 6.1");
            Environment.Exit(3);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask StopAsync() => ValueTask.CompletedTask;

    private static string? WhatIsMissing()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return "this process does not run as root";
        }

        foreach (var module in Modules)
        {
            if (!Directory.Exists($"/sys/module/{module}") && Load(module) is { } problem)
            {
                return $"the kernel module {module} is not loaded and cannot be: {problem}";
            }
        }

        return Directory.Exists(Configfs.Core) ? null : $"{Configfs.Core} is not there: mount -t configfs configfs /sys/kernel/config";
    }

    private static string? Load(string module)
    {
        try
        {
            using var modprobe = Process.Start(new ProcessStartInfo("modprobe", [module]) { UseShellExecute = false, RedirectStandardError = true })!;
            var error = modprobe.StandardError.ReadToEnd();
            modprobe.WaitForExit();
            return modprobe.ExitCode == 0 ? null : error.Trim();
        }
        catch (Win32Exception e)
        {
            return e.Message;
        }
    }
}
