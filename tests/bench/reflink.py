#!/usr/bin/python3
"""What the kernel takes to share the blocks of a file on XFS, by FICLONE and in pieces, and what an extent size hint does to it. Formats the device that it is given, or /dev/ram0:

    tests/vm/boot -k 6.1 -t 240 -r 3G -- tests/bench/reflink.py
    sudo tests/bench/reflink.py "$(losetup -f --show /dev/shm/disk)"     # on this machine, on a file of 2 GiB
"""
import fcntl
import mmap
import os
import random
import struct
import subprocess
import sys
import time

FICLONE, FICLONERANGE, FIEMAP, FSSETXATTR = 0x40049409, 0x4020940D, 0xC020660B, 0x401C5820  # include/uapi/linux/fs.h
FIEMAP_SYNC, UNWRITTEN, EXTENT_SIZE_HINT = 1, 0x800, 0x800
EXTENT, MAP = struct.Struct("=QQQ16xI12x"), struct.Struct("=QQIIII")
BLOCK, REGION, EXTENTS, LARGE = 4096, 64 << 10, 2000, 100 << 30
FOLDER = "/run/reflink"
DEVICE = sys.argv[1] if len(sys.argv) > 1 else "/dev/ram0"


def make(name, size, flags=0):
    file = os.open(f"{FOLDER}/{name}", os.O_RDWR | os.O_CREAT | os.O_TRUNC | flags, 0o600)
    os.ftruncate(file, size)
    return file


def extents(file, offset, count):
    """At most so many extents from an offset on: where they begin, their length, and whether they were written."""
    answer = bytearray(MAP.size + EXTENT.size * count)
    MAP.pack_into(answer, 0, offset, (1 << 62) - offset, FIEMAP_SYNC, 0, count, 0)
    fcntl.ioctl(file, FIEMAP, answer)
    found = [EXTENT.unpack_from(answer, MAP.size + EXTENT.size * i) for i in range(MAP.unpack_from(answer)[3])]
    return [(begin, length, not states & UNWRITTEN) for begin, _, length, states in found]


def scatter(file, size):
    """Writes pieces of 4 KiB to 128 KiB all over, in a random order, as LargeSnapshotTests does."""
    chance, data = random.Random(4), os.urandom(128 << 10)
    slots = list(range(EXTENTS))
    chance.shuffle(slots)
    for slot in slots:
        os.pwrite(file, data[: BLOCK * chance.randint(1, 32)], size // EXTENTS // BLOCK * BLOCK * slot)
    os.fsync(file)


def share(source, target, size, pieces):
    """Shares all at once, or in pieces of so many extents."""
    if pieces == 0:
        fcntl.ioctl(target, FICLONE, source)
        return
    offset, known = 0, []
    while offset < size:
        known = known or extents(source, offset, 4 * pieces)
        piece, known = known[:pieces], known[pieces:]
        end = size if len(piece) < pieces else (piece[-1][0] + piece[-1][1]) // REGION * REGION
        fcntl.ioctl(target, FICLONERANGE, struct.pack("=qQQQ", source, offset, end - offset, offset))
        offset = end


def timed(source, size, pieces=0):
    target = make("copy", size)
    begun = time.monotonic()
    share(source, target, size, pieces)
    taken = time.monotonic() - begun
    os.close(target)
    os.unlink(f"{FOLDER}/copy")
    return f"{taken * 1000:.0f} ms"


def hinted(what, size, distance, writes, hint):
    """Writes single blocks at random places that are a distance apart, past the page cache, and shares the file."""
    file = make("hinted", 0, os.O_DIRECT)
    fcntl.ioctl(file, FSSETXATTR, struct.pack("=IIIII8x", EXTENT_SIZE_HINT if hint else 0, hint, 0, 0, 0))
    os.ftruncate(file, size)
    block, chance = mmap.mmap(-1, BLOCK), random.Random(1)
    block.write(os.urandom(BLOCK))
    for _ in range(writes):
        os.pwritev(file, [block], chance.randrange(size // distance) * distance)
    os.fsync(file)
    found, begin = [], 0
    while more := extents(file, begin, 1024):
        found += more
        begin = more[-1][0] + more[-1][1]
    took = timed(file, size)
    written = sum(1 for extent in found if extent[2])
    print(f"{what}, hint {hint >> 10} KiB: {len(found)} extents, {written} of them written, {os.fstat(file).st_blocks >> 11} MiB allocated, shared in {took}", flush=True)
    os.close(file)


def on_xfs(work, *options):
    subprocess.run(["mkfs.xfs", "-q", "-f", *options, DEVICE], check=True)
    subprocess.run(["mount", DEVICE, FOLDER], check=True)
    work()
    subprocess.run(["umount", FOLDER], check=True)


def pieces_of(label):
    def work():
        file = make("image", LARGE)
        scatter(file, LARGE)
        for pieces in (0, 16, 64, 256):
            print(f"{label}, {EXTENTS} extents, {f'pieces of {pieces}' if pieces else 'at once'}: {timed(file, LARGE, pieces)}", flush=True)
        os.close(file)

    return work


def hints():
    for hint in (0, 64 << 10):
        hinted("two fifths of 64 MiB written", 64 << 20, BLOCK, 8000, hint)
        hinted("seven eighths of 64 MiB written", 64 << 20, BLOCK, 34000, hint)
        hinted("2000 blocks scattered over 100 GiB", LARGE, LARGE // 2000 // BLOCK * BLOCK, 2000, hint)


os.makedirs(FOLDER, exist_ok=True)
on_xfs(pieces_of("as mkfs makes it"), "-m", "rmapbt=0")
on_xfs(pieces_of("with reverse mapping"), "-m", "rmapbt=1")
on_xfs(hints)
