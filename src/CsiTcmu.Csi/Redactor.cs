using System.Collections;
using System.Text;
using Csi.V1;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace CsiTcmu.Csi;

/// <summary>
/// Writes a message for a log, on one line, without its secrets: the fields that the protocol marks with <c>csi_secret</c>, whatever
/// is called <c>secrets</c> in case a mark is forgotten, and mount flags, which may hold a password (CSI specification,
/// <c>MountVolume</c>). Fields that this driver does not know are left out altogether.
/// </summary>
public static class Redactor
{
    /// <summary>What stands for a secret.</summary>
    public const string Mask = "***";

    /// <summary>A line is cut after so many characters.</summary>
    public const int MaximumLength = 4096;

    /// <summary>The message as one line of text.</summary>
    /// <param name="message">The message; it is not changed.</param>
    /// <returns>At most <see cref="MaximumLength"/> characters and an ellipsis.</returns>
    public static string Redact(IMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var text = new StringBuilder();
        WriteMessage(text, message);
        if (text.Length <= MaximumLength)
            return text.ToString();
        text.Length = MaximumLength;
        return text.Append("...").ToString();
    }

    /// <summary>True for a field whose value must not reach a log.</summary>
    /// <param name="field">The field.</param>
    public static bool IsSecret(FieldDescriptor field)
    {
        ArgumentNullException.ThrowIfNull(field);
        return field.GetOptions()?.GetExtension(CsiExtensions.CsiSecret) == true || field.Name is "secrets" or "mount_flags";
    }

    private static void WriteMessage(StringBuilder text, IMessage message)
    {
        text.Append('{');
        var first = true;
        foreach (var field in message.Descriptor.Fields.InFieldNumberOrder())
        {
            if (text.Length > MaximumLength)
                break;
            var value = field.Accessor.GetValue(message);
            if (IsUnset(message, field, value))
                continue;
            text.Append(first ? " " : ", ").Append(field.Name).Append(": ");
            first = false;
            if (IsSecret(field))
                text.Append(Mask);
            else
                WriteValue(text, field, value);
        }

        text.Append(first ? "}" : " }");
    }

    private static bool IsUnset(IMessage message, FieldDescriptor field, object? value) => value switch
    {
        null => true,
        ICollection collection => collection.Count == 0,
        string { Length: 0 } or false or 0 or 0L => !field.HasPresence || !field.Accessor.HasValue(message),
        Enum number => Convert.ToInt32(number) == 0,
        _ => false,
    };

    private static void WriteValue(StringBuilder text, FieldDescriptor field, object value)
    {
        switch (value)
        {
            case string s:
                WriteString(text, s);
                break;
            case bool flag:
                text.Append(flag ? "true" : "false");
                break;
            case Enum number:
                text.Append(field.EnumType.FindValueByNumber(Convert.ToInt32(number))?.Name ?? number.ToString("d"));
                break;
            case IMessage message:
                WriteMessage(text, message);
                break;
            case IDictionary map:
                WriteAll(text, '{', '}', map.Keys.Cast<object>(), key =>
                {
                    WriteValue(text, field.MessageType.FindFieldByNumber(1), key);
                    text.Append(": ");
                    WriteValue(text, field.MessageType.FindFieldByNumber(2), map[key]!);
                });
                break;
            case IEnumerable list and not ByteString:
                WriteAll(text, '[', ']', list.Cast<object>(), item => WriteValue(text, field, item));
                break;
            default:
                text.Append(value);
                break;
        }
    }

    private static void WriteAll<T>(StringBuilder text, char open, char close, IEnumerable<T> items, Action<T> write)
    {
        text.Append(open);
        var separator = " ";
        foreach (var item in items)
        {
            if (text.Length > MaximumLength)
                break;
            text.Append(separator);
            separator = ", ";
            write(item);
        }

        text.Append(' ').Append(close);
    }

    /// <summary>A string in quotes, so that no value of a caller's can look like another line of the log.</summary>
    private static void WriteString(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var character in value)
        {
            if (text.Length > MaximumLength)
                break;
            if (char.IsControl(character) || character is '\u2028' or '\u2029')
                text.Append($"\\u{(int)character:x4}");
            else if (character is '"' or '\\')
                text.Append('\\').Append(character);
            else
                text.Append(character);
        }

        text.Append('"');
    }
}
