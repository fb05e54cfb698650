using System.Diagnostics;
using CsiTcmu.DataPlane.Limits;
using CsiTcmu.Linux;
using CsiTcmu.Scsi;

namespace CsiTcmu.DataPlane;

/// <summary>One thread with one engine, and the disks that it serves from start to end.</summary>
/// <remarks>
/// <para>A pass, step by step:</para>
/// <list type="number">
/// <item>Run what the mailbox holds. A post wakes the engine, which ends the current or the next wait, so no post is missed.</item>
/// <item>Give every disk one turn that is ready, or awake with something new on its ring (<see cref="AwakeDisks"/>). A disk that wants
/// another becomes ready for the next pass, behind the others.</item>
/// <item>When no disk is ready, look for something new for as long as <see cref="Patience"/> says, then have all disks watched.</item>
/// <item>Wait in the engine: only looking when a disk is ready, else until the first disk that waits for tokens has them, or without end.</item>
/// <item>Hand the completions to their disks, which become ready by it, as do those that have their tokens.</item>
/// </list>
/// <para>Disks are found by number, which is part of the token of everything that the engine reports: number in the upper half, slot in the
/// lower half, or <see cref="EventMark"/> for the device's own events.</para>
/// </remarks>
/// <param name="name">Name of the thread.</param>
/// <param name="engine">What the thread waits in.</param>
/// <param name="clock">What limits are measured by; null for the system's monotonic clock.</param>
/// <param name="patience">How long to look for something new before a sleep, at most.</param>
internal sealed class Reactor(string name, IIoEngine engine, TimeProvider? clock = null, TimeSpan patience = default)
{
    private const uint EventMark = uint.MaxValue;
    private const int CompletionsPerWait = 256;

    /// <summary>A store may be busy for a reason that no completion ends.</summary>
    private const int MillisecondsWhileBusy = 1;

    /// <summary>Looks between two looks at the clock.</summary>
    private const int LooksPerTime = 16;

    private readonly Mailbox _mailbox = new(engine);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IoCompletion[] _completions = new IoCompletion[CompletionsPerWait];
    private readonly List<ServedDisk> _busy = [];
    private readonly WaitingDisks _waiting = new(clock ?? TimeProvider.System);
    private readonly Patience _patience = new(patience);
    private readonly AwakeDisks _awake = new();
    private ServedDisk?[] _disks = [];
    private List<ServedDisk> _ready = [];
    private List<ServedDisk> _turn = [];
    private bool _running = true;
    private int _thread;
    private long _sleeps;

    /// <summary>The engine that requests go to. For the reactor's thread.</summary>
    public IIoEngine Engine => engine;

    /// <summary>The clock that limits are measured by.</summary>
    public TimeProvider Clock { get; } = clock ?? TimeProvider.System;

    /// <summary>Where replies are put together. For the reactor's thread.</summary>
    public byte[] Reply { get; } = new byte[CommandDecoder.ReplyCapacity];

    /// <summary>How often the reactor has slept. From any thread.</summary>
    public long Sleeps => Volatile.Read(ref _sleeps);

    /// <summary>How long the thread has had a processor; nothing before it runs and after it has ended. From any thread.</summary>
    public TimeSpan ProcessorTime =>
        Volatile.Read(ref _thread) is var thread and not 0 && Syscalls.ThreadProcessorTime(thread, out var time) == 0 ? time : TimeSpan.Zero;

    /// <summary>The token of a disk's slot.</summary>
    public static ulong Token(int number, uint slot) => ((ulong)(uint)number << 32) | slot;

    /// <summary>Starts the thread.</summary>
    public void Start() => new Thread(Run) { Name = name, IsBackground = true }.Start();

    /// <summary>Ends the thread. Its disks have been stopped before.</summary>
    public Task StopAsync()
    {
        TryPost(() => _running = false);
        return _ended.Task;
    }

    /// <summary>Has an action run on the reactor's thread. It must not throw.</summary>
    /// <returns>False when the reactor has ended.</returns>
    public bool TryPost(Action action) => _mailbox.TryPost(action);

    /// <summary>Runs an action on the reactor's thread.</summary>
    /// <returns>Ends as the action does; false when the reactor has ended and the action does not run.</returns>
    public Task<bool> RunAsync(Action action)
    {
        var done = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var posted = TryPost(() =>
        {
            try
            {
                action();
                done.SetResult(true);
            }
            catch (Exception failure)
            {
                done.SetException(failure);
            }
        });
        if (!posted) done.SetResult(false);
        return done.Task;
    }

