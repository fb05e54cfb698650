"""The block targets that are measured side by side: ours, and what people use today. Runs in the virtual machine as root.

Every target serves one image of the same size on the same file system and is a context manager that yields its block device.
"""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import time
import urllib.request

CORE = pathlib.Path("/sys/kernel/config/target/core")
LOOPBACK = pathlib.Path("/sys/kernel/config/target/loopback")


class CannotStart(Exception):
    """A target that this machine does not serve; the text says why."""


def run(*words, **options):
    """Runs a program; a failure carries what it printed."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, **options)
    if done.returncode != 0:
        raise CannotStart(f"{' '.join(map(str, words))}: exit status {done.returncode}: {(done.stderr or done.stdout).strip()[-400:]}")
    return done.stdout


def until(seconds, what, look):
    """Waits until look() gives something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise CannotStart(f"{what} did not happen within {seconds} s")


def fill(device, size):
    """Writes the whole device once, so that nobody pays for allocation during the measurement."""
    run("dd", "if=/dev/zero", f"of={device}", "bs=1M", f"count={size >> 20}", "oflag=direct", "conv=fsync")


@contextlib.contextmanager
def loopback(naa, backing):
    """A tcm_loop LUN over a configfs device; yields /dev/sdX."""
    tpg = LOOPBACK / f"naa.{naa}" / "tpgt_1"
    lun = tpg / "lun" / "lun_0"
    lun.mkdir(parents=True)
    (tpg / "nexus").write_text("naa.6001405aaaaaaaaa"[:20])
    link = lun / "backing"
    link.symlink_to(backing)
    try:
        address = (tpg / "address").read_text().strip()
        folder = pathlib.Path(f"/sys/class/scsi_device/{address}:0/device/block")
        name = until(30, f"a disk at {address}", lambda: folder.exists() and os.listdir(folder))
        yield f"/dev/{name[0]}"
    finally:
        link.unlink()
        lun.rmdir()
        tpg.rmdir()
        tpg.parent.rmdir()


class CsiTcmu:
    """Our driver in standalone mode, asked through grpc-js."""

    name = "csi-tcmu"
    metrics = "127.0.0.1:9808"

    def __init__(self, here, pool):
        self.here, self.pool, self.processes = here, pool, []

    @contextlib.contextmanager
    def serve(self, size):
        socket = f"/run/csi-tcmu-bench/{self.pool.name}.sock"
        log = open(f"/run/csi-tcmu-{self.pool.name}.log", "w")
        program = os.environ.get("CSI_TCMU_BENCH_DRIVER", f"{self.here}/artifacts/driver/csi-tcmu")
        driver = subprocess.Popen(
            [program, "standalone", "--endpoint", f"unix://{socket}", "--pool", f"bench={self.pool}", "--node-id", "bench",
             "--metrics-endpoint", self.metrics],
            stdout=log, stderr=log)
        self.processes = [driver.pid]

        def call(method, **request):
            return json.loads(run("node", f"{self.here}/tests/clients/csi.js", "--endpoint", f"unix://{socket}", method, json.dumps(request)))

        def ended():
            if driver.poll() is not None:
                raise CannotStart(f"the driver ended with {driver.returncode}: {pathlib.Path(log.name).read_text()[-800:]}")
            return os.path.exists(socket)

        block = {"block": {}, "access_mode": {"mode": "SINGLE_NODE_WRITER"}}
        staging, target = f"/run/bench-{self.pool.name}-staging", f"/run/bench-{self.pool.name}-target"
        os.makedirs(staging, exist_ok=True)
        try:
            until(60, "the driver's socket", ended)
            volume = call("Controller.CreateVolume", name="bench", capacity_range={"required_bytes": str(size)}, volume_capabilities=[block])["volume"]["volume_id"]
            call("Node.NodeStageVolume", volume_id=volume, staging_target_path=staging, volume_capability=block)
            call("Node.NodePublishVolume", volume_id=volume, staging_target_path=staging, target_path=target, volume_capability=block)
            yield target
            call("Node.NodeUnpublishVolume", volume_id=volume, target_path=target)
            call("Node.NodeUnstageVolume", volume_id=volume, staging_target_path=staging)
            call("Controller.DeleteVolume", volume_id=volume)
        finally:
            driver.terminate()
            driver.wait(60)

    def collections(self):
        """Garbage collections of the driver so far, of generation 0, 1 and 2."""
        with urllib.request.urlopen(f"http://{self.metrics}/metrics", timeout=30) as answer:
            counted = dict(re.findall(r'^csi_tcmu_gc_collections_total\{generation="(\d)"\} (\d+)', answer.read().decode(), re.MULTILINE))
        return [int(counted[generation]) for generation in "012"]


