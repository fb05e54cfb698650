#!/usr/bin/python3
"""Does what call.js does, with Python's grpcio, that is with gRPC's C core. Here `proto` is a file with a serialized
FileDescriptorProto, since Python's protobuf parses no .proto text."""
import base64
import json
import sys
import threading

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory


def read_methods(path, service_name):
    pool = descriptor_pool.DescriptorPool()
    with open(path, "rb") as file:
        pool.AddSerializedFile(file.read())
    factory = message_factory.MessageFactory(pool)
    service = pool.FindServiceByName(service_name)
    shape = descriptor_pb2.ServiceDescriptorProto()
    service.CopyToProto(shape)
    streaming = {method.name for method in shape.method if method.server_streaming}
    return {
        m.name: (f"/{service_name}/{m.name}", factory.GetPrototype(m.input_type), factory.GetPrototype(m.output_type), m.name in streaming)
        for m in service.methods
    }


def to_metadata(entries):
    return [(key, base64.b64decode(value) if key.endswith("-bin") else value) for key, value in (entries or {}).items()]


def from_metadata(metadata):
    result = {}
    for key, value in metadata or ():
        text = base64.b64encode(value).decode() if isinstance(value, bytes) else value
        result[key] = result[key] + "," + text if key in result else text
    return result


def start(channel, methods, call):
    path, request_type, response_type, streaming = methods[call.get("method", "Echo")]
    make = channel.unary_stream if streaming else channel.unary_unary
    stub = make(call.get("path", path), request_serializer=request_type.SerializeToString, response_deserializer=response_type.FromString)
    running = (stub if streaming else stub.future)(
        json_format.ParseDict(call.get("request", {}), request_type()),
        timeout=call["timeoutMs"] / 1000 if "timeoutMs" in call else None,
        metadata=to_metadata(call.get("metadata")),
    )
    if call.get("cancelOnHeaders"):
        threading.Thread(target=lambda: (running.initial_metadata(), running.cancel())).start()
    return running, streaming


def finish(running, streaming):
    responses = []
    try:
        for response in running if streaming else [running.result()]:
            responses.append(json_format.MessageToDict(response, including_default_value_fields=True, preserving_proto_field_name=True))
    except (grpc.RpcError, grpc.FutureCancelledError):
        pass
    return {
        "code": running.code().name,
        "details": running.details(),
        "responses": responses,
        "headers": from_metadata(running.initial_metadata()),
        "trailers": from_metadata(running.trailing_metadata()),
    }


def main():
    job = json.load(sys.stdin)
    methods = read_methods(job["proto"], job["service"])
    calls = [call for call in job["calls"] for _ in range(call.get("times", 1))]
    with grpc.insecure_channel(job["endpoint"], options=list(job.get("channelOptions", {}).items())) as channel:
        running = [start(channel, methods, call) for call in calls]
        print(json.dumps([finish(*one) for one in running]))


main()
