namespace CsiTcmu.DataPlane;

/// <summary>What tests look at.</summary>
internal sealed partial class ServedDisk
{
    /// <summary>Bytes that the reactor's thread has allocated on the managed heap so far. The question itself costs that thread none.</summary>
    public long ReadReactorAllocations()
    {
        var allocated = -1L;
        _reactor.TryPost(() => Volatile.Write(ref allocated, GC.GetAllocatedBytesForCurrentThread()));
        while (Volatile.Read(ref allocated) < 0) Thread.Sleep(1);
        return allocated;
    }
}
