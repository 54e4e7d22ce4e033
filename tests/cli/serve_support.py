"""`mqctl serve` as a process, for tests that look at how it starts and ends."""

import os
import pathlib
import socket
import subprocess
import time

from support import MQCTL

LISTEN = ("--listen", "127.0.0.1:0")


def wait_for(condition, seconds=20):
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


def finish(process, seconds=20):
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out, err


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def seeding(directory, *args, **kwargs):
    """A server that is held up by its seed, a pipe: (process, port, the pipe's path)."""
    pipe, port = directory / "seed", free_port()
    os.mkfifo(pipe)
    return launch("--ephemeral", "--listen", f"127.0.0.1:{port}", "--seed", pipe, *args, **kwargs), port, pipe
