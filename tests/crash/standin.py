"""A machine whose disk, clock and power a test has in hand: the program runs under tests/standin by LD_PRELOAD.

    machine = Machine(directory)            # machine.store is the store
    Serve(machine.store, env=machine.environment())
    machine.disk_fails("sync", errno.EIO)   # until machine.disk_works()
    machine.clock_jumps(hours=-3)
    machine.power_fails_after(17)           # changes of the disk from now on
    machine.power_comes_back(rng)           # the store is what a disk had then

A PlainMachine follows no syncs; its disk fails and its clock jumps, at the machine's own speed.
"""

import ctypes
import mmap
import os
import pathlib
import shutil

SOURCE = pathlib.Path(os.environ.get("MQCTL_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get("MQCTL_BUILD", SOURCE / "build" / "release"))
LIBRARY = BUILD / "tests" / "libmqctl_standin.so"
CALLS = ("sync", "write", "allocate", "open")
PAGE, SECTOR = 4096, 512


class Control(ctypes.Structure):   # tests/standin/control.h
    _fields_ = [("fail_with", ctypes.c_int32 * len(CALLS)), ("failed", ctypes.c_int32 * len(CALLS)),
                ("realtime_shift_ns", ctypes.c_int64), ("power_off_after", ctypes.c_int64), ("changes", ctypes.c_int64)]


class PlainMachine:
    def __init__(self, directory):
        assert LIBRARY.exists(), f"{LIBRARY}: build the target mqctl_standin"
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(exist_ok=True)
        self.store = self.directory / "store"
        self.control_file = self.directory / "control"
        self.control_file.write_bytes(bytes(PAGE))
        with open(self.control_file, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), PAGE)
        self.control = Control.from_buffer(self.page)

    def environment(self):
        return {"LD_PRELOAD": str(LIBRARY), "MQCTL_STANDIN_CONTROL": str(self.control_file)}

    def disk_fails(self, call, code):
        self.control.fail_with[CALLS.index(call)] = code

    def disk_works(self):
        for i in range(len(CALLS)):
            self.control.fail_with[i] = 0

    def failed(self, call):
        return self.control.failed[CALLS.index(call)]

    def clock_jumps(self, **how):
        """To so much before or behind the true time."""
        units = {"hours": 3600, "minutes": 60, "seconds": 1}
        self.control.realtime_shift_ns = int(sum(units[name] * value for name, value in how.items()) * 1e9)


class Machine(PlainMachine):
    def __init__(self, directory):
        super().__init__(directory)
        self.shadow = self.directory / "shadow"
        self.store.mkdir()
        self.all_is_on_disk()

    def environment(self):
        return super().environment() | {"MQCTL_STANDIN_SHADOW": str(self.shadow), "MQCTL_STANDIN_ROOT": str(self.store)}

    def power_fails_after(self, changes):
        self.control.power_off_after = changes

    def power_comes_back(self, rng):
        """Each directory has the names of its last sync, or those of now; each page its last synced content, that of now, or some
        sectors of each. How much of what was not synced got through is chance, too."""
        self.control.power_off_after = 0
        through = rng.choice([0, 0, 0.1, 0.5, 0.9])
        after = self.directory / "after"
        after.mkdir()
        self._bring_back(os.stat(self.store).st_ino, self.store, after, rng, through)
        shutil.rmtree(self.store)
        after.rename(self.store)
        self.all_is_on_disk()

    def all_is_on_disk(self):
        """From here on: what is in the store now, whoever wrote it."""
        shutil.rmtree(self.shadow, ignore_errors=True)
        for part in ("alive", "synced", "names"):
            (self.shadow / part).mkdir(parents=True)
        for here, directories, files in os.walk(self.store):
            here = pathlib.Path(here)
            lines = [f"d {os.stat(here / name).st_ino} {name}\n" for name in directories]
            for name in files:
                inode = os.stat(here / name).st_ino
                os.link(here / name, self.shadow / "alive" / str(inode))
                copy_sparse(here / name, self.shadow / "synced" / str(inode))
                lines.append(f"f {inode} {name}\n")
            (self.shadow / "names" / str(os.stat(here).st_ino)).write_text("".join(lines))

    def _bring_back(self, inode, live, target, rng, through):
        for kind, entry, name in self._names(inode, live, rng, through):
            if kind == "f":
                self._content(entry, target / name, rng, through)
            else:
                (target / name).mkdir()
                self._bring_back(entry, live / name, target / name, rng, through)

    def _names(self, inode, live, rng, through):
        synced = self.shadow / "names" / str(inode)
        if live.is_dir() and os.stat(live).st_ino == inode and rng.random() < through:
            with os.scandir(live) as entries:
                found = [("d" if entry.is_dir() else "f", entry.stat().st_ino, entry.name) for entry in entries]
            return sorted(found, key=lambda entry: entry[2])
        lines = synced.read_text().splitlines() if synced.exists() else []
        return [(kind, int(number), name) for kind, number, name in (line.split(" ", 2) for line in sorted(lines))]

    def _content(self, inode, target, rng, through):
        synced, alive = self.shadow / "synced" / str(inode), self.shadow / "alive" / str(inode)
        if synced.exists():
            copy_sparse(synced, target)
        else:
            target.touch()
        if not alive.exists():   # the power failed between its creation and all else
            return
        if rng.random() < through and target.stat().st_size != alive.stat().st_size:
            os.truncate(target, alive.stat().st_size)
        size = target.stat().st_size
        with open(alive, "rb") as now, open(target, "r+b") as disk:
            for begin, end in data_ranges(now):
                for at in range(begin, min(end, size), PAGE):
                    self._page(now, disk, at, min(PAGE, size - at), rng, through)

    @staticmethod
    def _page(now, disk, at, length, rng, through):
        new, old = os.pread(now.fileno(), length, at), os.pread(disk.fileno(), length, at)
        if new == old or rng.random() >= through:
            return
        step = rng.choice([PAGE, SECTOR])
        for sector in range(0, length, step):
            if step == PAGE or rng.random() < 0.5:
                os.pwrite(disk.fileno(), new[sector:sector + step], at + sector)


def data_ranges(file):
    end = os.fstat(file.fileno()).st_size
    at = 0
    while at < end:
        try:
            begin = os.lseek(file.fileno(), at, os.SEEK_DATA)
        except OSError:   # a hole up to the end
            return
        at = os.lseek(file.fileno(), begin, os.SEEK_HOLE)
        yield begin // PAGE * PAGE, at


def copy_sparse(source, target):
    with open(source, "rb") as old, open(target, "wb") as new:
        os.truncate(new.fileno(), os.fstat(old.fileno()).st_size)
        for begin, end in data_ranges(old):
            while begin < end:
                data = os.pread(old.fileno(), min(1 << 20, end - begin), begin)
                os.pwrite(new.fileno(), data, begin)
                begin += len(data)
