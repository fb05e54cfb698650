namespace Grpc.Core;

/// <summary>Wishes about writing a message.</summary>
[Flags]
public enum WriteFlags
{
    /// <summary>No wish.</summary>
    None = 0,

    /// <summary>More follows at once: the message may wait in the buffer.</summary>
    BufferHint = 1,

    /// <summary>Do not compress; this server never does.</summary>
    NoCompress = 2,
}

/// <summary>Options of writing messages.</summary>
public class WriteOptions
{
    /// <summary>No wishes.</summary>
    public static readonly WriteOptions Default = new();

    /// <summary>Makes options.</summary>
    /// <param name="flags">The wishes.</param>
    public WriteOptions(WriteFlags flags = WriteFlags.None) => Flags = flags;

    /// <summary>The wishes.</summary>
    public WriteFlags Flags { get; }
}
