"""Prints the tables of a zero-copy.json: what mapped commands reach and cost, and how every other way compares with them in the same round."""

import json
import pathlib
import statistics
import sys

BACKSTORES = {"memory": "Memory", "file": "File through the page cache"}
WAYS = ["stock", "copied", "direct"]


def median(samples, figure):
    return statistics.median(sample[figure] for sample in samples)


def short(number):
    """Three digits that matter."""
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


def ratio(numerator, denominator, figure):
    """Median, least and most of the rounds' ratios."""
    ratios = [a[figure] / b[figure] for a, b in zip(numerator, denominator) if b[figure]] or [1]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"


def table(rows):
    """One line for each case. Ratios above 1 are in favour of mapping."""
    others = [way for way in WAYS if way in rows[0]["ways"]]
    yield ["", "per second, MiB/s", *(f"against {way}" for way in others)] + [
        head for who in ("machine", "server") for head in (f"{who}, ms per MiB", *(f"{way} against it" for way in others))]
    for row in rows:
        ways, size = row["ways"], row["blockSize"]
        rate = median(ways["mapped"], "iops")
        name = f"{size >> 20}M" if size >= 1 << 20 else f"{size >> 10}k"
        cells = [f"{row['direction']} {name}, depth {row['queueDepth']}", f"{short(rate)}, {short(rate * size / 2**20)}"]
        cells += [ratio(ways["mapped"], ways[way], "iops") for way in others]
        for figure in ("machineUsPerMiB", "serverUsPerMiB"):
            cells += [short(median(ways["mapped"], figure) / 1000), *(ratio(ways[way], ways["mapped"], figure) for way in others)]
        yield cells


def main():
    data = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    environment = data["environment"]
    print(
        f"\nMapped commands, kernel {environment['kernel']}, {environment['processors']} processors: medians of {environment['rounds']} rounds of {environment['seconds']} s, then the"
        " rounds' ratios, median (least–most), above 1 where mapping is better: rates against, and processor time of, stock (the kernel's own module), copied (ours with the"
        " threshold above every command) and direct (past the page cache, the kernel's own module). Machine: both processors, initiator and kernel too.")
    for backstore, title in BACKSTORES.items():
        for disks in (1, 2):
            rows = [row for row in data["rows"] if row["backstore"] == backstore and row["disks"] == disks]
            if not rows:
                continue
            print(f"\n{title}, {'one volume' if disks == 1 else 'two volumes at once'}\n")
            for number, cells in enumerate(table(rows)):
                print("| " + " | ".join(cells) + " |")
                if number == 0:
                    print("|---" * len(cells) + "|")


if __name__ == "__main__":
    main()
