"""What is shipped: one file that starts at once and needs nothing beside it; installed with man pages and completions."""

import json
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

    def took(command):
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - start

    # By turns: what else the machine does meanwhile falls on both.
    ours, small = zip(*((took([MQCTL, "version"]), took(["/bin/true"])) for _ in range(21)))
    assert statistics.median(ours) < 10 * statistics.median(small)


def test_installation_puts_everything_in_place(tmp_path):
    subprocess.run(["cmake", "--install", BUILD, "--prefix", tmp_path, "--strip"], check=True, capture_output=True)
    files = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert {"bin/mqctl", "share/man/man1/mqctl.1", "share/bash-completion/completions/mqctl",
            "share/zsh/vendor-completions/_mqctl", "share/fish/vendor_completions.d/mqctl.fish", "share/doc/mqctl/mqctl.spdx.json"} <= files
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


def elf(flag):
    return subprocess.run(["readelf", "-W", flag, MQCTL], capture_output=True, text=True, check=True).stdout


def test_the_binary_is_hardened():
    """PIE, full RELRO, no executable stack, stack protector, checked C functions, nothing searched for beside it."""
    assert release(), "this is about the release preset"
    assert re.search(r"Type:\s+DYN", elf("-h"))
    segments, dynamic, symbols = elf("-l"), elf("-d"), elf("--dyn-syms")
    assert "GNU_RELRO" in segments and re.search(r"FLAGS.*BIND_NOW|BIND_NOW", dynamic)
    assert re.search(r"GNU_STACK\s+\S+ \S+ \S+ \S+ \S+ RW ", segments), "the stack is executable"
    assert "__stack_chk_fail" in symbols
    assert re.search(r"__\w+_chk\b", symbols.replace("__stack_chk_fail", "")), "no checked function of the C library"
    assert not re.search(r"RPATH|RUNPATH", dynamic)


def libraries_of_the_notes():
    """The table "Libraries" of the design notes: what is linked, by name."""
    page = (SOURCE / "docs" / "design-notes.md").read_text()
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| (headers|static)", page.split("## Libraries")[1].split("##")[0], re.M)
    return {name.strip() for names, _ in rows for name in names.split(",")} - {"Catch2 2"}


def test_the_bill_of_materials_names_what_is_linked():
    bill = json.loads((BUILD / "mqctl.spdx.json").read_text())
    assert bill["spdxVersion"] == "SPDX-2.3" and bill["dataLicense"] == "CC0-1.0"
    packages = {each["name"]: each for each in bill["packages"]}
    assert libraries_of_the_notes() | {"mqctl", "glibc", "libstdc++"} == packages.keys()
    ids = {each["SPDXID"] for each in bill["packages"]} | {"SPDXRef-DOCUMENT"}
    assert all({each["spdxElementId"], each["relatedSpdxElement"]} <= ids for each in bill["relationships"])
    assert len(bill["relationships"]) == len(packages)
    for package in packages.values():
        for ref in package.get("externalRefs", []):
            name, version = ref["referenceLocator"].removeprefix("pkg:deb/debian/").split("@")
            there = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], capture_output=True, text=True).stdout
            assert version == package["versionInfo"] == there
