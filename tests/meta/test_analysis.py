"""What the analysers are told to look away from: nothing."""

import os
import pathlib
import re

SOURCE = pathlib.Path(os.environ.get("MQCTL_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
OFF = re.compile(r"no_?thread_?safety_?analysis|no_sanitize|-fno-sanitize=|__tsan_ignore|ANNOTATE_IGNORE|[a-z]san_ignorelist|suppressions=", re.I)


def folder(path):
    return str(path.parent.relative_to(SOURCE))


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


def test_all_locks_of_the_program_are_analysed():
    """Clang builds libstore and, for the fuzzers, cli but for what clang 14 cannot read: asio's coroutines."""
    unreadable = {f"cli/remoting/{name}" for name in ("connection.h", "connection.cc", "connection_output.cc", "remoting_server.cc")}
    fuzz = (SOURCE / "tests" / "fuzz" / "CMakeLists.txt").read_text()
    folders = set(re.findall(r"/(cli/\w+)/\*\.cc", fuzz))
    left_out, = re.findall(r"EXCLUDE REGEX \"/\(([\w|]+)\)", fuzz)
    assert "cli/broker" in folders and "target_link_libraries(fuzzed_cli PUBLIC mqctl_store)" in fuzz
    lock = re.compile(r"\b(Mutex|MutexLock|GUARDED_BY)\b")
    with_locks = {path for path in (SOURCE / "cli").rglob("*.*") if path.suffix in (".h", ".cc") and lock.search(path.read_text())}
    read = {path for path in with_locks if folder(path) in folders and path.stem not in left_out.split("|")}
    assert {str(path.relative_to(SOURCE)) for path in with_locks - read} == unreadable


def test_plain_mutexes_which_no_analysis_sees_are_wrapped():
    plain = re.compile(r"std::(mutex|lock_guard|unique_lock|scoped_lock|shared_mutex|condition_variable)\b")
    wrong = [str(path.relative_to(SOURCE)) for top in ("libstore", "cli") for path in (SOURCE / top).rglob("*.*")
             if path.suffix in (".h", ".cc") and path.name != "mutex.h" and plain.search(path.read_text())]
    assert not wrong, wrong
