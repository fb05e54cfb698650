"""Measures commands whose pages are copied by the kernel's own target_core_user, copied by ours, and mapped by ours, in the virtual machine. bench.sh --zero-copy boots it.

The server is the driver's data plane (tests/CsiTcmu.DiskServer), the load tests/bench/stream.c. Ways take turns as closely as can be, since the speed of the
machine wavers: those of one module every tenth of a second or so, the two modules every half minute or so.
"""

import argparse
import contextlib
import json
import os
import pathlib
import platform
import subprocess
import sys
import time

import guest
import targets

SIZES = [4096, 16384, 65536, 131072, 262144, 1048576]
QUICK_SIZES = [4096, 65536, 262144, 1048576]
DISK = 64 << 20
AREA = 64  # MiB, as the driver asks for
EVERY_COMMAND, NO_COMMAND = 4096, 2 << 20  # zc_min_size
TURNS = 4  # of each way in a measurement


class Load:
    """The program that reads and writes."""

    def __init__(self, program, server):
        self.process = subprocess.Popen([program, str(server)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def measure(self, direction, size, depth, milliseconds, devices):
        """How many commands there were; and of those that were measured their number, what they took, and processor time, in nanoseconds."""
        self.process.stdin.write(f"{direction} {size} {depth} {milliseconds} {DISK} {' '.join(devices)}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if len(answer) != 5:
            raise RuntimeError(f"{direction} of {size} bytes on {devices} failed")
        total, *measured = map(int, answer)
        return total, measured

    def end(self):
        self.process.stdin.close()
        self.process.wait(30)


def load_module(ours):
    """Puts our module, a path, or with None the kernel's own in the place of what is loaded."""
    targets.run("rmmod", "target_core_user")
    targets.run(*(["insmod", ours] if ours else ["modprobe", "target_core_user"]))


@contextlib.contextmanager
def serve(chosen, area, backstores):
    """Disks over these backstores; yields (server's process, [(device, folder in configfs)])."""
    with open("/run/disk-server.log", "w", encoding="utf-8") as log:
        server = subprocess.Popen([chosen.server, str(DISK), str(area), "measured", *backstores], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        disks = []
        while (words := server.stdout.readline().split()) != ["serving"]:
            if not words:
                raise RuntimeError(f"the server ended: {pathlib.Path(log.name).read_text(encoding='utf-8')[-800:]}")
            disks.append((words[1], pathlib.Path(words[2])))
        for device, _ in disks:
            targets.fill(device, DISK)
        yield server.pid, disks
        server.stdin.close()
        if server.wait(60) != 0:
            raise RuntimeError(f"the server ended with {server.returncode}")


def mapped(disks):
    """Commands that the module has mapped."""
    return sum(int(line.split()[1]) for _, folder in disks for line in (folder / "attrib/zc_stats").read_text().splitlines() if line.startswith("mapped "))


def measure_way(load, way, disks, seconds, case):
    """One turn of a way, after which the module's own counter must agree with it."""
    direction, size, depth, _ = case
    ours = way in ("copied", "mapped")
    if ours:
        for _, folder in disks:
            (folder / "control").write_text(f"zc_min_size={EVERY_COMMAND if way == 'mapped' else NO_COMMAND}")
        before = mapped(disks)
    commands, measured = load.measure(direction, size, depth, round(seconds * 1000), [device for device, _ in disks])
    if ours:
        counted = mapped(disks) - before
        if counted < commands if way == "mapped" else counted > 0:
            raise RuntimeError(f"{way}, {direction} of {size} bytes: {counted} of {commands} commands were mapped")
    return measured


def figures(size, turns):
    """Of all turns of a way together."""
    commands, nanoseconds, machine, server = map(sum, zip(*turns))
    mebibytes = max(commands, 1) * size / 2**20
    return {"iops": commands / (nanoseconds / 1e9), "machineUsPerMiB": machine / 1000 / mebibytes, "serverUsPerMiB": server / 1000 / mebibytes}


def measure_cases(chosen, cases, name, load, ways, samples):
    """All cases on one server. ways: {way: its disks}. To and fro, so that a steady change of speed is the same for all."""
    for case in cases:
        turns = {way: [] for way in ways}
        for turn in range(TURNS):
            for way in list(ways)[::-1 if turn % 2 else 1]:
                turns[way].append(measure_way(load, way, ways[way][:case[3]], chosen.seconds / TURNS, case))
        for way in ways:
            samples.setdefault((name, *case), {}).setdefault(way, []).append(figures(case[1], turns[way]))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=0.25)
    options.add_argument("--quick", action="store_true")
    options.add_argument("--module", required=True)
    options.add_argument("--server", required=True)
    options.add_argument("--load", required=True)
    options.add_argument("--output", required=True)
    chosen = options.parse_args()
    cases = [
        (direction, size, depth, disks)
        for disks in ([1] if chosen.quick else [1, 2]) for depth in (1, 8) for direction in ("read", "write") for size in (QUICK_SIZES if chosen.quick else SIZES)]
    samples, started = {}, time.monotonic()
    (_, pool), = guest.pools(["ram"])
    for name in ("cached0", "cached1", "direct0", "direct1"):
        targets.run("truncate", "-s", str(DISK), pool / name)
    cached, direct = ([f"{way}:{pool}/{way}{number}" for number in (0, 1)] for way in ("cached", "direct"))
    for turn in range(chosen.rounds):
        for name, backstores, beside in (("memory", ["memory"] * 2, []), ("file", cached, direct)):
            for ours in (False, True) if turn % 2 == 0 else (True, False):
                load_module(chosen.module if ours else None)
                with serve(chosen, AREA if ours else 0, backstores + ([] if ours else beside)) as (server, disks):
                    load = Load(chosen.load, server)
                    ways = {way: disks[:2] for way in (("copied", "mapped") if ours else ("stock",))}
                    if len(disks) > 2:
                        ways["direct"] = disks[2:]
                    measure_cases(chosen, cases, name, load, ways, samples)
                    load.end()
        print(f"bench: round {turn + 1} of {chosen.rounds} is measured, {time.monotonic() - started:.0f} s", flush=True)

    rows = [
        {"backstore": key[0], "direction": key[1], "blockSize": key[2], "queueDepth": key[3], "disks": key[4], "ways": ways} for key, ways in samples.items()]
    environment = {
        "kernel": platform.release(), "processors": os.cpu_count(), "rounds": chosen.rounds, "seconds": chosen.seconds,
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }
    pathlib.Path(chosen.output).write_text(json.dumps({"environment": environment, "rows": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
