"""What is shipped: one file that starts at once and needs nothing beside it; installed with man pages and completions."""

import os
import pathlib
import re
import subprocess

import pytest

MQCTL = pathlib.Path(os.environ.get("MQCTL", "mqctl"))
SOURCE = pathlib.Path(os.environ.get("MQCTL_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get("MQCTL_BUILD", MQCTL.parent))


def release():
    return "CMAKE_BUILD_TYPE:STRING=Release" in (BUILD / "CMakeCache.txt").read_text()


def test_the_binary_needs_the_c_library_alone():
    assert release(), "this is about the release preset"
    needed = subprocess.run(["ldd", MQCTL], capture_output=True, text=True, check=True).stdout
    libraries = {line.split()[0].split("/")[-1] for line in needed.splitlines()}
    assert all(re.match(r"linux-vdso|libc\.so|libm\.so|ld-linux", name) for name in libraries), libraries


def test_the_binary_runs_alone(tmp_path):
    copy = tmp_path / "m"
    copy.write_bytes(MQCTL.read_bytes())
    copy.chmod(0o755)
    done = subprocess.run([copy, "version"], capture_output=True, env={}, cwd=tmp_path)
    assert done.returncode == 0 and done.stdout.startswith(b"mqctl ")


def test_it_starts_as_fast_as_a_small_program():
    """A ratio, in one run: less than ten times /bin/true, whose time is that of exec itself."""
    import statistics
    import time

    def median(command):
        times = []
        for _ in range(21):
            start = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            times.append(time.perf_counter() - start)
        return statistics.median(times)

    assert median([MQCTL, "version"]) < 10 * median(["/bin/true"])


def test_installation_puts_everything_in_place(tmp_path):
    subprocess.run(["cmake", "--install", BUILD, "--prefix", tmp_path, "--strip"], check=True, capture_output=True)
    files = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert {"bin/mqctl", "share/man/man1/mqctl.1", "share/bash-completion/completions/mqctl",
            "share/zsh/vendor-completions/_mqctl", "share/fish/vendor_completions.d/mqctl.fish"} <= files
    commands = ["append", "dump", "verify", "preallocate", "serve", "completion", "help", "version"]
    assert {f"share/man/man1/mqctl-{name}.1" for name in commands} <= files
    assert subprocess.run([tmp_path / "bin/mqctl", "version"], capture_output=True).returncode == 0


def test_the_package_holds_the_same(tmp_path):
    subprocess.run(["cpack", "--config", BUILD / "CPackConfig.cmake", "-B", tmp_path], check=True, capture_output=True)
    (package,) = tmp_path.glob("*.deb")
    listing = subprocess.run(["dpkg-deb", "-c", package], capture_output=True, text=True, check=True).stdout
    for path in ("./usr/bin/mqctl", "./usr/share/man/man1/mqctl-dump.1", "./usr/share/bash-completion/completions/mqctl"):
        assert path in listing
    fields = subprocess.run(["dpkg-deb", "-f", package], capture_output=True, text=True, check=True).stdout
    assert "Package: mqctl" in fields and "Depends: libc6" in fields
