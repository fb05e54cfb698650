namespace CsiTcmu.Volumes.Tests.Support;

/// <summary>The end of the process, as far as an operation can tell: thrown out of a fault point and caught by nobody on the way.</summary>
internal sealed class Crash : Exception
{
    /// <summary>Runs something that ends at a fault point, when it gets there.</summary>
    /// <returns>True when it got there.</returns>
    public static async Task<bool> AtAsync(string point, Func<Task> work)
    {
        FaultPoints.Observer = name =>
        {
            if (name == point) throw new Crash();
        };
        try
        {
            await work();
            return false;
        }
        catch (Crash)
        {
            return true;
        }
        finally
        {
            FaultPoints.Observer = null;
        }
    }
}
