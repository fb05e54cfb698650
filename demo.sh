#!/bin/bash
# Shows the whole life of volumes on a real kernel: builds csi-tcmu, boots Debian's kernel in a virtual machine, and runs the driver in it.
set -euo pipefail
cd "$(dirname "$0")"

usage() {
  cat <<'USAGE'
Usage: demo.sh [-k 6.1|6.12] [--no-install]

  -k SERIES      kernel series (default 6.1)
  --no-install   install nothing; fail where something is missing
USAGE
}

series=6.1 install=()
while [[ $# -gt 0 ]]; do
  case $1 in
    -k) series=${2:?-k takes 6.1 or 6.12}; shift 2 ;;
    --no-install) install=(--no-install); shift ;;
    -h|--help) usage; exit 0 ;;
    *) echo "demo.sh: unknown option $1" >&2; usage >&2; exit 2 ;;
  esac
done

tests/vm/install "${install[@]}"
clients=$(tests/clients/install.sh)
echo "demo: building csi-tcmu"
tests/native src/CsiTcmu artifacts/driver

if ! tests/vm/boot -k "$series" -r 3G -t 1200 -e "NODE_PATH=$clients/node_modules" -- bash tests/demo/guest.sh; then
  echo "demo: FAILED; the reason stands above" >&2
  exit 1
fi
