#!/bin/bash
# Measures csi-tcmu side by side with other block targets in one boot of a virtual machine: same file system, same images, rounds interleaved.
# With --micro it measures the data plane's own code on this machine instead.
set -euo pipefail
cd "$(dirname "$0")"

usage() {
  cat <<'USAGE'
Usage: bench.sh [options]
       bench.sh --micro
       bench.sh --profile [-k SERIES] [--seconds N] [--targets LIST] [--no-install]

  --micro          nanoseconds and bytes allocated per command from the ring to a Null backstore and back, without kernel and VM
                   (about a minute on an idle machine); writes artifacts/micro.json
  --profile        where both processors' time goes under each load, by command and symbol (perf in the VM, RAM disk; csi-tcmu,
                   lio-fileio and tcmu-runner by default); writes artifacts/profile.txt

  -k SERIES        kernel series: 6.1 (default) or 6.12
  --quick          RAM disk only, 3 rounds of 2 seconds, the patterns that matter most (about 4 minutes)
  --rounds N       interleaved rounds (default 5)
  --seconds N      length of a measurement (default 3)
  --targets LIST   of csi-tcmu,lio-fileio,loop,qemu-nbd,tcmu-runner (default all)
  --disks LIST     of ram,virtio (default both)
  --no-install     install nothing; fail where something is missing

Writes artifacts/bench.json, bench.svg and bench.png.
USAGE
}

if [[ ${1:-} == --micro && $# -eq 1 ]]; then
  exec dotnet run --project tests/CsiTcmu.Benchmarks -c Release --verbosity quiet -- artifacts/micro.json
fi

series=6.1 install=() words=(--ext4) program=guest output=bench.json lists=(tests/bench/packages.txt)
if [[ ${1:-} == --profile ]]; then
  program=profile output=profile.txt words=() lists+=(tests/bench/packages-profile.txt)
  shift
fi
while [[ $# -gt 0 ]]; do
  case $1 in
    -k) series=${2:?-k takes 6.1 or 6.12}; shift 2 ;;
    --quick|--rounds|--disks)
      if [[ $program == profile ]]; then echo "bench.sh: --profile takes no $1" >&2; exit 2; fi ;;&
    --quick) words=(--quick --rounds 3 --seconds 2 --disks ram "${words[@]/--ext4/}"); shift ;;
    --rounds|--seconds|--targets|--disks) words+=("$1" "${2:?$1 takes a value}"); shift 2 ;;
    --no-install) install=(--no-install); shift ;;
    -h|--help) usage; exit 0 ;;
    --micro) echo "bench.sh: --micro takes no other option" >&2; exit 2 ;;
    --profile) echo "bench.sh: --profile comes first" >&2; exit 2 ;;
    *) echo "bench.sh: unknown option $1" >&2; usage >&2; exit 2 ;;
  esac
done

tests/vm/install "${install[@]}" "${lists[@]}"
clients=$(tests/clients/install.sh)
echo "bench: building csi-tcmu"
tests/native src/CsiTcmu artifacts/driver
mkdir -p artifacts
read -ra arguments <<< "${words[*]}"
tests/vm/boot -k "$series" -m 8192 -t 7200 -r 2600M -d :4G -s "$PWD/artifacts" -M "target_core_file loop nbd" \
  -e "NODE_PATH=$clients/node_modules" -- /usr/bin/python3 "tests/bench/$program.py" --output "/run/vm-results/$output" "${arguments[@]}"
if [[ $program == profile ]]; then
  echo "bench: artifacts/profile.txt"
  exit
fi
/usr/bin/python3 tests/bench/report.py artifacts/bench.json
rsvg-convert artifacts/bench.svg -o artifacts/bench.png
echo "bench: artifacts/bench.json, artifacts/bench.svg, artifacts/bench.png"
