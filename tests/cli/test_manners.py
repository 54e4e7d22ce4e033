"""mqctl as scripts and terminals meet it: streams, pipes, wrong use, signals, the environment."""

import json
import os
import pty
import re
import resource
import select
import signal
import subprocess
import time

import pytest

from support import FIRST, MQCTL, dump, ok, run, unpack

COMMANDS = ["append", "dump", "verify", "preallocate", "serve", "completion", "help", "version"]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    return unpack("apache-5.5.0-mixed", tmp_path_factory.mktemp("store"))


@pytest.fixture
def tiny(tmp_path):
    return unpack("tiny-5.5.0", tmp_path)


def shell(line, **kwargs):
    return subprocess.run(["bash", "-c", "set -o pipefail; " + line], capture_output=True, timeout=600, **kwargs)


def on_terminal(*args, feed=b"", env=None):
    """(status, what a terminal was shown) of a program whose three streams are one terminal."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update({"TERM": "xterm", "LC_ALL": "C.UTF-8", **(env or {})})
        os.environ.pop("NO_COLOR", None) if not env or "NO_COLOR" not in env else None
        os.execv(MQCTL, [MQCTL, *map(str, args)])
    if feed:
        os.write(fd, feed)
    shown = b""
    while True:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        shown += data
    _, status = os.waitpid(pid, 0)
    os.close(fd)
    return os.waitstatus_to_exitcode(status), shown


# --- help, version, wrong use ---

def test_every_command_has_help_with_three_examples_first():
    for command in COMMANDS:
        for way in ([command, "--help"], [command, "-h"], ["help", command]):
            text = ok(*way).stdout.decode()
            assert text.startswith(f"mqctl {command} - ")
            assert text.index("Usage: mqctl " + command) > 0
        if command not in ("help", "version"):
            assert text.index("Examples:") < text.index("Usage:")
            assert len(re.findall(r"^  # ", text, re.M)) == 3


def test_overview_and_version():
    overview = ok("--help").stdout.decode()
    assert all(f"  {command}" in overview for command in COMMANDS)
    assert ok("help").stdout.decode() == overview
    bare = run()
    assert (bare.returncode, bare.stdout.decode()) == (2, overview)
    version = ok("version").stdout
    assert re.fullmatch(rb"mqctl \d+\.\d+\.\d+\n", version)
    assert ok("--version").stdout == version
    assert json.loads(ok("version", "-o", "json").stdout)["version"] == version.split()[1].decode()


@pytest.mark.parametrize("args, words", [
    (["dmup"], ["dmup", "`dump`"]),
    (["verfiy", "x"], ["`verify`"]),
    (["help", "verfy"], ["`verify`"]),
    (["dump", "--topci", "x"], ["--topci", "`--topic`"]),
    (["append", ".", "--queus", "3"], ["`--queue`"]),
    (["dump"], ["LOCATION"]),
    (["dump", "a", "b"], ["one argument too many", "`b`"]),
    (["dump", ".", "--count", "many"], ["--count"]),
    (["dump", ".", "--qoff", "5..1"], ["--qoff", "ends before it begins"]),
    (["dump", ".", "--time", "yesterday"], ["--time", "yesterday"]),
    (["dump", ".", "--max-body", "1XB"], ["--max-body", "1XB"]),
    (["dump", ".", "-o", "yaml"], ["--output"]),
    (["dump", ".", "-F", "--reverse"], ["--reverse"]),
    (["dump", ".", "--timeout", "5s"], ["--follow"]),
    (["preallocate", ".", "--reserve", "110%"], ["--reserve"]),
    (["preallocate", ".", "--count", "0"], ["--count"]),
    (["completion", "tcsh"], ["tcsh"]),
    (["completion"], ["which shell"]),
])
def test_wrong_use_is_2_and_says_what(args, words):
    done = run(*args)
    text = done.stderr.decode()
    assert done.returncode == 2 and done.stdout == b"", text
    assert all(word in text for word in words), text
    assert text.startswith("mqctl")


# --- pipes and streams ---

@pytest.mark.parametrize("form", ["text", "json", "raw"])
def test_head_ends_quietly(mixed, form):
    done = shell(f"'{MQCTL}' dump '{mixed}' -o {form} | head -c 100 > /dev/null")
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("command", ["dump", "verify"])
def test_a_full_or_closed_standard_output_is_3(mixed, command):
    for where in ("> /dev/full", ">&-"):
        done = shell(f"'{MQCTL}' {command} '{mixed}' {where}")
        assert done.returncode == 3, done.stderr
        assert b"standard output" in done.stderr


def test_closed_streams_never_hit_a_file_of_the_store(tiny):
    before = {p: p.read_bytes() for p in tiny.rglob("*") if p.is_file() and p.parent.name != "lock"}
    done = shell(f"'{MQCTL}' dump '{tiny}' --nonsense <&- >&- 2>&-")
    assert done.returncode == 2
    shell(f"'{MQCTL}' verify '{tiny}' --level index <&- >&- 2>&-")
    assert before == {p: p.read_bytes() for p in before}


def test_answers_and_words_for_people_are_apart(tiny):
    done = run("dump", tiny, "-o", "json", "-v")
    assert len([json.loads(line) for line in done.stdout.splitlines()]) == 3
    wrong = run("dump", tiny / "nothing")
    assert wrong.stdout == b"" and wrong.stderr.startswith(b"mqctl dump: ")
    assert run("dump", tiny, "-q").stdout == b""
    assert run("dump", tiny, "-q", "-t", "Nobody").returncode == 1


def test_memory_does_not_grow_with_the_log(tmp_path):
    store = tmp_path / "store"
    ok("append", store, "-t", "T", "-b", "x" * 3000, "--count", "100000", "--segment-size", "128MiB", "--sync", "none", "-q")
    for args in (["dump", store, "-o", "json"], ["verify", store, "--level", "index"], ["dump", store, "--reverse", "-o", "raw"],
                 ["dump", store, "-t", "T", "--qoff", "0..", "-o", "raw"]):
        # The whole address space, the C library's included.
        done = shell(f"ulimit -v {64 * 1024}; '{MQCTL}' {' '.join(map(str, args))} > /dev/null")
        assert done.returncode == 0, (args, done.stderr)


def test_a_file_that_may_not_grow_is_a_refusal_not_a_death(tiny, tmp_path):
    limited = f"ulimit -f 8; '{MQCTL}' "
    (tmp_path / "full").write_bytes(b"x" * 8192)
    for line in (f"append {tmp_path / 'new'} -t T -b x", f"dump {tiny} -o json >> {tmp_path / 'full'}"):
        done = shell(limited + line)
        assert done.returncode == 3 and b"File too large" in done.stderr, (line, done)
    ok("verify", tiny)


def put_in_place(path, kind):
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    {"directory": path.mkdir, "fifo": lambda: os.mkfifo(path), "link": lambda: path.symlink_to("/dev/null")}[kind]()


@pytest.mark.parametrize("name", ["lock", "checkpoint", "index.checkpoint", "config/topics.json", "config/delayOffset.json"])
@pytest.mark.parametrize("kind", ["directory", "fifo", "link"])
def test_what_stands_in_a_files_place_is_no_wrong_use(tiny, name, kind):
    put_in_place(tiny / name, kind)
    for command in (["append", "-t", "NewTopic", "-b", "x"], ["serve", "--listen", "127.0.0.1:0", "-q", "--", "true"]):
        done = run(command[0], tiny, *command[1:])
        unread = command[0] == "append" and name == "config/delayOffset.json"
        assert done.returncode == (0 if unread else 3), done.stderr


@pytest.mark.parametrize("damage", ["does not follow", "bytes long, not"])
def test_the_same_damage_is_the_same_status_from_append_and_serve(tiny, damage):
    segment = min((tiny / "commitlog").iterdir())
    size = segment.stat().st_size
    other = segment.with_name(f"{int(segment.name) + size * (2 if 'follow' in damage else 1):020}")
    other.write_bytes(segment.read_bytes()[:size if "follow" in damage else size // 2])
    for command in (["append", "-t", "T", "-b", "x"], ["serve", "--listen", "127.0.0.1:0", "-q", "--", "true"]):
        done = run(command[0], tiny, *command[1:])
        assert done.returncode == 3 and damage.encode() in done.stderr, done
    assert run("append", tiny, "-t", "T", "-b", "x", "--segment-size", str(size * 2)).returncode == 2


# --- a terminal ---

def test_control_bytes_do_not_reach_a_terminal(tmp_path):
    store = tmp_path / "store"
    ok("append", store, "-t", "T", "--segment-size", "64KiB", "-b", "a\x1b[2Jb\x07\u009bc\u202e", "--tags", "t\x1b]0;x\x07")
    for flags in ([], ["-f", "%body %tags\\n"], ["-o", "json"]):
        status, shown = on_terminal("dump", store, "--color", "never", *flags)
        assert status == 0
        assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", shown), shown
        assert "\u009b".encode() not in shown
    assert b"\x1b[2J" in ok("dump", store, "-f", "%body").stdout   # a pipe gets every byte


def test_colour_on_a_terminal_unless_it_is_not_wanted(tiny):
    assert b"\x1b[" in on_terminal("dump", tiny)[1]
    assert b"\x1b[" not in on_terminal("dump", tiny, env={"NO_COLOR": "1"})[1]
    assert b"\x1b[" not in on_terminal("dump", tiny, env={"TERM": "dumb"})[1]
    assert b"\x1b[" not in ok("dump", tiny).stdout
    assert b"\x1b[" in ok("dump", tiny, "--color", "always", env={"NO_COLOR": "1"}).stdout


def test_append_does_not_wait_at_a_terminal(tmp_path):
    status, shown = on_terminal("append", tmp_path / "s", "-t", "T")
    assert status == 2 and b"nothing to append" in shown and b"--help" in shown
    assert not (tmp_path / "s").exists()


# --- the environment ---

def test_variables_stand_for_flags_and_flags_win(tiny):
    assert ok("dump", tiny, env={"MQCTL_OUTPUT": "json"}).stdout.startswith(b'{"v":1')
    assert ok("dump", tiny, "-o", "raw", env={"MQCTL_OUTPUT": "json"}).stdout.startswith(b"Hello")
    assert len(dump(tiny, env={"MQCTL_TOPIC": "Tiny", "MQCTL_COUNT": "2"})) == 2
    wrong = run("dump", tiny, env={"MQCTL_COUNT": "two"})
    assert wrong.returncode == 2 and b"count" in wrong.stderr.lower()


def test_destruction_is_never_taken_from_the_environment(tmp_path):
    store = unpack("apache-5.5.0-mixed", tmp_path)
    last = sorted((store / "commitlog").iterdir())[-1]
    with open(last, "r+b") as file:   # the second record of the segment where recovery begins
        file.seek(dump(last)[1]["pos"] - int(last.name))
        file.write(b"\xff" * 8)
    (store / "abort").touch()
    done = run("append", store, "-t", "T", "-b", "x", env={"MQCTL_FORCE": "1"})
    assert done.returncode == 4 and b"would be cut off" in done.stderr, done.stderr


# --- signals ---

@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_append_keeps_what_it_has_and_closes_the_store(tmp_path, number, status):
    store = tmp_path / "store"
    process = subprocess.Popen([MQCTL, "append", store, "-t", "T", "--segment-size", "64KiB", "--receipt"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdin.write(b"a\nb\n")
    process.stdin.flush()
    assert process.stdout.readline() and process.stdout.readline()
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == status
    assert not (store / "abort").exists()
    assert [r["body"] for r in dump(store)] == ["a", "b"]


def test_timeout_of_the_shell_stops_append_cleanly(tmp_path):
    """It sends its signal twice, to the process and to its group."""
    store = tmp_path / "store"
    command = ["timeout", "--preserve-status", "600", MQCTL, "append", store, "-t", "T", "--segment-size", "64KiB",
               "--receipt"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdin.write(b"a\n")
    process.stdin.flush()
    assert process.stdout.readline()
    process.send_signal(signal.SIGALRM)   # by which it learns that its time is over
    process.communicate(timeout=60)
    assert process.returncode == 143
    assert (store / "lock").exists() and not (store / "abort").exists()


def test_a_dump_that_nobody_reads_can_be_stopped(tmp_path):
    store = tmp_path / "store"
    ok("append", store, "-t", "T", "-b", "x" * 1000, "--count", "5000", "--segment-size", "16MiB", "-q")
    process = subprocess.Popen([MQCTL, "dump", store, "-o", "raw"], stdout=subprocess.PIPE)
    process.stdout.read(10)
    process.send_signal(signal.SIGINT)
    time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    process.stdout.close()
    assert process.wait(60) in (130, -signal.SIGINT)
