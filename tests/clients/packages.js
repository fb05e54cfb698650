// Loads the packages that install.sh has put into the user's cache.
'use strict';
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { createRequire } = require('node:module');

const lock = path.join(__dirname, 'package-lock.json');
const hash = createHash('sha256').update(fs.readFileSync(lock)).digest('hex').slice(0, 16);
const cache = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
const directory = path.join(cache, 'csi-tcmu', `npm-${hash}`);

if (!fs.existsSync(path.join(directory, 'node_modules'))) {
  console.error(`The packages of ${lock} are not installed: run ${path.join(__dirname, 'install.sh')} first.`);
  process.exit(2);
}

const load = createRequire(path.join(directory, 'package.json'));

module.exports = { grpc: load('@grpc/grpc-js'), protoLoader: load('@grpc/proto-loader') };
