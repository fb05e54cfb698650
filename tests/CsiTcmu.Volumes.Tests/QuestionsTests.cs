using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests;

public sealed class QuestionsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Who_does_not_answer_keeps_one_thread_and_answers_again_later()
    {
        var questions = new Questions(TimeSpan.FromMilliseconds(500));
        using var stuck = new ManualResetEventSlim();
        var asked = 0;
        for (var i = 0; i < 3; i++)
        {
            var failure = await FailsAsync(VolumeError.Unavailable, () => questions.AskAsync("volume 'a'", Ask, CancellationToken.None));
            Assert.Contains("volume 'a' does not answer", failure.Message, StringComparison.Ordinal);
        }

        Assert.Equal(1, asked);
        Assert.Equal(7, await questions.AskAsync("volume 'b'", () => 7, CancellationToken.None));
        stuck.Set();
        Assert.Equal(2, await questions.AskAsync("volume 'a'", Ask, CancellationToken.None));

        int Ask()
        {
            var number = Interlocked.Increment(ref asked);
            stuck.Wait();
            return number;
        }
    }

    [Fact]
    public async Task Questions_to_one_subject_are_answered_one_after_another()
    {
        var questions = new Questions(Patience);
        var (running, most) = (0, 0);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => questions.AskAsync("pool 'p'", () => Ask(i), CancellationToken.None)));
        Assert.Equal(Enumerable.Range(0, 20), answers);
        Assert.Equal(1, most);

        int Ask(int number)
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            Thread.Sleep(1);
            Interlocked.Decrement(ref running);
            return number;
        }
    }

    [Fact]
    public async Task A_failure_is_an_answer()
    {
        var questions = new Questions(Patience);
        var failure = await FailsAsync(
            VolumeError.Unavailable, () => questions.AskAsync<int>("volume 'a'", () => throw new IOException("broken"), CancellationToken.None));
        Assert.Contains("broken", failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, await questions.AskAsync("volume 'a'", () => 1, CancellationToken.None));
    }
}
