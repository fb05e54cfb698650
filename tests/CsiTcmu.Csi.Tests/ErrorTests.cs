using CsiTcmu.TestClient;
using CsiTcmu.Volumes;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Csi.Tests;

public sealed class ErrorTests : IAsyncLifetime
{
    private readonly MemoryVolumes _volumes = new();
    private Driver _driver = null!;

    public async ValueTask InitializeAsync() => _driver = await Driver.StartAsync(_volumes);

    public ValueTask DisposeAsync() => _driver.DisposeAsync();

    [Theory]
    [InlineData(VolumeError.InvalidArgument, StatusCode.InvalidArgument)]
    [InlineData(VolumeError.NotFound, StatusCode.NotFound)]
    [InlineData(VolumeError.Unauthenticated, StatusCode.Unauthenticated)]
    [InlineData(VolumeError.AlreadyExists, StatusCode.AlreadyExists)]
    [InlineData(VolumeError.Exhausted, StatusCode.ResourceExhausted)]
    [InlineData(VolumeError.OutOfRange, StatusCode.OutOfRange)]
    [InlineData(VolumeError.FailedPrecondition, StatusCode.FailedPrecondition)]
    [InlineData(VolumeError.Aborted, StatusCode.Aborted)]
    [InlineData(VolumeError.Unavailable, StatusCode.Unavailable)]
    [InlineData(VolumeError.Internal, StatusCode.Internal)]
    public async Task Volume_error_becomes_its_code_with_its_message(VolumeError error, StatusCode code)
    {
        _volumes.Before = _ => throw new VolumeException(error, "the disk is on fire: 100 % (größer als 1 °C)");

        var failure = await _driver.RefusesAsync(Good.Create(), code);

        Assert.Equal("the disk is on fire: 100 % (größer als 1 °C)", failure.Detail);
    }

    [Fact]
    public void Every_volume_error_has_a_code_and_an_unknown_one_is_not_final()
    {
        Assert.Equal(10, Enum.GetValues<VolumeError>().Select(CsiErrors.CodeOf).Distinct().Count());
        Assert.Equal(StatusCode.Unavailable, CsiErrors.CodeOf((VolumeError)99));
    }

    [Fact]
    public async Task Volume_error_without_a_message_gets_one()
    {
        _volumes.Before = _ => throw new VolumeException(VolumeError.NotFound, "");

        await _driver.RefusesAsync(Good.Get(), StatusCode.NotFound, "ControllerGetVolume failed");
    }

    [Fact]
    public async Task Unforeseen_failure_is_not_final_and_keeps_its_details_for_the_log()
    {
        _volumes.Before = _ => throw new InvalidOperationException("inner workings");

        var failure = await _driver.RefusesAsync(Good.Stage(), StatusCode.Unavailable, "NodeStageVolume met an unexpected error");

        Assert.DoesNotContain("inner workings", failure.Detail, StringComparison.Ordinal);
        var line = Assert.Single(_driver.Log.Lines, line => line.Level == LogLevel.Error);
        Assert.Contains("inner workings", line.Everything, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancellation_that_is_not_the_callers_is_not_final()
    {
        _volumes.Before = _ => throw new OperationCanceledException("a timeout inside");

        await _driver.RefusesAsync(Good.Stage(), StatusCode.Unavailable);
    }

    [Fact]
    public async Task Deadline_that_passes_is_said_so()
    {
        _volumes.Before = token => Task.Delay(Timeout.Infinite, token);
        _driver.Client.Timeout = TimeSpan.FromMilliseconds(50);

        await _driver.RefusesAsync(Good.Create(), StatusCode.DeadlineExceeded);
    }

    [Fact]
    public async Task Caller_that_gives_up_stops_the_work()
    {
        var begun = new TaskCompletionSource();
        var stopped = new TaskCompletionSource();
        _volumes.Before = async token =>
        {
            begun.SetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, token);
            }
            finally
            {
                stopped.SetResult();
            }
        };
        using var giveUp = new CancellationTokenSource();
        var call = _driver.Client.CreateVolumeAsync(Good.Create(), giveUp.Token);
        await begun.Task;

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await stopped.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Hostile_values_are_quoted_short_and_escaped()
    {
        var request = Good.Unstage();
        request.StagingTargetPath = "a\n" + new string('b', 100_000);

        var failure = await Assert.ThrowsAsync<CallFailedException>(() => _driver.CallAsync(request));

        Assert.Contains("\"a\\u000abbb", failure.Detail, StringComparison.Ordinal);
        Assert.True(failure.Detail.Length < 400, failure.Detail);
    }
}