class LioFileio:
    """The kernel's own fileio backstore through tcm_loop: the same path without user space, with direct I/O."""

    name = "lio-fileio"

    def __init__(self, here, pool):
        self.pool, self.processes = pool, []

    @contextlib.contextmanager
    def serve(self, size):
        image = self.pool / "lio.img"
        run("truncate", "-s", str(size), image)
        hba = CORE / f"fileio_{1 + len(self.pool.name)}"
        device = hba / "bench"
        device.mkdir(parents=True)
        try:
            # Buffered opens the file without O_DSYNC, async does every transfer as direct I/O: the fastest of its modes.
            (device / "control").write_text(f"fd_dev_name={image},fd_dev_size={size},fd_buffered_io=1,fd_async_io=1")
            (device / "enable").write_text("1")
            with loopback(f"50014051{len(self.pool.name):08x}", device) as disk:
                yield disk
        finally:
            device.rmdir()
            hba.rmdir()
            image.unlink()


class Loop:
    """A loop device with direct I/O."""

    name = "loop"

    def __init__(self, here, pool):
        self.pool, self.processes = pool, []

    @contextlib.contextmanager
    def serve(self, size):
        image = self.pool / "loop.img"
        run("truncate", "-s", str(size), image)
        device = run("losetup", "--find", "--show", "--direct-io=on", image).strip()
        try:
            yield device
        finally:
            run("losetup", "--detach", device)
            image.unlink()


class QemuNbd:
    """qemu-nbd on /dev/nbdN: no page cache, io_uring."""

    name = "qemu-nbd"
    count = 0

    def __init__(self, here, pool):
        self.pool, self.processes = pool, []

    @contextlib.contextmanager
    def serve(self, size):
        image = self.pool / "nbd.img"
        run("truncate", "-s", str(size), image)
        device = f"/dev/nbd{QemuNbd.count}"
        QemuNbd.count += 1
        server = subprocess.Popen(["qemu-nbd", "--format=raw", "--cache=none", "--aio=io_uring", "--discard=unmap", "--persistent", f"--connect={device}", image])
        self.processes = [server.pid]
        try:
            until(30, f"the size of {device}", lambda: int(run("blockdev", "--getsize64", device)) == size)
            yield device
        finally:
            run("qemu-nbd", "--disconnect", device)
            server.wait(30)
            image.unlink()


class TcmuRunner:
    """Debian's tcmu-runner with its qcow handler, through tcm_loop."""

    name = "tcmu-runner"
    daemon = None

    def __init__(self, here, pool):
        self.pool, self.processes = pool, []

    @classmethod
    def start(cls):
        if cls.daemon is not None:
            return
        os.makedirs("/run/dbus", exist_ok=True)
        if not os.path.exists("/run/dbus/system_bus_socket"):
            run("dbus-daemon", "--system", "--fork")
        cls.daemon = subprocess.Popen(["tcmu-runner"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(3)
        if cls.daemon.poll() is not None:
            raise CannotStart(f"tcmu-runner ended with {cls.daemon.returncode}; its reason is in /var/log/tcmu-runner.log")

    @contextlib.contextmanager
    def serve(self, size):
        self.start()
        self.processes = [self.daemon.pid]
        image = self.pool / "runner.qcow2"
        run("qemu-img", "create", "-q", "-f", "qcow2", "-o", "preallocation=full", image, str(size))
        hba = CORE / f"user_{90 + len(self.pool.name)}"
        device = hba / "bench"
        device.mkdir(parents=True)
        try:
            (device / "control").write_text(f"dev_config=qcow/{image},dev_size={size},hw_block_size=512,hw_max_sectors=2048")
            (device / "enable").write_text("1")
            with loopback(f"50014052{len(self.pool.name):08x}", device) as disk:
                yield disk
        finally:
            device.rmdir()
            hba.rmdir()
            image.unlink()


ALL = [CsiTcmu, LioFileio, Loop, QemuNbd, TcmuRunner]
