"""`mqctl serve` as a process, for tests that look at how it starts and ends."""

import contextlib
import os
import pathlib
import socket
import subprocess
import time

from support import MQCTL

LISTEN = ("--listen", "127.0.0.1:0")


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def launch(*args, **kwargs):
    return subprocess.Popen([MQCTL, "serve", *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kwargs)


def finish(process, seconds=60):
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out, err


def listens_on(process, host="127.0.0.1"):
    """The port of a process that has told nobody yet. One that a test had chosen for it, another could take first."""
    place, own = socket.inet_aton(host)[::-1].hex().upper() + ":", set()
    for entry in pathlib.Path(f"/proc/{process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):   # closed meanwhile
            own.add(os.readlink(entry))
    sockets = [line.split() for line in pathlib.Path(f"/proc/{process.pid}/net/tcp").read_text().splitlines()]
    port, = {each[1].removeprefix(place) for each in sockets
             if each[1].startswith(place) and each[3] == "0A" and f"socket:[{each[9]}]" in own}
    return int(port, 16)


def seeding(directory, *args, **kwargs):
    """A server that is held up by its seed, a pipe: (process, the pipe's path). It listens once the pipe is open."""
    pipe = directory / "seed"
    os.mkfifo(pipe)
    return launch("--ephemeral", *LISTEN, "--seed", pipe, *args, **kwargs), pipe
