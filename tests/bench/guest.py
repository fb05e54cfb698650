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
import tempfile
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


def measure(device, processes, patterns, seconds, size):
    """One run of fio through the patterns, one after the other; figures per I/O of each.

    One run, since fio's own start takes longer than a measurement here. Processor time is read by fio itself, before and after each pattern.
    """
    look = " ".join(["cat", "/proc/stat", *(f"/proc/{process}/stat" for process in processes)])
    words = [
        "fio", f"--filename={device}", f"--size={size}", "--ioengine=libaio", "--direct=1", "--time_based", f"--runtime={seconds}", "--randrepeat=0",
        "--norandommap", "--thread", "--output-format=json", f"--exec_prerun={look}", f"--exec_postrun={look}",
    ]
    for number, (_, block_size, depth, more) in enumerate(patterns):
        words += [f"--name=p{number}", "--stonewall", f"--bs={block_size}", f"--iodepth={depth}", *more]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=len(patterns) * (seconds + 20) + 120)
        if done.returncode != 0:
            raise RuntimeError(f"fio on {device}: {done.stderr.strip()[-400:]}")
        jobs = json.loads(done.stdout[done.stdout.index("{"):])["jobs"]
        return [figures(job, *(cpu_seconds(pathlib.Path(folder, f"p{number}.{when}.txt")) for when in ("prerun", "postrun"))) for number, job in enumerate(jobs)]


def figures(job, before, after):
    """What fio tells of a job, with the processor time (server, guest) before and after it."""
    operations = job["read"]["total_ios"] + job["write"]["total_ios"]
    took = job["job_runtime"] / 1000
    server, guest = (None if start is None else (end - start) / operations * 1e6 for start, end in zip(before, after))
    return {
        "iops": operations / took,
        "bytesPerSecond": (job["read"]["io_bytes"] + job["write"]["io_bytes"]) / took,
        "serverCpuUsPerIo": server,
        "guestCpuUsPerIo": guest,
    }


def cpu_seconds(file):
    """CPU time so far of the server, user and system (None for a target without a process of its own), and of the whole guest without idling."""
    server, guest = [], 0
    for line in file.read_text().splitlines():
        if line.startswith("cpu "):
            fields = [int(field) for field in line.split()[1:]]
            guest = sum(fields[:8]) - fields[3] - fields[4]
        elif ") " in line:
            fields = line.rpartition(")")[2].split()
            server.append(int(fields[11]) + int(fields[12]))
    return sum(server) / TICKS if server else None, guest / TICKS


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
            served = []
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
            ours = [target for target, _, _ in served if isinstance(target, targets.CsiTcmu)]
            before, started = [target.collections() for target in ours], time.monotonic()
            measure_rounds(chosen, disk, served, patterns, samples)
            if chosen.ext4:
                measure_rounds(chosen, disk, list(on_ext4(stack, served)), [p for p in patterns if p[:3] in {("randread", 4096, 32), ("randwrite", 4096, 32)}], samples)
            for target, counts in zip(ours, before):
                collections[disk] = {
                    "seconds": round(time.monotonic() - started), "generations": [after - first for first, after in zip(counts, target.collections())]}
                print(f"bench: garbage collections of the driver under load on {disk}: {collections[disk]}", flush=True)

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
    for round_number in range(chosen.rounds):
        for target, device, file_system in served:
            size = chosen.size if file_system == "raw" else chosen.size // 2
            for pattern, result in zip(patterns, measure(device, target.processes, patterns, chosen.seconds, size)):
                samples.setdefault((target.name, disk, file_system, *pattern[:3]), []).append(result)
        file_system = served[0][2] if served else ""
        print(f"bench: {disk} {file_system}: round {round_number + 1} of {chosen.rounds} is measured", flush=True)


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
