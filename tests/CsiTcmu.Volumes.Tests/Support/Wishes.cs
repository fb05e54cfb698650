namespace CsiTcmu.Volumes.Tests.Support;

internal static class Wishes
{
    public const long Mebibyte = 1L << 20;
    public const long Gibibyte = 1L << 30;

    public static VolumeWish Of(string name, long required = 64 * Mebibyte, long limit = 0, bool block = false, string fileSystem = "", params (string Key, string Value)[] parameters) => new()
    {
        Name = name,
        Size = new SizeRange(required, limit),
        Block = block,
        FileSystem = fileSystem,
        Parameters = parameters.ToDictionary(pair => pair.Key, pair => pair.Value),
    };

    public static async Task<VolumeException> FailsAsync(VolumeError error, Func<Task> work)
    {
        var failure = await Assert.ThrowsAsync<VolumeException>(work);
        Assert.True(failure.Error == error, $"{failure.Error} instead of {error}: {failure.Message}");
        return failure;
    }
}
