namespace CsiTcmu.Kubernetes.Tests.Support;

/// <summary>What becomes true after a while.</summary>
internal static class Eventually
{
    public static async Task<T> AppearsAsync<T>(Func<Task<T?>> look, string what, int seconds = 30)
        where T : class
    {
        var end = DateTime.UtcNow.AddSeconds(seconds);
        while (true)
        {
            if (await look() is { } found) return found;
            Assert.True(DateTime.UtcNow < end, $"{what} did not come within {seconds} s");
            await Task.Delay(50);
        }
    }

    public static Task HoldsAsync(Func<Task<bool>> check, string what, int seconds = 30) =>
        AppearsAsync<object>(async () => await check() ? true : null, what, seconds);
}