    /// <summary>Starts to serve a disk. On the reactor's thread.</summary>
    public void Attach(ServedDisk disk)
    {
        if (disk.Number >= _disks.Length) Array.Resize(ref _disks, disk.Number + 16);
        // So that no list grows on the data path.
        _ready.EnsureCapacity(_disks.Length);
        _turn.EnsureCapacity(_disks.Length);
        _busy.EnsureCapacity(_disks.Length);
        _waiting.EnsureCapacity(_disks.Length);
        _awake.EnsureCapacity(_disks.Length);
        _disks[disk.Number] = disk;
        disk.IsAttached = true;
        // The last server may have left commands in the ring, for which there is no event.
        _awake.Add(disk);
        MakeReady(disk);
    }

    /// <summary>Has the next event of a disk's device wake the reactor. On the reactor's thread.</summary>
    public void Watch(ServedDisk disk) => engine.Watch(disk.File, Token(disk.Number, EventMark));

    /// <summary>Has a disk neither watched nor looked at any more; a second time does nothing. On the reactor's thread.</summary>
    public void Unwatch(ServedDisk disk)
    {
        _awake.Remove(disk);
        engine.Unwatch(disk.File, Token(disk.Number, EventMark));
    }

    /// <summary>Lets go of a disk that has nothing in flight and is not watched. On the reactor's thread.</summary>
    /// <remarks>A report of the watch that still arrives finds no disk, or another one of that number, which takes it for a needless event.</remarks>
    public void Detach(ServedDisk disk) => _disks[disk.Number] = null;

    /// <summary>Gives the disk a turn in the next pass. On the reactor's thread.</summary>
    public void MakeReady(ServedDisk disk)
    {
        if (disk.IsReady) return;
        disk.IsReady = true;
        _ready.Add(disk);
    }

    private void Run()
    {
        Volatile.Write(ref _thread, Syscalls.ThreadId());
        try
        {
            while (_running) Pass();
            _mailbox.Close();
            Volatile.Write(ref _thread, 0);
            engine.Dispose();
            _ended.SetResult();
        }
        catch (Exception failure)
        {
            // Commands of any disk may be half done, and nobody would ever answer them. Another process takes the disks over as they are.
            Environment.FailFast($"The thread {name} has failed: {failure.Message}", failure);
        }
    }

    /// <summary>Does once what the reactor's thread does all the time. On that thread, or instead of it where there is none.</summary>
    internal void Pass()
    {
        _mailbox.Run();
        _awake.WakeNews(this);
        GiveTurns();
        var count = Wait();
        foreach (ref readonly var completion in _completions.AsSpan(0, count)) Deliver(in completion);
        foreach (var disk in _busy) MakeReady(disk);
        _busy.Clear();
        _waiting.WakeDue(this);
    }

    private int Wait()
    {
        if (_ready.Count > 0 || !_running) return engine.Wait(_completions, 0);
        if (_awake.IsEmpty) return Sleep();

        // What has been queued goes to the kernel first: it may be done at once, and then the devices need no watch. This wait may have used up the
        // wake of a post, which must not sleep on in the mailbox.
        var count = engine.Wait(_completions, 0);
        if (count > 0 || _mailbox.HasActions || Look() || !_awake.TryRest(this)) return count;
        var since = Stopwatch.GetTimestamp();
        count = Sleep();
        _patience.OnSleep(Stopwatch.GetTimestamp() - since);
        return count;
    }

    private int Sleep()
    {
        Volatile.Write(ref _sleeps, _sleeps + 1);
        return engine.Wait(_completions, Timeout());
    }

    private int Timeout() => _busy.Count > 0 ? MillisecondsWhileBusy : _waiting.Timeout();

    /// <summary>Looks for something to do until there is something, or patience ends.</summary>
    /// <returns>True when there is something.</returns>
    private bool Look()
    {
        if (_patience.Ticks == 0) return false;
        var end = Stopwatch.GetTimestamp() + _patience.Ticks;
        do
        {
            for (var i = 0; i < LooksPerTime; i++)
            {
                if (_awake.WakeNews(this) || engine.HasCompletions || _mailbox.HasActions) return true;
                Thread.SpinWait(1);
            }
        }
        while (Stopwatch.GetTimestamp() < end);
        return false;
    }

    private void GiveTurns()
    {
        (_turn, _ready) = (_ready, _turn);
        foreach (var disk in _turn)
        {
            disk.IsReady = false;
            if (disk.Turn()) MakeReady(disk);
            else if (disk.IsBusy) _busy.Add(disk);
            if (disk.DueAt is not null) _waiting.Add(disk);
        }

        _turn.Clear();
    }

    private void Deliver(in IoCompletion completion)
    {
        var number = (int)(completion.Token >> 32);
        var slot = (uint)completion.Token;
        var disk = number < _disks.Length ? _disks[number] : null;
        if (disk is null) return;
        if (slot == EventMark) _awake.Add(disk);
        else disk.OnCompletion((int)slot, completion.Result);
        MakeReady(disk);
    }
}
