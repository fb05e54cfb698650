// Makes the calls that a JSON document on standard input describes, with grpc-js, and prints what came of them as JSON.
// Input:  { endpoint, proto, service, channelOptions?, calls: [{ method | path, request, timeoutMs?, cancelOnHeaders?, metadata?, times? }] }
// Output: [{ code, details, responses, headers, trailers }], one for each call, all of them under way at once on one connection.
// Bytes are base64, int64 values strings; a metadata key that ends in -bin is base64.
'use strict';
const { text } = require('node:stream/consumers');
const { grpc, protoLoader } = require('./packages.js');

function toMetadata(entries = {}) {
  const metadata = new grpc.Metadata();
  for (const [key, value] of Object.entries(entries)) metadata.add(key, key.endsWith('-bin') ? Buffer.from(value, 'base64') : value);
  return metadata;
}

function fromMetadata(metadata) {
  const values = Object.entries(metadata?.toJSON() ?? {});
  return Object.fromEntries(values.map(([key, list]) => [key, list.map((v) => (Buffer.isBuffer(v) ? v.toString('base64') : v)).join(',')]));
}

function run(client, methods, call) {
  return new Promise((resolve) => {
    const method = methods[call.method ?? 'Echo'];
    const options = call.timeoutMs ? { deadline: Date.now() + call.timeoutMs } : {};
    const responses = [];
    let headers = {};
    const make = method.responseStream ? client.makeServerStreamRequest : client.makeUnaryRequest;
    const rest = method.responseStream ? [] : [(error, response) => response && responses.push(response)];
    const stream = make.call(client, call.path ?? method.path, method.requestSerialize, method.responseDeserialize, call.request ?? {},
      toMetadata(call.metadata), options, ...rest);
    stream.on('metadata', (metadata) => {
      headers = fromMetadata(metadata);
      if (call.cancelOnHeaders) stream.cancel();
    });
    stream.on('data', (response) => responses.push(response));
    stream.on('error', () => {});
    stream.on('status', ({ code, details, metadata }) =>
      setImmediate(() => resolve({ code: grpc.status[code], details, responses, headers, trailers: fromMetadata(metadata) })));
  });
}

async function main() {
  const input = JSON.parse(await text(process.stdin));
  const definition = protoLoader.loadSync(input.proto, { keepCase: true, longs: String, enums: String, bytes: String, defaults: true });
  const client = new grpc.Client(input.endpoint, grpc.credentials.createInsecure(), input.channelOptions ?? {});
  const calls = input.calls.flatMap((call) => Array(call.times ?? 1).fill(call));
  const results = await Promise.all(calls.map((call) => run(client, definition[input.service], call)));
  client.close();
  console.log(JSON.stringify(results));
}

main();
