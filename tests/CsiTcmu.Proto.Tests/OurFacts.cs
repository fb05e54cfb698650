using Csi.V1;
using Google.Protobuf.Reflection;

namespace CsiTcmu.Proto.Tests;

/// <summary>The facts of csi-proto/csi.proto, in the words of specification.txt, taken from the generated descriptors.</summary>
internal static class OurFacts
{
    private const string Package = "csi.v1.";

    public static IEnumerable<string> All()
    {
        var file = CsiReflection.Descriptor;
        return file.Extensions.UnorderedExtensions.Select(e => $"extension .{e.ExtendeeType.FullName} {e.Name} {e.FieldNumber}")
            .Concat(file.Services.SelectMany(OfService))
            .Concat(file.MessageTypes.SelectMany(OfMessage))
            .Concat(file.EnumTypes.SelectMany(OfEnum));
    }

    private static IEnumerable<string> OfService(ServiceDescriptor service) => service.Methods
        .Select(m => $"rpc {service.Name} {m.Name}({Stream(m.IsClientStreaming)}{Short(m.InputType)}) : {Stream(m.IsServerStreaming)}{Short(m.OutputType)}")
        .Prepend($"service {service.Name}");

    private static IEnumerable<string> OfMessage(MessageDescriptor message)
    {
        if (message.GetOptions()?.MapEntry == true)
            return [];
        return message.Fields.InDeclarationOrder().Select(OfField)
            .Concat(message.NestedTypes.SelectMany(OfMessage))
            .Concat(message.EnumTypes.SelectMany(OfEnum))
            .Prepend($"message {Short(message)}");
    }

    private static IEnumerable<string> OfEnum(EnumDescriptor enumeration) => enumeration.Values
        .Select(v => $"value {Short(enumeration)} {v.Name} {v.Number}")
        .Prepend($"enum {Short(enumeration)}");

    private static string OfField(FieldDescriptor field)
    {
        var oneof = field.ContainingOneof is { } group ? $" oneof {group.Name}" : "";
        var secret = field.GetOptions()?.GetExtension(CsiExtensions.CsiSecret) == true ? " secret" : "";
        return $"field {Short(field.ContainingType)} {field.FieldNumber} {field.Name} : {TypeOf(field)}{oneof}{secret}";
    }

    private static string TypeOf(FieldDescriptor field)
    {
        if (field.IsMap)
            return $"map<{TypeOf(field.MessageType.FindFieldByNumber(1))},{TypeOf(field.MessageType.FindFieldByNumber(2))}>";
        var type = field.FieldType switch
        {
            FieldType.Message => Short(field.MessageType),
            FieldType.Enum => Short(field.EnumType),
            _ => field.FieldType.ToString().ToLowerInvariant(),
        };
        return field.IsRepeated ? $"repeated {type}" : type;
    }

    private static string Stream(bool isStream) => isStream ? "stream " : "";

    private static string Short(IDescriptor type) =>
        type.FullName.StartsWith(Package, StringComparison.Ordinal) ? type.FullName[Package.Length..] : type.FullName;
}
