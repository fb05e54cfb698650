#!/bin/sh
# Installs the packages of package-lock.json into the user's cache, once for each content of that file, and prints where they are.
# Safe to run again and by several at once: a directory takes its final name only when it is whole, and is checked on every use.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
lock=$here/package-lock.json
hash=$(sha256sum "$lock" | cut -c1-16)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/csi-tcmu
target=$cache/npm-$hash

for tool in node npm; do
  command -v "$tool" >/dev/null || { echo "install.sh: $tool is missing; install Node.js 18 or newer" >&2; exit 1; }
done

# Whole means: every package of the lock file is there in the version that the lock file names, and the two we use load.
is_whole() {
  [ -d "$target/node_modules" ] || return 1
  # shellcheck disable=SC2016 # the braces are those of JavaScript
  node -e '
    const [target, lock] = process.argv.slice(1);
    for (const [path, { version }] of Object.entries(require(lock).packages))
      if (path && require(`${target}/${path}/package.json`).version !== version) process.exit(1);
    require(`${target}/node_modules/@grpc/grpc-js`);
    require(`${target}/node_modules/@grpc/proto-loader`);
  ' "$target" "$lock" 2>/dev/null
}

if ! is_whole; then
  mkdir -p "$cache"
  exec 9>"$cache/npm.lock"
  flock 9
  if ! is_whole; then
    work=$(mktemp -d "$cache/npm-new.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    cp "$here/package.json" "$lock" "$work"
    (cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error 9>&-) >&2
    rm -rf "$target"
    mv "$work" "$target"
    is_whole || { echo "install.sh: the packages in $target are not what package-lock.json says" >&2; exit 1; }
  fi
fi

echo "$target"
