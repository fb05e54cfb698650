namespace CsiTcmu.Volumes.Pools;

/// <summary>What a pool has promised, and what it can promise yet. Arithmetic alone: the numbers are the pool's, at one moment, in bytes.</summary>
internal readonly record struct Promises
{
    /// <summary>From here on a pool is nearly full.</summary>
    public const int NearlyFullPercent = 90;

    /// <summary>Size of the file system.</summary>
    public required long Total { get; init; }

    /// <summary>Free in it for ordinary users.</summary>
    public required long Free { get; init; }

    /// <summary>Of that, what is never promised.</summary>
    public required long Reserve { get; init; }

    /// <summary>What all that exists may come to need.</summary>
    public required long Promised { get; init; }

    /// <summary>Of that, what is allocated already and no longer free.</summary>
    public required long Allocated { get; init; }

    /// <summary>Promised to what is being made.</summary>
    public required long Beginning { get; init; }

    /// <summary>How many bytes are promised for one that can be had; 1 or more.</summary>
    public required decimal Ratio { get; init; }

    /// <summary>True when so little is free that it is worth a warning. Such a pool promises only what is there.</summary>
    public bool IsNearlyFull => (Int128)Free * 100 <= (Int128)Total * (100 - NearlyFullPercent);

    /// <summary>How much of the file system is in use.</summary>
    public int UsedPercent => Total > 0 ? (int)(((Int128)Total - Math.Clamp(Free, 0, Total)) * 100 / Total) : 100;

    /// <summary>What may still be written by those who were promised it.</summary>
    public long Outstanding => Promised - Allocated;

    /// <summary>True when the free space is enough for everything that was promised.</summary>
    public bool AreCovered => Outstanding <= Free;

    /// <summary>What can be promised yet; negative when more is promised than may be.</summary>
    public long Available
    {
        get
        {
            var had = (decimal)Free + Allocated - Reserve;
            var promisable = had > 0 && !IsNearlyFull ? decimal.Floor(had * Ratio) : had;
            return (long)decimal.Clamp(promisable - Promised - Beginning, long.MinValue, long.MaxValue);
        }
    }
}
