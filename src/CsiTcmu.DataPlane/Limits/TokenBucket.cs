namespace CsiTcmu.DataPlane.Limits;

/// <summary>
/// Tokens that come in at an even rate and go out command by command. Kept as one point in time, when the bucket is full again, so that
/// nothing has to be filled up and time that was slept too long is not lost. Times are ticks of one clock.
/// </summary>
/// <remarks>
/// A command takes as long as its tokens need to come in. The bucket holds <c>depth</c> ticks' worth. A command may go as soon as there are
/// tokens for all of it; one that is larger than the bucket goes when that is full and leaves it in debt. A bucket without a rate lets
/// everything pass.
/// </remarks>
internal struct TokenBucket
{
    private double _ticksPerToken;
    private long _depth;
    private long _full;

    /// <summary>When a command of so many tokens may go; not later than now when it may go at once. One that needs none waits for no debt.</summary>
    public readonly long DueAt(long tokens) => tokens == 0 ? long.MinValue : _full - _depth + Math.Min(Ticks(tokens), _depth);

    /// <summary>Takes the tokens of a command that goes.</summary>
    public void Take(long tokens, long now) => _full = Math.Max(_full, now) + Ticks(tokens);

    /// <summary>
    /// Changes the rate. What has been taken and has not come in yet stays taken, so that changes give nothing away; but no debt is carried
    /// over, so that a change is felt at once.
    /// </summary>
    /// <param name="ticksPerToken">The rate's inverse; 0 for no limit.</param>
    /// <param name="depth">What the bucket holds.</param>
    /// <param name="now">The time.</param>
    public void Change(double ticksPerToken, long depth, long now)
    {
        var missing = Math.Max(0, _full - now);
        var share = _ticksPerToken > 0 ? ticksPerToken / _ticksPerToken : 0;
        _ticksPerToken = ticksPerToken;
        _depth = ticksPerToken > 0 ? depth : 0;
        _full = now + (long)Math.Min(missing * share, _depth);
    }

    private readonly long Ticks(long tokens) => (long)((tokens * _ticksPerToken) + 0.5);
}
