"""Prints the table of a bench.json with ratios to each peer, and draws it as SVG."""

import json
import pathlib
import sys
from xml.sax.saxutils import escape

OURS = "csi-tcmu"
COLOURS = {"csi-tcmu": "#1b6ca8", "lio-fileio": "#8a8d91", "loop": "#c9b458", "qemu-nbd": "#c8553d", "tcmu-runner": "#6a994e"}


def cases(rows):
    """Rows by case, in the order in which they were measured."""
    found = {}
    for row in rows:
        case = (row["disk"], row["fileSystem"], row["pattern"], row["blockSize"], row["queueDepth"])
        found.setdefault(case, {})[row["target"]] = row
    return found


def label(case):
    disk, file_system, pattern, block_size, depth = case
    return f"{disk} {file_system} {pattern} {block_size >> 10}k depth {depth}"


def print_table(data):
    targets = list(dict.fromkeys(row["target"] for row in data["rows"]))
    peers = [t for t in targets if t != OURS]
    print(f"\nIOPS, medians of {data['environment']['rounds']} interleaved rounds; in brackets: csi-tcmu against that target; CPU in microseconds per I/O")
    print(f"{'':34} {OURS:>9} " + " ".join(f"{p:>20}" for p in peers) + f" {'server CPU':>11} {'guest CPU':>10}")
    for case, rows in cases(data["rows"]).items():
        ours = rows.get(OURS)
        line = f"{label(case):34} {ours['iops']:9.0f} " if ours else f"{label(case):34} {'-':>9} "
        for peer in peers:
            row = rows.get(peer)
            ratio = f" ({ours['iops'] / row['iops']:5.2f})" if row and ours else ""
            line += f"{row['iops']:12.0f}{ratio:8} " if row else f"{'-':>20} "
        if ours:
            line += f"{ours['serverCpuUsPerIo'] or 0:10.0f} {ours['guestCpuUsPerIo']:10.0f}"
        print(line.rstrip())
    for refusal in data["environment"]["refused"]:
        print(f"not measured: {refusal['target']} on {refusal['disk']}: {refusal['reason']}")


def draw(data):
    """Bars of each case relative to the fastest target of it."""
    bar, gap, left, width = 14, 18, 250, 620
    body, y = [], 60
    for case, rows in cases(data["rows"]).items():
        best = max(row["iops"] for row in rows.values())
        body.append(f'<text x="{left - 10}" y="{y + bar * len(rows) / 2 + 4}" text-anchor="end">{escape(label(case))}</text>')
        for target, row in rows.items():
            length = row["iops"] / best * width
            body.append(f'<rect x="{left}" y="{y}" width="{length:.1f}" height="{bar - 2}" fill="{COLOURS.get(target, "#000")}"/>')
            body.append(f'<text x="{left + length + 6:.1f}" y="{y + bar - 4}" font-size="10">{row["iops"]:.0f}</text>')
            y += bar
        y += gap
    legend = "".join(
        f'<rect x="{left + i * 130}" y="28" width="12" height="12" fill="{colour}"/><text x="{left + i * 130 + 18}" y="39">{target}</text>'
        for i, (target, colour) in enumerate(COLOURS.items()))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 80}" height="{y + 10}" font-family="sans-serif" font-size="12">'
        f'<rect width="100%" height="100%" fill="white"/><text x="{left}" y="18" font-weight="bold">IOPS, longer is better (kernel '
        f'{escape(data["environment"]["kernel"])}, {"emulated" if data["environment"]["emulated"] else "hardware"})</text>{legend}{"".join(body)}</svg>\n')


def main():
    path = pathlib.Path(sys.argv[1])
    data = json.loads(path.read_text())
    print_table(data)
    path.with_suffix(".svg").write_text(draw(data))


if __name__ == "__main__":
    main()
