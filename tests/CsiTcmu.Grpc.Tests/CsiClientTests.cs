using Csi.V1;
using Grpc.Core;

namespace CsiTcmu.Grpc.Tests;

/// <summary>The command line client of the demo, against services made from csi.proto.</summary>
public class CsiClientTests
{
    [Fact]
    public async Task A_response_is_json_with_numbers_as_strings_and_names_of_enumerations()
    {
        await using var server = await StartAsync();
        var (status, output, _) = await RunAsync(server, "Controller.CreateVolume", """{"name": "v1", "capacity_range": {"required_bytes": "9007199254740993"}}""");
        Assert.Equal(0, status);
        using var json = System.Text.Json.JsonDocument.Parse(output);
        var volume = json.RootElement.GetProperty("volume");
        Assert.Equal(("v1", "9007199254740993"), (volume.GetProperty("volume_id").GetString(), volume.GetProperty("capacity_bytes").GetString()));
    }

    [Fact]
    public async Task Every_response_of_a_stream_is_a_line()
    {
        await using var server = await StartAsync();
        var (status, output, _) = await RunAsync(server, "SnapshotMetadata.GetMetadataAllocated", """{"snapshot_id": "s", "max_results": 2}""");
        Assert.Equal(0, status);
        var lines = output.TrimEnd().Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.All(lines, line => Assert.Contains("\"block_metadata_type\":\"FIXED_LENGTH\"", line));
    }

    [Fact]
    public async Task A_failure_is_code_and_message_and_status_1()
    {
        await using var server = await StartAsync();
        var (status, output, _) = await RunAsync(server, "Controller.CreateVolume", "{}");
        Assert.Equal((1, "INVALID_ARGUMENT: name is missing\n"), (status, output));
        (status, output, _) = await RunAsync(server, "Controller.DeleteVolume", "{}");
        Assert.Equal((1, "UNIMPLEMENTED: \n"), (status, output));
        (status, output, _) = await RunAsync(server, "SnapshotMetadata.GetMetadataDelta", "{}");
        Assert.Equal((1, "UNIMPLEMENTED: \n"), (status, output));
    }

    [Fact]
    public async Task Calls_on_lines_are_answered_by_a_line_each()
    {
        await using var server = await StartAsync();
        const string calls = """
            Controller.CreateVolume {"name": "v1", "capacity_range": {"required_bytes": 5}}
            Controller.CreateVolume {}
            SnapshotMetadata.GetMetadataAllocated {"snapshot_id": "s"}
            SnapshotMetadata.GetMetadataDelta

            """;
        var (status, output, _) = await ForeignClient.NodeAsync("csi.js", ["--endpoint", server.Endpoint, "--lines"], calls);
        Assert.Equal(0, status);
        const string message = """{"block_metadata":[],"block_metadata_type":"FIXED_LENGTH"}""";
        Assert.Equal(
            [
                """OK {"volume":{"accessible_topology":[],"capacity_bytes":"5","volume_id":"v1"}}""",
                "INVALID_ARGUMENT: name is missing",
                $"OK [{message},{message},{message}]",
                "UNIMPLEMENTED: ",
            ],
            output.TrimEnd('\n').Split('\n'));
    }

    [Theory]
    [InlineData("there is no method 'Identity.Nothing'", "Identity.Nothing", "{}")]
    [InlineData("the request is not JSON", "Identity.Probe", "{")]
    [InlineData("Controller.CreateVolume has no field 'nmae'", "Controller.CreateVolume", """{"nmae": "x"}""")]
    [InlineData("volume_capabilities.mount has no field 'fstype'", "Controller.CreateVolume", """{"volume_capabilities": [{"mount": {"fstype": "x"}}]}""")]
    public async Task A_wrong_command_line_is_told_and_status_2(string complaint, string method, string request)
    {
        await using var server = await StartAsync();
        var (status, output, errors) = await RunAsync(server, method, request);
        Assert.Equal((2, ""), (status, output));
        Assert.Contains(complaint, errors);
    }

    private static Task<TestServer> StartAsync() =>
        TestServer.StartAsync(more: [Controller.BindService(new TestController()), SnapshotMetadata.BindService(new TestMetadata())]);

    private static Task<(int Status, string Output, string Errors)> RunAsync(TestServer server, string method, string request) =>
        ForeignClient.NodeAsync("csi.js", ["--endpoint", server.Endpoint, method, request], "");

    private sealed class TestController : Controller.ControllerBase
    {
        public override Task<CreateVolumeResponse> CreateVolume(CreateVolumeRequest request, ServerCallContext context)
        {
            if (request.Name.Length == 0)
                throw new RpcException(new Status(StatusCode.InvalidArgument, "name is missing"));
            return Task.FromResult(new CreateVolumeResponse
            {
                Volume = new Volume { VolumeId = request.Name, CapacityBytes = request.CapacityRange.RequiredBytes },
            });
        }
    }

    private sealed class TestMetadata : SnapshotMetadata.SnapshotMetadataBase
    {
        public override async Task GetMetadataAllocated(
            GetMetadataAllocatedRequest request, IServerStreamWriter<GetMetadataAllocatedResponse> responseStream, ServerCallContext context)
        {
            for (var page = 0; page < 3; page++)
                await responseStream.WriteAsync(new GetMetadataAllocatedResponse { BlockMetadataType = BlockMetadataType.FixedLength });
        }
    }
}
