"""Says where both processors' time goes while fio runs: for each target and pattern the symbols that take most of it. bench.sh --profile boots it."""

import argparse
import contextlib
import pathlib
import re
import subprocess
import sys
import tempfile

import guest
import targets

PATTERNS = {("randread", 4096, 32), ("randwrite", 4096, 32), ("read", 1048576, 4), ("write", 1048576, 4)}
LEAST = 0.6  # percent
SAMPLES_PER_SECOND = 499


def profile(device, words, block_size, depth, seconds, size):
    """Symbols with their share of both processors' time, the largest first, the idle loop among them."""
    with tempfile.TemporaryDirectory() as folder:
        # fio takes seconds to start, and so does perf: fio says when its load begins, and goes on until perf has seen enough.
        begun, data = pathlib.Path(folder, "begun"), f"{folder}/perf.data"
        load = subprocess.Popen(
            ["fio", "--name=profile", f"--filename={device}", f"--size={size}", "--ioengine=libaio", "--direct=1", "--time_based", "--runtime=300",
             "--norandommap", "--thread", f"--bs={block_size}", f"--iodepth={depth}", f"--exec_prerun=touch {begun}", *words],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            targets.until(60, "fio's load", begun.exists)
            targets.run("perf", "record", "-a", "-e", "cpu-clock", "-F", str(SAMPLES_PER_SECOND), "-o", data, "--", "sleep", str(seconds))
        finally:
            load.terminate()
            load.wait(60)
        done = subprocess.run(
            ["perf", "report", "-i", data, "--stdio", "--no-children", "-q", "-s", "comm,symbol", "--percent-limit", str(LEAST)],
            capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise targets.CannotStart(f"perf report: {done.stderr.strip()[-400:]}")
        return [line.strip() for line in done.stdout.splitlines() if re.match(r"\s*\d", line)]


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--seconds", type=int, default=4)
    options.add_argument("--size", type=int, default=320 << 20)
    options.add_argument("--targets", default="csi-tcmu,lio-fileio,tcmu-runner")
    options.add_argument("--output", required=True)
    chosen = options.parse_args()
    with open(chosen.output, "w") as output:
        def tell(text):
            print(text, flush=True)
            print(text, file=output)

        for _, pool in guest.pools(["ram"]):
            for kind in [kind for kind in targets.ALL if kind.name in chosen.targets.split(",")]:
                try:
                    with contextlib.ExitStack() as stack:
                        device = stack.enter_context(kind(guest.HERE, pool).serve(chosen.size))
                        targets.fill(device, chosen.size)
                        for pattern, block_size, depth, words in guest.PATTERNS:
                            if (pattern, block_size, depth) in PATTERNS:
                                tell(f"\n{kind.name}, {pattern} {block_size >> 10}k, depth {depth}: percent of both processors' time")
                                for line in profile(device, words, block_size, depth, chosen.seconds, chosen.size):
                                    tell("  " + line)
                except (targets.CannotStart, OSError, subprocess.SubprocessError) as problem:
                    tell(f"{kind.name} CANNOT BE PROFILED: {problem}")


if __name__ == "__main__":
    sys.exit(main())
