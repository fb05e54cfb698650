"""Measures all targets in rounds, in the virtual machine, and writes the rows as JSON. bench.sh boots it."""

import argparse
import contextlib
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

import targets

# pattern, block size, queue depth, words for fio
PATTERNS = [
    ("randread", 4096, 1, ["--rw=randread"]),
    ("randread", 4096, 32, ["--rw=randread"]),
    ("randwrite", 4096, 1, ["--rw=randwrite"]),
    ("randwrite", 4096, 32, ["--rw=randwrite"]),
    ("read", 131072, 8, ["--rw=read"]),
    ("write", 131072, 8, ["--rw=write"]),
    ("read", 1048576, 4, ["--rw=read"]),
    ("write", 1048576, 4, ["--rw=write"]),
    ("mix70", 8192, 32, ["--rw=randrw", "--rwmixread=70"]),
    ("fsync", 4096, 1, ["--rw=randwrite", "--fsync=1"]),
]
QUICK = {("randread", 4096, 1), ("randread", 4096, 32), ("randwrite", 4096, 32), ("read", 1048576, 4), ("write", 1048576, 4)}
TICKS = os.sysconf("SC_CLK_TCK")
HERE = pathlib.Path(__file__).resolve().parents[2]


def process_seconds(processes):
    """CPU time of the processes so far, user and system; None for a target without a process of its own."""
    if not processes:
        return None
    total = 0
    for process in processes:
        fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def guest_seconds():
    """CPU time of the whole guest so far, without idling."""
    fields = [int(f) for f in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / TICKS


def measure(device, processes, pattern, seconds, size):
    """One run of fio; figures per I/O."""
    _, block_size, depth, words = pattern
    server, guest = process_seconds(processes), guest_seconds()
    done = subprocess.run(
        ["fio", "--name=bench", f"--filename={device}", f"--size={size}", f"--bs={block_size}", f"--iodepth={depth}", "--ioengine=libaio",
         "--direct=1", "--time_based", f"--runtime={seconds}", "--ramp_time=0", "--randrepeat=0", "--norandommap", "--output-format=json", *words],
        capture_output=True, text=True, timeout=seconds + 120)
    if done.returncode != 0:
        raise RuntimeError(f"fio on {device}: {done.stderr.strip()[-400:]}")
    job = json.loads(done.stdout[done.stdout.index("{"):])["jobs"][0]
    operations = job["read"]["total_ios"] + job["write"]["total_ios"]
    took = job["job_runtime"] / 1000
    moved = job["read"]["io_bytes"] + job["write"]["io_bytes"]
    server_after, guest_after = process_seconds(processes), guest_seconds()
    return {
        "iops": operations / took,
        "bytesPerSecond": moved / took,
        "serverCpuUsPerIo": None if server is None else (server_after - server) / operations * 1e6,
        "guestCpuUsPerIo": (guest_after - guest) / operations * 1e6,
    }


def median_row(rounds):
    """Medians of the rounds, with the rounds beside them."""
    row = {}
    for figure in ("iops", "bytesPerSecond", "serverCpuUsPerIo", "guestCpuUsPerIo"):
        values = [r[figure] for r in rounds]
        row[figure] = None if None in values else statistics.median(values)
    row["rounds"] = rounds
    return row


def pools(wanted):
    """XFS on the RAM disk and on the virtio disk."""
    for disk, device in (("ram", "/dev/ram0"), ("virtio", "/dev/vda")):
        if disk not in wanted:
            continue
        pool = pathlib.Path(f"/var/lib/bench-{disk}")
        pool.mkdir(parents=True)
        targets.run("mkfs.xfs", "-q", "-f", device)
        targets.run("mount", device, str(pool))
        yield disk, pool


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=3)
    options.add_argument("--size", type=int, default=320 << 20)
    options.add_argument("--quick", action="store_true")
    options.add_argument("--disks", default="ram,virtio")
    options.add_argument("--targets", default=",".join(t.name for t in targets.ALL))
    options.add_argument("--ext4", action="store_true")
    options.add_argument("--output", required=True)
    chosen = options.parse_args()
    patterns = [p for p in PATTERNS if not chosen.quick or p[:3] in QUICK]
    samples, refused, collections = {}, [], {}

    for disk, pool in pools(chosen.disks.split(",")):
        with contextlib.ExitStack() as stack:
            served, started = [], time.monotonic()
            for kind in targets.ALL:
                if kind.name not in chosen.targets.split(","):
                    continue
                target = kind(HERE, pool)
                try:
                    device = stack.enter_context(target.serve(chosen.size))
                    targets.fill(device, chosen.size)
                    served.append((target, device, "raw"))
                    print(f"bench: {target.name} serves {device} on {disk}", flush=True)
                except (targets.CannotStart, OSError, subprocess.SubprocessError) as problem:
                    refused.append({"target": kind.name, "disk": disk, "reason": str(problem)})
                    print(f"bench: {kind.name} CANNOT START on {disk}: {problem}", flush=True)
            measure_rounds(chosen, disk, served, patterns, samples)
            if chosen.ext4:
                measure_rounds(chosen, disk, list(on_ext4(stack, served)), [p for p in patterns if p[:3] in {("randread", 4096, 32), ("randwrite", 4096, 32)}], samples)
        for target, _, _ in served:
            if isinstance(target, targets.CsiTcmu):
                collections[disk] = {"seconds": round(time.monotonic() - started), "generations": target.collections}
                print(f"bench: garbage collections of the driver on {disk}: {collections[disk]}", flush=True)

    rows = [
        {"target": key[0], "disk": key[1], "fileSystem": key[2], "pattern": key[3], "blockSize": key[4], "queueDepth": key[5], **median_row(rounds)}
        for key, rounds in samples.items()
    ]
    environment = {
        "kernel": platform.release(), "processors": os.cpu_count(), "rounds": chosen.rounds, "secondsPerRound": chosen.seconds, "imageBytes": chosen.size,
        "fio": targets.run("fio", "--version").strip(), "emulated": "hypervisor" in pathlib.Path("/proc/cpuinfo").read_text(), "refused": refused,
        "garbageCollections": collections,
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }
    pathlib.Path(chosen.output).write_text(json.dumps({"environment": environment, "rows": rows}, indent=1) + "\n")


