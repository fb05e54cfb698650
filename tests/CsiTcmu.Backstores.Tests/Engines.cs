using CsiTcmu.Linux;

namespace CsiTcmu.Backstores.Tests;

/// <summary>The engines that backstores are tried on.</summary>
public enum EngineKind
{
    IoUring,
    Workers,
}

internal static class Engines
{
    public static IIoEngine Create(EngineKind kind, int queueDepth = 64) =>
        IoEngines.Create(kind == EngineKind.IoUring ? IoEngineChoice.IoUring : IoEngineChoice.Workers, queueDepth, out _);
}
