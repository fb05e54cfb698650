#!/bin/bash
# Measures csi-tcmu side by side with other block targets in one boot of a virtual machine: same file system, same images, rounds interleaved.
# With --micro it measures the data plane's own code on this machine instead, with --profile where the time goes, with --zero-copy what mapping saves.
set -euo pipefail
cd "$(dirname "$0")"

usage() {
  cat <<'USAGE'
Usage: bench.sh [-k SERIES] [--quick] [--rounds N] [--seconds N] [--targets LIST] [--disks LIST] [--no-install]
       bench.sh --micro
       bench.sh --profile [-k SERIES] [--seconds N] [--targets LIST] [--no-install]
       bench.sh --zero-copy [-k SERIES] [--quick] [--rounds N] [--seconds N] [--no-install]

  --micro          nanoseconds and bytes allocated per command from the ring to a Null backstore and back, without kernel and VM
                   (about a minute on an idle machine); writes artifacts/micro.json
  --profile        where both processors' time goes under each load, by command and symbol (perf in the VM, RAM disk; csi-tcmu,
                   lio-fileio and tcmu-runner by default); writes artifacts/profile.txt
  --zero-copy      the kernel's own target_core_user, ours that copies, and ours that maps, under the driver's data plane: 4k to 1M,
                   reads and writes, depth 1 and 8, one volume and two at once, in memory and in a file through the page cache;
                   rates and processor time of machine and server (about 10 minutes, with --quick 3); writes artifacts/zero-copy.json

  -k SERIES        kernel series: 6.1 (default) or 6.12; --kernel is the same
  --quick          RAM disk only, 3 rounds of 2 seconds, the patterns that matter most (about 4 minutes); with --zero-copy one volume,
                   fewer sizes and 2 rounds
  --rounds N       interleaved rounds (default 5; with --zero-copy 3)
  --seconds N      length of a measurement (default 3, with --profile 4, with --zero-copy 0.25, in four turns)
  --targets LIST   of csi-tcmu,lio-fileio,loop,qemu-nbd,tcmu-runner (default all)
  --disks LIST     of ram,virtio (default both)
  --no-install     install nothing; fail where something is missing

Writes artifacts/bench.json, bench.svg and bench.png.
USAGE
}

mode=--targets
case ${1:-} in
  --micro | --profile | --zero-copy) mode=$1; shift ;;
esac
case $mode in
  --micro) takes=() ;;
  --profile) takes=(-k --seconds --targets --no-install) ;;
  --zero-copy) takes=(-k --quick --rounds --seconds --no-install) ;;
  *) takes=(-k --quick --rounds --seconds --targets --disks --no-install) ;;
esac

series=6.1 install=() quick=0 words=()
while [[ $# -gt 0 ]]; do
  option=${1/#--kernel/-k}
  case $option in
    -h | --help) usage; exit 0 ;;
    --micro | --profile | --zero-copy) echo "bench.sh: $1 comes first" >&2; exit 2 ;;
  esac
  if [[ " ${takes[*]} " != *" $option "* ]]; then
    echo "bench.sh: $([[ $mode == --targets ]] && echo "unknown option" || echo "$mode takes no") $1; --help tells the options" >&2
    exit 2
  fi
  case $option in
    -k) series=${2:?-k takes 6.1 or 6.12}; shift ;;
    --quick) quick=1 ;;
    --no-install) install=(--no-install) ;;
    *) words+=("$1" "${2:?$1 takes a value}"); shift ;;
  esac
  shift
done

# Boots the machine for a program of tests/bench, which writes into artifacts.
machine=()
boot() { # program, arguments...
  local program=$1; shift
  mkdir -p artifacts
  tests/vm/boot -k "$series" -m 8192 -t 7200 -r 2600M -s "$PWD/artifacts" "${machine[@]}" -- /usr/bin/python3 "tests/bench/$program.py" "$@"
}

prepare_targets() { # lists of packages...
  local clients
  tests/vm/install "${install[@]}" "$@"
  clients=$(tests/clients/install.sh)
  machine=(-d :4G -M "target_core_file loop nbd" -e "NODE_PATH=$clients/node_modules")
  echo "bench: building csi-tcmu"
  tests/native src/CsiTcmu artifacts/driver
}

case $mode in
  --micro)
    exec dotnet run --project tests/CsiTcmu.Benchmarks -c Release --verbosity quiet -- artifacts/micro.json ;;
  --profile)
    prepare_targets tests/bench/packages.txt tests/bench/packages-profile.txt
    boot profile --output /run/vm-results/profile.txt "${words[@]}"
    echo "bench: artifacts/profile.txt" ;;
  --zero-copy)
    tests/vm/install "${install[@]}"
    echo "bench: building module, server and load"
    kernel=$(tests/vm/kernel "$series")
    deploy/kernel/build -r "$(<"$kernel/release")" -V "${kernel##*_}" -o "$PWD/artifacts" > /dev/null
    tests/native tests/CsiTcmu.DiskServer artifacts/disk-server
    gcc -O2 -pthread -o artifacts/stream tests/bench/stream.c
    if [[ $quick == 1 ]]; then words=(--quick --rounds 2 "${words[@]}"); fi
    boot zero_copy --module "$PWD/artifacts/target_core_user.ko" --server "$PWD/artifacts/disk-server/disk-server" --load "$PWD/artifacts/stream" \
      --output /run/vm-results/zero-copy.json "${words[@]}"
    /usr/bin/python3 tests/bench/zero_copy_report.py artifacts/zero-copy.json
    echo "bench: artifacts/zero-copy.json" ;;
  *)
    if [[ $quick == 1 ]]; then words=(--quick --rounds 3 --seconds 2 --disks ram "${words[@]}"); else words=(--ext4 "${words[@]}"); fi
    prepare_targets tests/bench/packages.txt
    boot guest --output /run/vm-results/bench.json "${words[@]}"
    /usr/bin/python3 tests/bench/report.py artifacts/bench.json
    rsvg-convert artifacts/bench.svg -o artifacts/bench.png
    echo "bench: artifacts/bench.json, artifacts/bench.svg, artifacts/bench.png" ;;
esac