def measure_rounds(chosen, disk, served, patterns, samples):
    """Rounds over all targets in turn, so that drift of the machine hits all alike."""
    for pattern in patterns:
        for round_number in range(chosen.rounds):
            for target, device, file_system in served:
                figures = measure(device, target.processes, pattern, chosen.seconds, chosen.size if file_system == "raw" else chosen.size // 2)
                samples.setdefault((target.name, disk, file_system, *pattern[:3]), []).append(figures)
        shown = ", ".join(
            f"{target.name} {statistics.median(r['iops'] for r in samples[(target.name, disk, file_system, *pattern[:3])]):.0f}"
            for target, _, file_system in served)
        print(f"bench: {disk} {pattern[0]} {pattern[1] >> 10}k depth {pattern[2]}: {shown} IOPS", flush=True)


def on_ext4(stack, served):
    """ext4 on each target's device, mounted; yields a file on it."""
    for target, device, _ in served:
        folder = pathlib.Path(f"/run/bench-ext4/{target.pool.name}-{target.name}")
        folder.mkdir(parents=True)
        targets.run("mkfs.ext4", "-q", "-F", device)
        targets.run("mount", device, str(folder))
        stack.callback(targets.run, "umount", str(folder))
        file = folder / "file"
        targets.run("fallocate", "-l", str(target_size(target)), str(file))
        targets.run("dd", "if=/dev/zero", f"of={file}", "bs=1M", f"count={target_size(target) >> 20}", "oflag=direct", "conv=notrunc,fsync")
        yield target, str(file), "ext4"


def target_size(_):
    """Bytes of the file on ext4: half of the smallest image."""
    return 160 << 20


if __name__ == "__main__":
    sys.exit(main())
