namespace CsiTcmu.Kernel.Tests.Machine;

/// <content>Health, in the words of both versions.</content>
internal sealed partial class CapabilityLife
{
    private object OfMounted => new { volume_id = _mounted.Id };

    private async Task LoseImageAsync()
    {
        var image = $"{_driver.Pool}/volumes/{_mounted.Id}/image";
        Assert.All(await ReasonsAsync(), reason => Assert.Equal("", reason));
        File.Move(image, image + "-away");
        Assert.All(await ReasonsAsync(), reason => Assert.StartsWith("ImageMissing", reason, StringComparison.Ordinal));
        File.Move(image + "-away", image);
        Assert.All(await ReasonsAsync(), reason => Assert.Equal("", reason));
        await HasDataAsync(_mounted);
    }

    private Task<string[]> ReasonsAsync() => _driver.Specification == "1.12" ? Reasons112Async() : Reasons113Async();

    /// <summary>What is wrong with the mounted volume, from each call that tells; empty for nothing.</summary>
    private async Task<string[]> Reasons112Async()
    {
        var got = await Client.CallAsync("Controller.ControllerGetVolume", OfMounted);
        var listed = (await Client.CallAsync("Controller.ListVolumes")).List("entries").Single(entry => entry.Text("volume", "volume_id") == _mounted.Id);
        var onNode = await Client.CallAsync("Node.NodeGetVolumeStats", new { volume_id = _mounted.Id, volume_path = _mounted.Target });
        return
        [
            got.Flag("status", "volume_condition", "abnormal") ? got.Text("status", "volume_condition", "message") : "",
            listed.Flag("status", "volume_condition", "abnormal") ? listed.Text("status", "volume_condition", "message") : "",
            onNode.Flag("volume_condition", "abnormal") ? onNode.Text("volume_condition", "message") : "",
        ];
    }

    /// <inheritdoc cref="Reasons112Async"/>
    private async Task<string[]> Reasons113Async()
    {
        var got = (await Client.CallAsync("Controller.ControllerGetVolumeHealth", OfMounted)).List("volume_health", "health_statuses");
        var listed = (await Client.CallAsync("Controller.ControllerListVolumeHealth")).List("entries").SelectMany(volume => volume.List("health_statuses"));
        var onNode = (await Client.CallAsync("Node.NodeGetVolumeHealth", OfMounted)).List("volume_health", "health_statuses");
        return [.. new[] { got, listed, onNode }.Select(entries => string.Join(' ', entries.Select(entry => entry.Text("reason"))))];
    }

    private async Task LosePoolAsync()
    {
        Assert.Empty(await StorageAsync());
        Directory.Move(_driver.Pool, _driver.Pool + "-away");
        var told = await StorageAsync();
        Directory.Move(_driver.Pool + "-away", _driver.Pool);
        Assert.Equal(["STORAGE_UNREACHABLE PoolUnavailable"], told);
        Assert.Empty(await StorageAsync());
        await HasDataAsync(_mounted);
    }

    private async Task<IEnumerable<string>> StorageAsync() =>
        (await Client.CallAsync("Node.NodeGetStorageHealth")).List("backend_health").Select(entry => $"{entry.Text("status")} {entry.Text("reason")}");
}
