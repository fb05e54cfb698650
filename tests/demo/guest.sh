#!/bin/bash
# The demo itself; runs in the virtual machine as root. Every step prints what it did; the first thing that is wrong ends it.
set -euo pipefail

here=$(cd "$(dirname "$0")/../.." && pwd)
driver=$here/artifacts/driver/csi-tcmu
pool=/var/lib/csi-tcmu/pool
socket=unix:///run/csi-tcmu/csi.sock
kubelet=/var/lib/kubelet
log=/run/csi-tcmu.log
driver_pid='' steps=0

ended() {
  local code=$?
  [[ $code == 0 ]] && return
  echo "demo: step $steps failed with exit status $code; the driver's log:"
  tail -n 30 "$log" 2>/dev/null
}
trap ended EXIT

step() { steps=$((steps + 1)); printf '\n[%2d] %s\n' "$steps" "$*"; }
told() { printf '     %s\n' "$*"; }
fail() { echo "demo: $*"; exit 1; }
milliseconds() { echo $(("${EPOCHREALTIME/[.,]/}" / 1000)); }

# One client for all calls; in an emulated machine it takes longer to start than most of them. Its ends are passed on to subshells under numbers.
coproc client { node "$here/tests/clients/csi.js" --endpoint "$socket" --lines; }
exec 7>&"${client[1]}" 8<&"${client[0]}"
csi() {
  local status answer
  printf '%s %s\n' "$1" "${2//$'\n'/ }" >&7
  read -r status answer <&8 || fail "the gRPC client has ended"
  if [[ $status != OK ]]; then
    echo "     $1: $status $answer" >&2
    return 1
  fi
  printf '%s\n' "$answer"
}

