namespace CsiTcmu.Tcmu;

/// <summary>An open and mapped <c>/dev/uioN</c> of a TCMU device. The kernel allows one opener at a time.</summary>
public sealed unsafe class UioDevice : IDisposable
{
    private UioDevice() { }

    /// <summary>The file descriptor, non-blocking; readable when the kernel has put commands on the ring.</summary>
    public int File { get; }

    /// <summary>Start of the mapping.</summary>
    public byte* Map { get; }

    /// <summary>Length of the mapping in bytes.</summary>
    public long Length { get; }

    /// <summary>Opens and maps the device of that uio name (<c>tcm-user/HBA/NAME/CONFIG</c>).</summary>
    /// <exception cref="IOException">The device is absent, busy or cannot be mapped; the message names it and says what to do.</exception>
    public static UioDevice Open(string uioName) => throw new IOException(uioName);

    /// <summary>Takes note of the kernel's events so far, so that the descriptor is readable again only for new ones.</summary>
    /// <returns>0, or <c>-errno</c>; <c>-EIO</c> when the device is gone.</returns>
    public int Acknowledge() => throw new IOException();

    /// <summary>Tells the kernel to look at the completions. The kernel copies read data in this call.</summary>
    /// <returns>0 or <c>-errno</c>.</returns>
    public int Kick() => throw new IOException();

    /// <inheritdoc/>
    public void Dispose() { }
}
