using System.Globalization;
using System.Text;

namespace CsiTcmu.Metrics;

/// <summary>What a value is.</summary>
public enum MetricType
{
    /// <summary>It only grows, and begins anew with the process.</summary>
    Counter,

    /// <summary>It goes up and down.</summary>
    Gauge,

    /// <summary>Counts by upper bound.</summary>
    Histogram,
}

/// <summary>Families of values in Prometheus' text format, version 0.0.4.</summary>
public sealed class MetricsText
{
    /// <summary>Media type of the format.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();
    private readonly HashSet<string> _families = new(StringComparer.Ordinal);
    private string _name = "";

    /// <summary>Begins a family; the values behind it are its own.</summary>
    /// <param name="name">Its name, with its unit: <c>csi_tcmu_pool_available_bytes</c>.</param>
    /// <param name="type">What its values are.</param>
    /// <param name="help">A sentence for people.</param>
    /// <returns>This text.</returns>
    /// <exception cref="ArgumentException">There is one of that name already.</exception>
    public MetricsText Family(string name, MetricType type, string help)
    {
        if (!_families.Add(name)) throw new ArgumentException($"{name} is there already", nameof(name));
        _name = name;
        _text.Append("# HELP ").Append(name).Append(' ').Append(help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
        _text.Append("# TYPE ").Append(name).Append(' ').Append(type switch
        {
            MetricType.Counter => "counter",
            MetricType.Gauge => "gauge",
            _ => "histogram",
        }).Append('\n');
        return this;
    }

    /// <summary>A value of the family.</summary>
    /// <param name="value">The value.</param>
    /// <param name="labels">What it is of.</param>
    /// <returns>This text.</returns>
    public MetricsText Value(double value, params ReadOnlySpan<(string Label, string Value)> labels) => Line("", value, labels, null);

    /// <summary>A histogram of the family.</summary>
    /// <param name="bounds">Upper bounds, rising.</param>
    /// <param name="counts">How many were at or below each bound and above the one before; the last is of those above all bounds.</param>
    /// <param name="sum">Sum of all.</param>
    /// <param name="labels">What it is of.</param>
    /// <returns>This text.</returns>
    public MetricsText Histogram(
        IReadOnlyList<double> bounds, IReadOnlyList<long> counts, double sum, params ReadOnlySpan<(string Label, string Value)> labels)
    {
        ArgumentNullException.ThrowIfNull(bounds);
        ArgumentNullException.ThrowIfNull(counts);
        long below = 0;
        for (var i = 0; i < counts.Count; i++)
        {
            below += counts[i];
            Line("_bucket", below, labels, i < bounds.Count ? Number(bounds[i]) : "+Inf");
        }

        Line("_sum", sum, labels, null);
        return Line("_count", below, labels, null);
    }

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    private MetricsText Line(string suffix, double value, ReadOnlySpan<(string Label, string Value)> labels, string? bound)
    {
        _text.Append(_name).Append(suffix);
        var mark = '{';
        foreach (var (label, text) in labels)
        {
            _text.Append(mark).Append(label).Append("=\"").Append(Escape(text)).Append('"');
            mark = ',';
        }

        if (bound is not null)
        {
            _text.Append(mark).Append("le=\"").Append(bound).Append('"');
            mark = ',';
        }

        if (mark == ',') _text.Append('}');
        _text.Append(' ').Append(Number(value)).Append('\n');
        return this;
    }

    private static string Escape(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Number(double value) => value.ToString("r", CultureInfo.InvariantCulture);
}
