using System.Runtime.InteropServices;

namespace CsiTcmu.Backstores;

/// <summary>Walks the memory of a request, whose vectors always begin at the first byte that is not done.</summary>
internal static unsafe class VectorCursor
{
    /// <summary>Cuts the vectors to the request's length.</summary>
    /// <param name="request">A read or write.</param>
    /// <param name="addresses">All bits that any address has set.</param>
    /// <param name="lengths">All bits that any length has set.</param>
    /// <returns>False when the vectors are shorter than the request.</returns>
    public static bool TryTrim(BackstoreRequest* request, out nuint addresses, out nuint lengths)
    {
        addresses = lengths = 0;
        var left = (nuint)request->Length;
        var count = 0;
        while (left > 0)
        {
            if (count == request->VectorCount) return false;
            var vector = request->Vectors + count++;
            if (vector->Length > left) vector->Length = left;
            addresses |= (nuint)vector->Base;
            lengths |= vector->Length;
            left -= vector->Length;
        }
        request->VectorCount = count;
        return true;
    }

    /// <summary>Steps over bytes that are done.</summary>
    public static void Advance(BackstoreRequest* request, long bytes)
    {
        var left = (nuint)bytes;
        while (request->VectorCount > 0)
        {
            var vector = request->Vectors;
            if (left < vector->Length)
            {
                vector->Base += left;
                vector->Length -= left;
                return;
            }
            left -= vector->Length;
            request->Vectors++;
            request->VectorCount--;
        }
    }

    /// <summary>Copies from a buffer into the vectors.</summary>
    public static void Scatter(BackstoreRequest* request, byte* source, long bytes)
    {
        for (var vector = request->Vectors; bytes > 0; vector++)
        {
            var piece = Math.Min(bytes, (long)vector->Length);
            Buffer.MemoryCopy(source, vector->Base, piece, piece);
            source += piece;
            bytes -= piece;
        }
    }

    /// <summary>Copies from the vectors into a buffer.</summary>
    public static void Gather(BackstoreRequest* request, byte* target, long bytes)
    {
        for (var vector = request->Vectors; bytes > 0; vector++)
        {
            var piece = Math.Min(bytes, (long)vector->Length);
            Buffer.MemoryCopy(vector->Base, target, piece, piece);
            target += piece;
            bytes -= piece;
        }
    }

    /// <summary>Fills the vectors with zeroes.</summary>
    public static void Clear(BackstoreRequest* request, long bytes)
    {
        for (var vector = request->Vectors; bytes > 0; vector++)
        {
            var piece = Math.Min(bytes, (long)vector->Length);
            NativeMemory.Clear(vector->Base, (nuint)piece);
            bytes -= piece;
        }
    }
}
