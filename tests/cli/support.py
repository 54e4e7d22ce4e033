"""What the tests of the command line share: running the real program, and copies of the golden stores."""

import base64
import json
import os
import pathlib
import subprocess

MQCTL = os.environ.get("MQCTL", "mqctl")
SOURCE = pathlib.Path(os.environ.get("MQCTL_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
GOLDEN = SOURCE / "tests" / "golden"
GOLDEN_SETS = sorted(p.name.removesuffix(".tar.zst") for p in GOLDEN.glob("*.tar.zst"))
FIRST = "00000000000000000000"


def run(*args, stdin=b"", timeout=600, env=None, **kwargs):
    environment = dict(os.environ, LC_ALL="C.UTF-8") | (env or {})
    return subprocess.run([MQCTL, *map(str, args)], input=stdin, capture_output=True, timeout=timeout, env=environment, **kwargs)


def ok(*args, **kwargs):
    done = run(*args, **kwargs)
    assert done.returncode == 0, (args, done.returncode, done.stderr.decode(errors="replace"))
    return done


def dump(*args, status=0, **kwargs):
    """The JSON lines of a dump."""
    done = run("dump", *args, "-o", "json", **kwargs)
    assert done.returncode == status, (args, done.returncode, done.stderr.decode(errors="replace"))
    return [json.loads(line) for line in done.stdout.splitlines()]


def unpack(name, directory):
    """A fresh copy of a golden set; its root. Its files are of today: no broker deletes them for their age."""
    archive = subprocess.Popen(["zstd", "-dcq", GOLDEN / f"{name}.tar.zst"], stdout=subprocess.PIPE)
    subprocess.run(["tar", "-xmf", "-", "-C", directory], stdin=archive.stdout, check=True)
    assert archive.wait() == 0
    return pathlib.Path(directory) / name


def expected(name):
    """(records, end) as Apache's own decoder lists them; blanks left out."""
    lines = [json.loads(line) for line in open(GOLDEN / f"{name}.expected.jsonl", encoding="utf-8")]
    return [line for line in lines if "topic" in line], lines[-1]["end"]


def body_of(record):
    return base64.b64decode(record["body_b64"]) if "body_b64" in record else record["body"].encode("utf-8", "surrogatepass")


def flip(path, position, bit=1):
    with open(path, "r+b") as file:
        file.seek(position)
        byte = file.read(1)[0]
        file.seek(position)
        file.write(bytes([byte ^ bit]))
