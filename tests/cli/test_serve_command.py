"""`mqctl serve ... -- CMD`: what the command gets, how it ends, and that nothing of it is left."""

import os
import pathlib
import pty
import signal
import subprocess
import sys

import pytest

from append_support import check_closed
from serve_support import LISTEN, alive, finish, launch, listens_on, seeding, wait_for
from support import MQCTL, run
from wire_client import Client

EPHEMERAL = ("--ephemeral", *LISTEN, "-q", "--")


def command(*words, **kwargs):
    return run("serve", *EPHEMERAL, *words, **kwargs)


def script(body):
    return [sys.executable, "-c", body]


@pytest.fixture(scope="module", autouse=True)
def stubborn(tmp_path_factory):
    """A command that does not go for SIGTERM: the ten seconds that it is given pass while the other tests run."""
    directory = tmp_path_factory.mktemp("stubborn")
    process = launch(*EPHEMERAL, "sh", "-c", f"trap '' TERM; echo $$ > {directory}/pid; touch {directory}/up; while :; do sleep 1; done")
    wait_for((directory / "up").exists)
    process.terminate()
    yield process, int((directory / "pid").read_text())
    process.kill()
    process.communicate()


def test_the_command_gets_the_address_and_its_status_is_returned():
    done = command("sh", "-c", "echo $NAMESRV_ADDR; exit 7")
    assert done.returncode == 7 and done.stdout.startswith(b"127.0.0.1:")
    assert command("true").returncode == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGSEGV])
def test_a_killed_command(number):
    assert command("sh", "-c", f"ulimit -c 0; kill -{int(number)} $$").returncode == 128 + number


def test_a_command_that_cannot_be_run(tmp_path):
    (tmp_path / "plain").write_text("no program\n")
    for name, expected in (("no-such-program", 127), (tmp_path / "none" / "x", 127), (tmp_path / "plain", 126)):
        done = command(name)
        assert (done.returncode, done.stdout, done.stderr) == (expected, b"", f"mqctl serve: cannot run {name}\n".encode())
    assert subprocess.run(["sh", "-c", f"exec '{MQCTL}' serve {' '.join(EPHEMERAL)} no-such-program 2>&-"]).returncode == 127


def test_a_store_can_be_named_before_the_command(tmp_path):
    done = run("serve", tmp_path / "store", *LISTEN, "--segment-size", "1MiB", "-q", "--", "sh", "-c", "exit 3")
    assert done.returncode == 3
    check_closed(tmp_path / "store")


def test_the_command_inherits_what_its_caller_gave_and_nothing_of_ours(tmp_path):
    given, other = os.pipe()
    show = f"import os; print(sorted(int(n) for n in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{{n}}')) == [0, 1, 2, {given}])\n" \
           "print([line.split()[1].strip('0') for line in open('/proc/self/status') if line.startswith(('SigBlk', 'SigIgn'))])"
    process, pipe = seeding(tmp_path, "-q", "--", *script(show), pass_fds=(given,))
    os.close(given)
    os.close(other)
    seed = open(pipe, "w")   # it listens by now
    with Client(f"127.0.0.1:{listens_on(process)}") as client:   # a connection is there when the command starts
        assert client.ask(105, {"topic": "TBW102"}).code == 0
        seed.close()
        # Python ignores SIGPIPE and SIGXFSZ by itself: 0x1001000.
        assert finish(process) == (0, b"True\n['', '1001']\n", b"")


