namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>Our target_core_user in the place of the kernel's own while the tests of its collection run. No device may exist when they begin or end.</summary>
public sealed class OurModule : IAsyncLifetime
{
    /// <summary>Name of the collection.</summary>
    public const string Collection = "our target_core_user";

    /// <summary>Folder with the module, and with what tries it, as <c>tests/zero-copy/build</c> fills it; empty where there is none.</summary>
    internal static string Folder { get; } = Environment.GetEnvironmentVariable("CSI_TCMU_OUR_MODULE") ?? "";

    /// <summary>Skips the running test where the module is not given.</summary>
    internal static void SkipWithout() => Assert.SkipWhen(Folder.Length == 0, "CSI_TCMU_OUR_MODULE names no folder with our target_core_user; tests/vm/run-tests makes one.");

    /// <summary>Loads it.</summary>
    public async ValueTask InitializeAsync()
    {
        if (Folder.Length == 0) return;
        var module = Folder + "/target_core_user.ko";
        if (!File.Exists(module)) throw new FileNotFoundException("It could not be built.", module);
        await Shell.RunAsync("rmmod", "target_core_user");
        await Shell.RunAsync("insmod", module);
    }

    /// <summary>Loads the kernel's own again.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Folder.Length == 0) return;
        await Shell.RunAsync("rmmod", "target_core_user");
        await Shell.RunAsync("modprobe", "target_core_user");
    }
}

/// <summary>The classes that share it.</summary>
[CollectionDefinition(OurModule.Collection)]
public sealed class OurModuleCollection : ICollectionFixture<OurModule>;
