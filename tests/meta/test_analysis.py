"""What the analysers are told to look away from: nothing."""

import os
import pathlib
import re

SOURCE = pathlib.Path(os.environ.get("MQCTL_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
OFF = re.compile(r"no_?thread_?safety_?analysis|no_sanitize|-fno-sanitize=|__tsan_ignore|ANNOTATE_IGNORE|[a-z]san_ignorelist|suppressions=", re.I)


def sources():
    for top in ("libstore", "cli", "tests"):
        yield from (path for path in (SOURCE / top).rglob("*") if path.suffix in (".h", ".cc", ".txt", ".cmake"))
    yield from (SOURCE / name for name in ("CMakeLists.txt", "CMakePresets.json", "bootstrap.sh"))


def test_no_analysis_is_switched_off():
    """Neither clang's of locks nor a sanitizer, for any function of ours."""
    paths = list(sources())
    assert len(paths) > 300
    wrong = [f"{path.relative_to(SOURCE)}: {found[0]}" for path in paths for found in OFF.finditer(path.read_text())]
    assert not wrong, wrong


def test_the_analysis_of_locks_is_on_and_its_warnings_are_errors():
    build = (SOURCE / "CMakeLists.txt").read_text()
    assert "-Wthread-safety" in build and "-Wno-thread-safety" not in build
    assert '"MQCTL_WERROR": "ON"' in (SOURCE / "CMakePresets.json").read_text()
