#!/usr/bin/env node
// A small command line client for a CSI driver, on grpc-js.
//   node csi.js --endpoint unix:///run/csi-tcmu/csi.sock Controller.CreateVolume '{"name": "v1", ...}'
// prints the response as JSON (a streaming method: one line for each response). int64 values are strings, enumerations names.
// A call that fails prints "CODE: message" and ends with status 1; a wrong command line ends with status 2.
//   node csi.js --endpoint unix:///run/csi-tcmu/csi.sock --lines
// reads calls from standard input, SERVICE.METHOD and perhaps JSON on a line, and answers each with a line, "OK {...}", of a stream "OK [...]", or
// "CODE: message": a start of node for each call takes long in an emulated machine.
'use strict';
const path = require('node:path');
const readline = require('node:readline');
const { parseArgs } = require('node:util');
const { grpc, protoLoader } = require('./packages.js');

const usage = 'usage: node csi.js --endpoint unix:///path/to/csi.sock [--timeout SECONDS] (SERVICE.METHOD [JSON request] | --lines)';

function wrongUse(message) {
  console.error(`csi.js: ${message}\n${usage}`);
  process.exit(2);
}

function readCommandLine() {
  try {
    const { values, positionals } = parseArgs({
      options: { endpoint: { type: 'string' }, timeout: { type: 'string', default: '60' }, lines: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    const [name, json = '{}', ...rest] = positionals;
    if (!values.endpoint || !name === !values.lines || rest.length) wrongUse('an endpoint, and one method and at most one request or --lines are needed');
    const seconds = Number(values.timeout);
    if (!(seconds > 0)) wrongUse(`--timeout takes seconds, not '${values.timeout}'`);
    return { endpoint: values.endpoint, seconds, lines: values.lines, name, json };
  } catch (error) {
    return wrongUse(error.message);
  }
}

function parseRequest(json) {
  try {
    return JSON.parse(json);
  } catch (error) {
    return wrongUse(`the request is not JSON: ${error.message}`);
  }
}

// proto-loader drops fields it does not know; a misspelt one would change the meaning of a request without a word.
function checkFields(type, types, value, where) {
  for (const [key, inner] of Object.entries(value ?? {})) {
    const field = type.field.find((f) => f.name === key);
    if (!field) wrongUse(`${where} has no field '${key}'; it has: ${type.field.map((f) => f.name).join(', ') || 'none'}`);
    const innerType = field.type === 'TYPE_MESSAGE' && types.get(field.typeName);
    if (!innerType) continue;
    for (const one of Array.isArray(inner) ? inner : [inner]) checkFields(innerType, types, one, `${where}.${key}`);
  }
}

// The message types by the name that a field has for them. Nested types of requests have names of their own; types of other packages
// (Timestamp, BoolValue) and maps are not in here and are left to proto-loader.
function messageTypes(definition) {
  const types = new Map();
  const add = (type) => {
    if (type.options?.mapEntry) return;
    types.set(type.name, type);
    type.nestedType.forEach(add);
  };
  for (const [name, { type }] of Object.entries(definition)) if (name.startsWith('csi.v1.') && type?.field) add(type);
  return types;
}

// Each call has a connection of its own, so that none is kept waiting by an earlier failure to connect.
function connect(endpoint) {
  return new grpc.Client(endpoint, grpc.credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
}

// A failure that carries details, which the specification forbids, does not look like its code.
function describeFailure({ code, details, metadata }) {
  return `${grpc.status[code]}${metadata?.get('grpc-status-details-bin').length ? '-WITH-DETAILS' : ''}: ${details.replaceAll('\n', ' ')}`;
}

function answerLine({ endpoint, seconds }, prepare, line) {
  const [, name, json = '{}'] = /^(\S+)\s*(.+)?$/.exec(line);
  const { method, request } = prepare(name, json);
  const client = connect(endpoint);
  const options = { deadline: Date.now() + seconds * 1000 };
  return new Promise((resolve) => {
    const answer = (error, response) => {
      console.log(error ? describeFailure(error) : `OK ${JSON.stringify(response)}`);
      client.close();
      resolve();
    };
    if (!method.responseStream) {
      client.makeUnaryRequest(method.path, method.requestSerialize, method.responseDeserialize, request, options, answer);
      return;
    }
    const responses = [];
    let failure = null;
    client
      .makeServerStreamRequest(method.path, method.requestSerialize, method.responseDeserialize, request, options)
      .on('data', (response) => responses.push(response))
      .on('error', (error) => { failure = error; })
      .on('status', () => setImmediate(() => answer(failure, responses)));
  });
}

function call(client, method, request, seconds) {
  const options = { deadline: Date.now() + seconds * 1000 };
  const print = (response) => console.log(JSON.stringify(response, null, method.responseStream ? 0 : 2));
  const done = (error) => {
    client.close();
    if (!error) return;
    console.log(`${grpc.status[error.code]}: ${error.details}`);
    process.exitCode = 1;
  };
  if (method.responseStream) {
    client
      .makeServerStreamRequest(method.path, method.requestSerialize, method.responseDeserialize, request, options)
      .on('data', print)
      .on('error', done)
      .on('end', () => client.close());
  } else {
    client.makeUnaryRequest(method.path, method.requestSerialize, method.responseDeserialize, request, options, (error, response) => {
      if (!error) print(response);
      done(error);
    });
  }
}

async function main() {
  const words = readCommandLine();
  const definition = protoLoader.loadSync(path.join(__dirname, '../../csi-proto/csi.proto'), {
    keepCase: true,
    longs: String,
    enums: String,
    arrays: true,
    oneofs: false,
  });
  const services = Object.entries(definition).filter(([key, value]) => key.startsWith('csi.v1.') && !value.type);
  const methods = new Map(services.flatMap(([key, service]) => Object.values(service)
    .map((method) => [`${key.slice('csi.v1.'.length)}.${method.path.split('/')[2]}`, method])));
  const types = messageTypes(definition);
  const prepare = (name, json) => {
    const method = methods.get(name);
    if (!method) wrongUse(`there is no method '${name}'; there are:\n  ${[...methods.keys()].join('\n  ')}`);
    const request = parseRequest(json);
    checkFields(method.requestType.type, types, request, name);
    return { method, request };
  };

  if (words.lines) {
    for await (const line of readline.createInterface({ input: process.stdin })) await answerLine(words, prepare, line);
  } else {
    const { method, request } = prepare(words.name, words.json);
    call(connect(words.endpoint), method, request, words.seconds);
  }
}

main();
