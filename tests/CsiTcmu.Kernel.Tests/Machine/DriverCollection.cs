namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>The classes that share one running driver, whose start takes seconds.</summary>
[CollectionDefinition(Name)]
public sealed class DriverCollection : ICollectionFixture<DriverFixture>
{
    /// <summary>Name of the collection.</summary>
    public const string Name = "driver";
}
