using System.Buffers;
using System.Collections;
using System.Text;

namespace Grpc.Core;

/// <summary>Headers or trailers of a call: a list, since a key may come more than once. Keys are lower case; a key that ends in
/// <c>-bin</c> carries bytes, any other printable ASCII.</summary>
public sealed class Metadata : IList<Metadata.Entry>
{
    /// <summary>The ending of keys that carry bytes.</summary>
    public const string BinaryHeaderSuffix = "-bin";

    private readonly List<Entry> _entries = [];

    /// <inheritdoc/>
    public int Count => _entries.Count;

    /// <inheritdoc/>
    public bool IsReadOnly => false;

    /// <inheritdoc/>
    public Entry this[int index]
    {
        get => _entries[index];
        set => _entries[index] = value;
    }

    /// <summary>The last entry with a key.</summary>
    /// <param name="key">The key, in any case.</param>
    /// <returns>The entry, or null when there is none.</returns>
    public Entry? Get(string key) => _entries.FindLast(entry => Matches(entry, key));

    /// <summary>The text of the last entry with a key.</summary>
    /// <param name="key">The key, in any case.</param>
    /// <returns>The text, or null when there is no such entry.</returns>
    public string? GetValue(string key) => Get(key)?.Value;

    /// <summary>The bytes of the last entry with a key.</summary>
    /// <param name="key">The key, in any case.</param>
    /// <returns>The bytes, or null when there is no such entry.</returns>
    public byte[]? GetValueBytes(string key) => Get(key)?.ValueBytes;

    /// <summary>All entries with a key, in order.</summary>
    /// <param name="key">The key, in any case.</param>
    /// <returns>The entries; none is not an error.</returns>
    public IEnumerable<Entry> GetAll(string key) => _entries.Where(entry => Matches(entry, key));

    /// <summary>Adds text.</summary>
    /// <param name="key">The key, without the ending <c>-bin</c>.</param>
    /// <param name="value">Printable ASCII.</param>
    public void Add(string key, string value) => Add(new Entry(key, value));

    /// <summary>Adds bytes.</summary>
    /// <param name="key">The key, ending in <c>-bin</c>.</param>
    /// <param name="valueBytes">Any bytes.</param>
    public void Add(string key, byte[] valueBytes) => Add(new Entry(key, valueBytes));

    /// <inheritdoc/>
    public void Add(Entry item)
    {
        ArgumentNullException.ThrowIfNull(item);
        _entries.Add(item);
    }

    /// <inheritdoc/>
    public void Insert(int index, Entry item) => _entries.Insert(index, item);

    /// <inheritdoc/>
    public bool Remove(Entry item) => _entries.Remove(item);

    /// <inheritdoc/>
    public void RemoveAt(int index) => _entries.RemoveAt(index);

    /// <inheritdoc/>
    public void Clear() => _entries.Clear();

    /// <inheritdoc/>
    public int IndexOf(Entry item) => _entries.IndexOf(item);

    /// <inheritdoc/>
    public bool Contains(Entry item) => _entries.Contains(item);

    /// <inheritdoc/>
    public void CopyTo(Entry[] array, int arrayIndex) => _entries.CopyTo(array, arrayIndex);

    /// <inheritdoc/>
    public IEnumerator<Entry> GetEnumerator() => _entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static bool Matches(Entry entry, string key) => string.Equals(entry.Key, key, StringComparison.OrdinalIgnoreCase);

    /// <summary>One key with its value.</summary>
    public sealed class Entry
    {
        private static readonly SearchValues<char> KeyCharacters = SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyz_-.");

        private readonly string? _text;
        private readonly byte[]? _bytes;

        /// <summary>Makes an entry with text.</summary>
        /// <param name="key">Letters, digits, <c>_</c>, <c>-</c> and <c>.</c>, without the ending <c>-bin</c>; becomes lower case.</param>
        /// <param name="value">Printable ASCII.</param>
        /// <exception cref="ArgumentException">The key or the value cannot be a header.</exception>
        public Entry(string key, string value)
            : this(NormalizedKey(key, binary: false), value, null)
        {
            ArgumentNullException.ThrowIfNull(value);
            if (value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
                throw new ArgumentException($"The value of metadata '{key}' is not printable ASCII; use a key that ends in -bin for bytes.", nameof(value));
        }

        /// <summary>Makes an entry with bytes.</summary>
        /// <param name="key">Letters, digits, <c>_</c>, <c>-</c> and <c>.</c>, ending in <c>-bin</c>; becomes lower case.</param>
        /// <param name="valueBytes">Any bytes.</param>
        /// <exception cref="ArgumentException">The key cannot be a header.</exception>
        public Entry(string key, byte[] valueBytes)
            : this(NormalizedKey(key, binary: true), null, Copy(valueBytes))
        {
        }

        private Entry(string key, string? text, byte[]? bytes)
        {
            Key = key;
            _text = text;
            _bytes = bytes;
        }

        /// <summary>The key, in lower case.</summary>
        public string Key { get; }

        /// <summary>Whether the value is bytes.</summary>
        public bool IsBinary => _bytes is not null;

        /// <summary>The value as text.</summary>
        /// <exception cref="InvalidOperationException">The value is bytes.</exception>
        public string Value => _text ?? throw new InvalidOperationException($"Metadata '{Key}' is bytes; read ValueBytes.");

        /// <summary>The value as bytes, a copy; text is given as ASCII.</summary>
        public byte[] ValueBytes => _bytes is not null ? Copy(_bytes) : Encoding.ASCII.GetBytes(_text!);

        /// <inheritdoc/>
        public override string ToString() => IsBinary ? $"[Entry: key={Key}, {_bytes!.Length} bytes]" : $"[Entry: key={Key}, value={_text}]";

        /// <summary>An entry as it came over the wire, not judged again.</summary>
        /// <param name="key">The key, in lower case.</param>
        /// <param name="text">The text, unless bytes are given.</param>
        /// <param name="bytes">The bytes, or null.</param>
        /// <returns>The entry.</returns>
        internal static Entry Received(string key, string? text, byte[]? bytes) => new(key, text, bytes);

        private static byte[] Copy(byte[] bytes)
        {
            ArgumentNullException.ThrowIfNull(bytes);
            return [.. bytes];
        }

        private static string NormalizedKey(string key, bool binary)
        {
            ArgumentException.ThrowIfNullOrEmpty(key);
            var lower = key.ToLowerInvariant();
            if (lower.AsSpan().ContainsAnyExcept(KeyCharacters))
                throw new ArgumentException($"'{key}' cannot be a metadata key: only letters, digits, '_', '-' and '.' are allowed.", nameof(key));
            if (lower.EndsWith(BinaryHeaderSuffix, StringComparison.Ordinal) != binary)
                throw new ArgumentException($"Metadata key '{key}' must {(binary ? "" : "not ")}end in {BinaryHeaderSuffix} for this kind of value.", nameof(key));
            return lower;
        }
    }
}
