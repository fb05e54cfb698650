using Csi.V1;
using CsiTcmu.Volumes;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Csi.Tests;

public sealed class LogTests
{
    private const string Canary = "hunter2";

    /// <summary>Every message of the protocol that has a secret somewhere.</summary>
    public static TheoryData<string> MessagesWithSecrets =>
        [.. CsiReflection.Descriptor.MessageTypes.Where(HasSecret).Select(type => type.Name)];

    [Theory]
    [MemberData(nameof(MessagesWithSecrets))]
    public void No_secret_of_any_message_is_written(string name)
    {
        var type = CsiReflection.Descriptor.FindTypeByName<MessageDescriptor>(name);
        var message = Fill(type, secret: false);
        Assert.Contains(Canary, message.ToString(), StringComparison.Ordinal);

        var text = Redactor.Redact(message);

        Assert.DoesNotContain(Canary, text, StringComparison.Ordinal);
        Assert.Contains(Redactor.Mask, text, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_marked_field_is_secret_and_there_are_many()
    {
        var marked = CsiReflection.Descriptor.MessageTypes.SelectMany(type => type.Fields.InFieldNumberOrder())
            .Where(field => field.GetOptions()?.GetExtension(CsiExtensions.CsiSecret) == true).ToList();

        Assert.True(marked.Count >= 15, $"only {marked.Count} fields are marked: are the options of the descriptor read?");
        Assert.All(marked, field => Assert.True(Redactor.IsSecret(field), field.FullName));
    }

    [Fact]
    public void Field_is_secret_by_its_mark_or_by_its_name()
    {
        var marked = new FieldOptions();
        marked.SetExtension(CsiExtensions.CsiSecret, true);
        var file = new FileDescriptorProto
        {
            Name = "fields.proto",
            Syntax = "proto3",
            MessageType = { new DescriptorProto { Name = "Fields", Field = { Text("secrets", 1, null), Text("token", 2, marked), Text("other", 3, null) } } },
        };
        var type = FileDescriptor.BuildFromByteStrings([file.ToByteString()], new ExtensionRegistry { CsiExtensions.CsiSecret })[0].MessageTypes[0];

        Assert.Equal(["secrets", "token"], type.Fields.InFieldNumberOrder().Where(Redactor.IsSecret).Select(field => field.Name));

        static FieldDescriptorProto Text(string name, int number, FieldOptions? options) => new()
        {
            Name = name,
            Number = number,
            Type = FieldDescriptorProto.Types.Type.String,
            Label = FieldDescriptorProto.Types.Label.Optional,
            Options = options,
        };
    }

    [Fact]
    public void Message_reads_well()
    {
        var request = Good.Publish();
        request.Readonly = true;
        request.VolumeContext["a"] = "1";
        request.VolumeContext["b"] = "say \"hi\"\nFAKE LINE";
        request.Secrets["k"] = Canary;
        request.VolumeCapability.Mount.MountFlags.Add("password=" + Canary);

        Assert.Equal(
            $$"""
            { volume_id: "vol-0000", staging_target_path: "{{Good.Staging}}", target_path: "{{Good.Target}}", volume_capability: { mount: { mount_flags: *** }, access_mode: { mode: SINGLE_NODE_WRITER } }, readonly: true, secrets: ***, volume_context: { "a": "1", "b": "say \"hi\"\u000aFAKE LINE" } }
            """,
            Redactor.Redact(request));
        Assert.Equal("{}", Redactor.Redact(new ProbeRequest()));
        Assert.Equal(
            "{ volume_capabilities: [ { block: {}, access_mode: { mode: 99 } } ] }",
            Redactor.Redact(new GetCapacityRequest { VolumeCapabilities = { Good.Block((VolumeCapability.Types.AccessMode.Types.Mode)99) } }));
    }

    [Fact]
    public void Unknown_fields_are_left_out()
    {
        // Field 9999, which a newer caller may have filled with a secret.
        byte[] unknown = [0xFA, 0xF0, 0x04, (byte)Canary.Length, .. System.Text.Encoding.ASCII.GetBytes(Canary)];
        var request = ProbeRequest.Parser.ParseFrom(unknown);
        Assert.NotEqual(0, request.CalculateSize());

        Assert.Equal("{}", Redactor.Redact(request));
    }

    [Fact]
    public void Huge_messages_are_cut()
    {
        var request = new CreateVolumeRequest { Name = new string('x', 1_000_000) };
        for (var i = 0; i < 10_000; i++)
            request.VolumeCapabilities.Add(Good.Mount());

        Assert.InRange(Redactor.Redact(request).Length, Redactor.MaximumLength, Redactor.MaximumLength + 3);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(VolumeError.FailedPrecondition)]
    [InlineData(VolumeError.Internal)]
    public async Task Secrets_of_calls_reach_no_log(VolumeError? error)
    {
        var volumes = new MemoryVolumes();
        await using var driver = await Driver.StartAsync(volumes);
        await driver.CallAsync(Good.Create());
        var request = Good.Stage();
        request.Secrets["passphrase"] = Canary;
        request.VolumeContext["visible"] = "context";
        if (error is { } kind)
        {
            volumes.Before = _ => throw new VolumeException(kind, "no");
            await driver.RefusesAsync(request, CsiErrors.CodeOf(kind));
        }
        else
        {
            await driver.CallAsync(request);
        }

        var lines = driver.Log.Lines.Where(line => line.Text.Contains("NodeStageVolume", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, lines.Count);
        Assert.All(lines, line => Assert.DoesNotContain(Canary, line.Everything, StringComparison.Ordinal));
        Assert.All(lines, line => Assert.Contains("\"visible\": \"context\"", line.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Level_tells_what_kind_of_call_it_was()
    {
        var volumes = new MemoryVolumes();
        await using var driver = await Driver.StartAsync(volumes);
        await driver.CallAsync(Good.Create());
        await driver.CallAsync(new ProbeRequest());
        await driver.CallAsync(new ListVolumesRequest());
        await driver.RefusesAsync(Good.Get("never-was"), StatusCode.NotFound);
        volumes.Before = _ => throw new VolumeException(VolumeError.Unavailable, "the pool is gone", new IOException("EIO"));
        await driver.RefusesAsync(Good.Delete(), StatusCode.Unavailable);

        Assert.Equal(LogLevel.Information, Last("CreateVolume").Level);
        Assert.Matches("""^CreateVolume \{ name: "pvc-1", .* \} OK after [0-9]+\.[0-9] ms$""", Last("CreateVolume").Text);
        Assert.Equal(LogLevel.Debug, Last("Probe").Level);
        Assert.Equal(LogLevel.Debug, Last("ListVolumes").Level);
        Assert.Equal(LogLevel.Warning, Last("ControllerGetVolume").Level);
        Assert.Matches("NotFound after .* ms: there is no volume never-was$", Last("ControllerGetVolume").Text);
        Assert.Equal(LogLevel.Error, Last("DeleteVolume").Level);
        Assert.Contains("EIO", Last("DeleteVolume").Everything, StringComparison.Ordinal);

        (LogLevel Level, string Text, string Everything) Last(string method) =>
            driver.Log.Lines.Last(line => line.Text.StartsWith(method + " ", StringComparison.Ordinal));
    }

    private static bool HasSecret(MessageDescriptor type) => type.Fields.InFieldNumberOrder().Any(field =>
        Redactor.IsSecret(field) || (field.FieldType == FieldType.Message && !field.IsMap && HasSecret(field.MessageType)));

    /// <summary>A message with every field set, and the canary in all that is secret.</summary>
    private static IMessage Fill(MessageDescriptor type, bool secret)
    {
        var message = (IMessage)Activator.CreateInstance(type.ClrType)!;
        foreach (var field in type.Fields.InFieldNumberOrder())
        {
            var value = secret || Redactor.IsSecret(field) ? Canary : "visible";
            if (field.IsMap)
                ((System.Collections.IDictionary)field.Accessor.GetValue(message)).Add($"key-{value}", value);
            else if (field.FieldType == FieldType.String && field.IsRepeated)
                ((System.Collections.IList)field.Accessor.GetValue(message)).Add(value);
            else if (field.FieldType == FieldType.String)
                field.Accessor.SetValue(message, value);
            else if (field.FieldType == FieldType.Message && field.IsRepeated)
                ((System.Collections.IList)field.Accessor.GetValue(message)).Add(Fill(field.MessageType, value == Canary));
            else if (field.FieldType == FieldType.Message && field.MessageType.File == CsiReflection.Descriptor)
                field.Accessor.SetValue(message, Fill(field.MessageType, value == Canary));
        }

        return message;
    }
}