start_driver() {
  local begun; begun=$(milliseconds)
  "$driver" standalone --endpoint "$socket" --pool fast="$pool,overcommitRatio=4" --node-id demo >> "$log" 2>&1 &
  driver_pid=$!
  for _ in $(seq 600); do
    [[ -S ${socket#unix://} ]] && csi Identity.Probe '{}' > /dev/null 2>&1 && { told "driver ready after $(($(milliseconds) - begun)) ms, process $driver_pid"; return; }
    kill -0 "$driver_pid" 2>/dev/null || fail "the driver ended at start: $(tail -n 3 "$log")"
    sleep 0.1
  done
  fail "the driver did not answer within a minute"
}

mount_use() { printf '{"mount":{"fs_type":"%s"},"access_mode":{"mode":"SINGLE_NODE_WRITER"}}' "$1"; }
block_use='{"block":{},"access_mode":{"mode":"SINGLE_NODE_WRITER"}}'
device_of() { findmnt -no SOURCE "$1"; }
leftovers() {
  find /sys/kernel/config/target/core /sys/kernel/config/target/loopback -mindepth 2 -maxdepth 2 -name '*' ! -name '*discovery*' 2>/dev/null | grep -E 'user_[0-9]+/|loopback/naa' || true
  ls /sys/class/uio 2>/dev/null
  grep -E 'csi-tcmu-demo|/kubelet/' /proc/self/mountinfo || true
  find "$pool" -name image
}

step "A pool: XFS on a RAM disk"
mkfs.xfs -q /dev/ram0
mkdir -p "$pool" "$kubelet"
mount /dev/ram0 "$pool"
told "$(df -h --output=source,fstype,size,avail "$pool" | tail -n 1)"

step "csi-tcmu doctor"
"$driver" doctor --pool fast="$pool" || fail "the doctor finds that the driver cannot work here"

step "csi-tcmu standalone, asked through grpc-js"
start_driver
told "$(csi Identity.GetPluginInfo '{}' | tr -d '\n')"

step "CreateVolume: 1 GiB"
volume=$(csi Controller.CreateVolume "{\"name\":\"demo-data\",\"capacity_range\":{\"required_bytes\":\"1073741824\"},\"volume_capabilities\":[$(mount_use ext4)]}" | jq -r .volume.volume_id)
told "volume id $volume; image $(stat -c '%s bytes, %b blocks of %B allocated' "$pool/volumes/$volume/image")"

step "NodeStageVolume: a LUN appears and is formatted with ext4"
staging=$kubelet/staging; mkdir -p "$staging"
begun=$(milliseconds)
csi Node.NodeStageVolume "{\"volume_id\":\"$volume\",\"staging_target_path\":\"$staging\",\"volume_capability\":$(mount_use ext4)}" > /dev/null
disk=$(device_of "$staging")
told "staged in $(($(milliseconds) - begun)) ms as $disk: $(sg_inq "$disk" | awk -F: '/Vendor|Product|serial/{gsub(/^ +/,"",$2); printf "%s ", $2}'), $(blockdev --getsize64 "$disk") bytes"
told "wwid $(cat "/sys/block/${disk#/dev/}/device/wwid")"

step "NodePublishVolume: bound into a pod's folder; 64 MiB written and summed"
pod=$kubelet/pod/volume; mkdir -p "$kubelet/pod"
csi Node.NodePublishVolume "{\"volume_id\":\"$volume\",\"staging_target_path\":\"$staging\",\"target_path\":\"$pod\",\"volume_capability\":$(mount_use ext4)}" > /dev/null
dd if=/dev/urandom of="$pod/data" bs=1M count=64 conv=fsync status=none
sum=$(sha256sum < "$pod/data")
told "sha256 ${sum%% *}"

step "Online growth to 2 GiB while writing"
(while [[ ! -e /run/stop-writing ]]; do dd if=/dev/zero of="$pod/writer" bs=1M count=16 conv=fsync status=none || { touch /run/writer-failed; exit 1; }; done) & writer=$!
csi Controller.ControllerExpandVolume "{\"volume_id\":\"$volume\",\"capacity_range\":{\"required_bytes\":\"2147483648\"}}" > /dev/null
csi Node.NodeExpandVolume "{\"volume_id\":\"$volume\",\"volume_path\":\"$pod\",\"staging_target_path\":\"$staging\",\"capacity_range\":{\"required_bytes\":\"2147483648\"},\"volume_capability\":$(mount_use ext4)}" > /dev/null
touch /run/stop-writing; wait "$writer" || true
[[ ! -e /run/writer-failed ]] || fail "a write failed during growth"
[[ $(blockdev --getsize64 "$disk") == 2147483648 ]] || fail "$disk has $(blockdev --getsize64 "$disk") bytes, 2147483648 wanted"
told "$disk has $(blockdev --getsize64 "$disk") bytes; file system $(df -h --output=size "$pod" | tail -n 1 | tr -d ' ')"

step "kill -9 and restart under verified load (fio, direct, queue depth 8)"
fio --name=load --filename="$pod/fio" --size=64M --rw=randrw --bs=4k-64k --direct=1 --ioengine=libaio --iodepth=8 --verify=crc32c --verify_backlog=16 \
  --time_based --runtime=20 --output=/run/fio.txt & load=$!
sleep 5
kill -9 "$driver_pid"; wait "$driver_pid" 2>/dev/null || true
told "killed process $driver_pid"
start_driver
wait "$load" || fail "fio saw an error: $(grep -iE 'error|verify' /run/fio.txt | head -n 3)"
told "fio: no error; $(grep -E '^ +(read|write):' /run/fio.txt | tr -s ' ' | tr '\n' ';')"

step "Read back from the disk, past the page cache"
sync; echo 3 > /proc/sys/vm/drop_caches
[[ $(sha256sum < "$pod/data") == "$sum" ]] || fail "the data is not what was written"
told "sha256 is the same"

step "A snapshot, restored to a larger size, cloned, and modified, all mounted beside each other"
begun=$(milliseconds)
csi Controller.CreateSnapshot "{\"name\":\"demo-snapshot\",\"source_volume_id\":\"$volume\",\"parameters\":{\"freeze\":\"true\"}}" > /dev/null
told "snapshot in $(($(milliseconds) - begun)) ms, the call's own start included; the driver: $(grep -o 'Held .*' "$log" | tail -n 1)"
echo later > "$pod/later"
restore() { # name, content source, bytes
  csi Controller.CreateVolume "{\"name\":\"$1\",\"capacity_range\":{\"required_bytes\":\"$3\"},\"volume_capabilities\":[$(mount_use ext4)],\"volume_content_source\":$2}" > /dev/null
  mkdir -p "$kubelet/$1"
  csi Node.NodeStageVolume "{\"volume_id\":\"$1\",\"staging_target_path\":\"$kubelet/$1\",\"volume_capability\":$(mount_use ext4)}" > /dev/null
}
restore demo-restored '{"snapshot":{"snapshot_id":"demo-snapshot"}}' 3221225472
restore demo-clone '{"volume":{"volume_id":"demo-restored"}}' 3221225472
for copy in demo-restored demo-clone; do
  [[ $(sha256sum < "$kubelet/$copy/data") == "$sum" ]] || fail "$copy does not hold the data of the snapshot"
  [[ ! -e $kubelet/$copy/later ]] || fail "$copy holds what was written after the snapshot"
  told "$copy: $(device_of "$kubelet/$copy"), file system $(df -h --output=size "$kubelet/$copy" | tail -n 1 | tr -d ' '), the same sha256; image shares its blocks: $(filefrag -v "$pool/volumes/$copy/image" | grep -c shared) shared extents"
done
csi Controller.ControllerModifyVolume '{"volume_id":"demo-clone","mutable_parameters":{"iops":"500"}}' > /dev/null
told "demo-clone may now do 500 operations per second"
csi Controller.DeleteSnapshot '{"snapshot_id":"demo-snapshot"}' > /dev/null
for copy in demo-restored demo-clone; do
  csi Node.NodeUnstageVolume "{\"volume_id\":\"$copy\",\"staging_target_path\":\"$kubelet/$copy\"}" > /dev/null
  csi Controller.DeleteVolume "{\"volume_id\":\"$copy\"}" > /dev/null
done

step "A raw block volume"
raw=$(csi Controller.CreateVolume "{\"name\":\"demo-raw\",\"capacity_range\":{\"required_bytes\":\"268435456\"},\"volume_capabilities\":[$block_use]}" | jq -r .volume.volume_id)
raw_staging=$kubelet/raw-staging; raw_target=$kubelet/pod/raw; mkdir -p "$raw_staging"
csi Node.NodeStageVolume "{\"volume_id\":\"$raw\",\"staging_target_path\":\"$raw_staging\",\"volume_capability\":$block_use}" > /dev/null
csi Node.NodePublishVolume "{\"volume_id\":\"$raw\",\"staging_target_path\":\"$raw_staging\",\"target_path\":\"$raw_target\",\"volume_capability\":$block_use}" > /dev/null
[[ -b $raw_target ]] || fail "$raw_target is not a block device"
dd if="$pod/data" of="$raw_target" bs=1M oflag=direct status=none
[[ $(dd if="$raw_target" bs=1M count=64 iflag=direct status=none | sha256sum) == "$sum" ]] || fail "the raw volume does not hold what was written"
told "$raw_target is $(stat -c 'device %Hr:%Lr' "$raw_target"), 64 MiB written and read back"
csi Node.NodeUnpublishVolume "{\"volume_id\":\"$raw\",\"target_path\":\"$raw_target\"}" > /dev/null
csi Node.NodeUnstageVolume "{\"volume_id\":\"$raw\",\"staging_target_path\":\"$raw_staging\"}" > /dev/null
csi Controller.DeleteVolume "{\"volume_id\":\"$raw\"}" > /dev/null

step "The end: unpublish, unstage, delete"
csi Node.NodeUnpublishVolume "{\"volume_id\":\"$volume\",\"target_path\":\"$pod\"}" > /dev/null
csi Node.NodeUnstageVolume "{\"volume_id\":\"$volume\",\"staging_target_path\":\"$staging\"}" > /dev/null
csi Controller.DeleteVolume "{\"volume_id\":\"$volume\"}" > /dev/null
kill "$driver_pid"; wait "$driver_pid" || fail "the driver ended with exit status $?"
left=$(leftovers)
[[ -z $left ]] || fail "left behind: $left"
told "no LUN, no uio device, no mount and no image is left"

printf '\ndemo: passed\n'