def test_a_caller_that_ignores_sigchld():
    """As some supervisors do; nobody could be waited for then."""
    process = launch(*EPHEMERAL, "sh", "-c", "exit 9", preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    assert finish(process)[0] == 9


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_are_passed_on(tmp_path, number):
    trap = f"trap 'echo got; exit 5' {int(number)}; touch {tmp_path}/up; while :; do sleep 0.01; done"
    process = launch(*EPHEMERAL, "sh", "-c", trap)
    wait_for((tmp_path / "up").exists)
    process.send_signal(number)
    assert finish(process)[:2] == (5, b"got\n")


def test_at_a_terminal_the_command_can_read_and_ctrl_c_comes_once(tmp_path):
    master, slave = pty.openpty()
    body = "import signal, sys, time; print('read', sys.stdin.readline().strip(), flush=True); n = []\n" \
           "signal.signal(signal.SIGINT, lambda *_: n.append(1)); print('armed', flush=True)\n" \
           "while not n: time.sleep(0.01)\n" \
           f"open({str(tmp_path / 'first')!r}, 'w'); end = time.monotonic() + 0.5\n" \
           "while time.monotonic() < end: time.sleep(0.01)\n" \
           "sys.exit(20 + len(n))"
    process = subprocess.Popen(["setsid", "--ctty", "--wait", MQCTL, "serve", *EPHEMERAL, *script(body)], stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    os.write(master, b"typed\n")
    seen = b""
    while b"armed" not in seen:
        seen += os.read(master, 4096)
    os.write(master, b"\x03")
    assert process.wait(60) == 21 and b"read typed" in seen
    os.close(master)


def pids_of(directory, count):
    def lines():
        return [int(path.read_text()) for path in directory.glob("*.pid")]
    wait_for(lambda: len(lines()) == count)
    return lines()


FAMILY = r"""
import os, signal, time
def stay(name):
    open(f"{directory}/{name}.tmp", "w").write(f"{os.getpid()}\n"); os.rename(f"{directory}/{name}.tmp", f"{directory}/{name}.pid")
    while True: time.sleep(60)
if os.fork() == 0: stay("child")
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0: stay("daemon")   # its parent goes: nobody's child, a session of its own
    os._exit(0)
if os.fork() == 0:
    os.setpgid(0, 0)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0: stay("daemon of a group of its own")
        os._exit(0)
    stay("group of its own")
"""
EXIT = "while len([n for n in os.listdir(directory) if n.endswith('.pid')]) < 4: time.sleep(0.005)\nos._exit(5)"
ENDS = {"exit": 5, "SIGTERM": 128 + signal.SIGTERM, "SIGKILL": -signal.SIGKILL, "SIGTERM twice": -signal.SIGTERM, "command killed": 128 + signal.SIGKILL}


@pytest.mark.parametrize("end", ENDS)
def test_nobody_of_the_command_is_left(tmp_path, end):
    last = {"exit": EXIT, "SIGTERM twice": "signal.signal(signal.SIGTERM, lambda *_: None)\nstay('command')"}.get(end, "stay('command')")
    process = launch(*EPHEMERAL, *script(f"directory = {str(tmp_path)!r}\n{FAMILY}{last}"), env=dict(os.environ, TMPDIR=str(tmp_path)))
    family = pids_of(tmp_path, 4 if end == "exit" else 5)
    if end == "command killed":
        os.kill(int((tmp_path / "command.pid").read_text()), signal.SIGKILL)
    elif end == "SIGTERM twice":
        process.terminate()
        wait_for(lambda: not alive(int((tmp_path / "child.pid").read_text())))
        wait_for(lambda: process.terminate() or process.poll() is not None)   # the same request when it comes within 200 ms
    elif end != "exit":
        process.send_signal(signal.Signals[end])
    assert process.wait(60) == ENDS[end]
    if ENDS[end] >= 0:
        assert not any(map(alive, family)) and not list(tmp_path.glob("mqctl-serve-*"))
    else:   # nobody was there any more who could wait for it
        wait_for(lambda: not any(map(alive, family)))
    finish(process)


def test_the_port_and_the_store_are_free_when_mqctl_was_killed(tmp_path):
    store = tmp_path / "store"
    process = launch(store, "--segment-size", "64KiB", *LISTEN, "--port-file", tmp_path / "port", "-q", "--",
                     *script(f"directory = {str(tmp_path)!r}\n{FAMILY}stay('command')"))
    family = pids_of(tmp_path, 5)
    port = int((tmp_path / "port").read_text())
    process.kill()
    finish(process)
    again = launch(store, "--listen", f"127.0.0.1:{port}", "-q", "--", "echo", "again")
    assert finish(again) == (0, b"again\n", b"")
    wait_for(lambda: not any(map(alive, family)))


def test_a_command_that_does_not_go_is_killed(stubborn):
    process, pid = stubborn
    assert process.wait(60) == 128 + signal.SIGKILL
    assert not alive(pid)
