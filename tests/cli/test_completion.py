"""Completions: the files are what the program prints, name every real flag, and work in their shells."""

import pathlib
import re
import subprocess

import pytest

from support import MQCTL, SOURCE, ok, run, unpack

FILES = {"bash": "mqctl.bash", "zsh": "_mqctl", "fish": "mqctl.fish"}
COMMANDS = ["append", "dump", "verify", "preallocate", "serve", "completion", "help", "version"]


def flags_of(command):
    """The long flags that help shows: what the parser knows."""
    text = ok("help", command).stdout.decode()
    return set(re.findall(r"^  (?:-\w, |    )(--[a-z-]+)", text, re.M))


@pytest.mark.parametrize("shell", FILES)
def test_the_files_are_what_the_program_prints(shell):
    assert (SOURCE / "completions" / FILES[shell]).read_bytes() == ok("completion", shell).stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_real_flag_is_completed(command):
    flags = flags_of(command)
    assert "--help" in flags
    assert set(bash_completes(f"mqctl {command} --")) == flags
    fish = ok("completion", "fish").stdout.decode()
    assert {"--" + name for name in re.findall(rf"__mqctl_command {command}'.* -l ([a-z-]+)", fish)} == flags
    zsh = ok("completion", "zsh").stdout.decode()
    own = zsh.split(f"\n    {command})\n", 1)[1].split(";;", 1)[0]
    assert {"--" + name for name in re.findall(r"'\*--([a-z-]+)\[", own)} == flags


def bash_completes(line, cwd=None):
    """What bash offers at the end of the line."""
    words = line.split(" ")
    script = f"""
        source {SOURCE}/completions/mqctl.bash
        COMP_WORDS=({' '.join("'" + w + "'" for w in words)})
        COMP_CWORD={len(words) - 1}
        _mqctl
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=cwd, timeout=120,
                          env={"PATH": f"{pathlib.Path(MQCTL).parent}:/usr/bin:/bin"})
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return [word for word in done.stdout.splitlines() if word]


def test_bash_offers_commands_values_files_and_topics(tmp_path):
    store = unpack("apache-5.5.0-mixed", tmp_path)
    assert set(bash_completes("mqctl ")) == {*COMMANDS, "--help", "--version"}
    assert bash_completes("mqctl ver") == ["verify", "version"]
    assert bash_completes("mqctl dump -o ") == ["text", "json", "raw"]
    assert bash_completes("mqctl verify --level i") == ["index"]
    assert bash_completes("mqctl completion ") == ["bash", "zsh", "fish"]
    assert set(bash_completes("mqctl help ")) == set(COMMANDS)
    assert bash_completes("mqctl dump apache", cwd=tmp_path) == [store.name]
    assert bash_completes(f"mqctl dump {store} -t Ord") == ["Ordered", "Orders"]
    assert bash_completes(f"mqctl append {store} --topic Prop") == ["Props"]


def test_topics_come_from_queues_and_configuration(tmp_path):
    store = unpack("apache-4.9.4-clean", tmp_path)
    topics = ok("completion", "--topics", store).stdout.decode().splitlines()
    assert topics == sorted(topics)
    assert {p.name for p in (store / "consumequeue").iterdir()} <= set(topics)
    assert "TBW102" in topics   # only in topics.json
    assert run("completion", "--topics", tmp_path / "nothing").stdout == b""


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_script_is_sound_for_its_shell(shell):
    done = subprocess.run([shell, "-n", SOURCE / "completions" / FILES[shell]], capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def test_fish_offers_the_same(tmp_path):
    store = unpack("tiny-5.5.0", tmp_path)
    script = f"source {SOURCE}/completions/mqctl.fish; complete -C 'mqctl dump {store} -t '; complete -C 'mqctl verify . --level '"
    done = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, timeout=120,
                          env={"PATH": f"{pathlib.Path(MQCTL).parent}:/usr/bin:/bin", "HOME": str(tmp_path)})
    words = {line.split("\t")[0] for line in done.stdout.splitlines()}
    assert {"Tiny", "frame", "crc", "index"} <= words, done
