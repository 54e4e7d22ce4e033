"""The reference names every flag, and no page points at a file that is not there."""

import os
import pathlib
import re
import subprocess

import pytest

MQCTL = os.environ.get("MQCTL", "mqctl")
SOURCE = pathlib.Path(os.environ.get("MQCTL_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
COMMANDS = ["append", "dump", "verify", "preallocate", "serve", "completion", "help", "version"]


def flags_of(command):
    text = subprocess.run([MQCTL, "help", command], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"^  (?:-\w, |    )(--[a-z-]+)", text, re.M)) - {"--help"}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_reference_names_every_flag(command):
    page = (SOURCE / "docs" / "cli-reference.md").read_text()
    section = re.split(rf"^## mqctl {command}$", page, flags=re.M)[1]
    section = re.split(r"^## ", section, flags=re.M)[0]
    named = set(re.findall(r"--[a-z][a-z-]*", section))
    common = {"--color", "--quiet", "--verbose"}
    assert flags_of(command) - common <= named, flags_of(command) - common - named
    assert named - {"--no-decompress", "--help"} <= flags_of(command) | common | every_flag(), "the page names flags that are not there"


def every_flag():
    return set().union(*(flags_of(command) for command in COMMANDS))


def test_links_lead_somewhere():
    for page in [SOURCE / "README.md", *(SOURCE / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), (page.name, target)


def test_records_follow_the_schema(tmp_path):
    import json

    import jsonschema
    schema = jsonschema.Draft7Validator(json.loads((SOURCE / "docs" / "record-v1.schema.json").read_text()))
    lines = 0
    for archive in sorted((SOURCE / "tests" / "golden").glob("*.tar.zst")):
        subprocess.run(f"zstd -dcq '{archive}' | tar -xf - -C '{tmp_path}'", shell=True, check=True)
        store = tmp_path / archive.name.removesuffix(".tar.zst")
        segment = sorted((store / "commitlog").iterdir())[0]
        with open(segment, "r+b") as file:   # so that there is a finding too
            file.seek(4)
            file.write(b"AAAA")
        for flags in ([], ["--no-decompress", "--max-body", "7"], ["--body", "hex", "--local"]):
            for line in subprocess.run([MQCTL, "dump", store, "-o", "json", *flags], capture_output=True, check=True).stdout.splitlines():
                schema.validate(json.loads(line))
                lines += 1
    assert lines > 3000
