"""Every example that help, man pages, README and docs show is run as it stands."""

import os
import pathlib
import re
import subprocess

import pytest

MQCTL = pathlib.Path(os.environ.get("MQCTL", "mqctl"))
SOURCE = pathlib.Path(os.environ.get("MQCTL_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
COMMANDS = ["append", "dump", "verify", "preallocate", "serve", "completion", "help", "version"]
PAGES = sorted([SOURCE / "README.md", *(SOURCE / "docs").rglob("*.md")])


def shell(line, directory):
    # Small segments, so that examples with default sizes do not fill the disk of who runs the tests.
    environment = dict(os.environ, PATH=f"{MQCTL.parent}:{os.environ['PATH']}", MQCTL_SEGMENT_SIZE="16MiB", LC_ALL="C.UTF-8", TZ="UTC")
    return subprocess.run(["bash", "-o", "pipefail", "-c", line], cwd=directory, env=environment, capture_output=True, text=True,
                          timeout=120, stdin=subprocess.DEVNULL)


def help_examples(command):
    done = subprocess.run([MQCTL, "help", command], capture_output=True, text=True, check=True)
    return re.findall(r"^  # .*\n  (\S.*)$", done.stdout.split("Usage:")[0], re.M)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_examples_run_one_after_the_other(command, tmp_path):
    if command in ("dump", "verify"):
        for body in ("hello", "big world"):
            assert shell(f"mqctl append ./store -t orders --tags TagA -b '{body}' -q", tmp_path).returncode == 0
    examples = help_examples(command)
    assert examples
    for line in examples:
        done = shell(line, tmp_path)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        assert done.stdout or ">" in line or command in ("append", "completion"), line


@pytest.mark.parametrize("command", COMMANDS)
def test_man_pages_show_the_same_examples(command, tmp_path):
    subprocess.run([MQCTL, "help", "--man", tmp_path], check=True)
    page = tmp_path / f"mqctl-{command}.1"
    shown = subprocess.run(["man", "-l", page], capture_output=True, text=True, check=True,
                           env=dict(os.environ, MANWIDTH="300", LC_ALL="C.UTF-8", MAN_KEEP_FORMATTING="")).stdout
    flat = re.sub(r"\s+", " ", re.sub(".\b", "", shown).replace("‐", "-").replace("’", "'"))
    for line in help_examples(command):
        assert re.sub(r"\s+", " ", line) in flat, line
    warnings = subprocess.run(["man", "--warnings", "-l", page], capture_output=True, text=True, env=dict(os.environ, LC_ALL="C.UTF-8")).stderr
    assert warnings == ""


def console_blocks(page):
    return re.findall(r"^```console\n(.*?)^```", page.read_text(), re.M | re.S)


def steps(block):
    """(command, expected output) of a block of `$ command` lines."""
    found = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append([line[2:], ""])
        elif found and found[-1][0].endswith("\\") and line.startswith("> "):
            found[-1][0] = found[-1][0][:-1] + line[2:]
        else:
            found[-1][1] += line + "\n"
    return found


def as_pattern(expected):
    """`…` stands for what differs from run to run."""
    return ".*".join(re.escape(part) for part in expected.split("…"))


@pytest.mark.parametrize("page", [page for page in PAGES if console_blocks(page)], ids=lambda page: page.name)
def test_pages_show_what_happens(page, tmp_path):
    """The blocks of a page follow each other in one directory."""
    for block in console_blocks(page):
        for command, expected in steps(block):
            done = shell(command, tmp_path)
            shown = done.stdout + done.stderr
            assert re.fullmatch(as_pattern(expected), shown, re.S), f"{page.name}: $ {command}\n{shown}\ninstead of\n{expected}"


def test_there_are_pages_with_examples():
    assert sum(len(steps(block)) for page in PAGES for block in console_blocks(page)) >= 8
