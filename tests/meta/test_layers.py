"""A folder is a layer: what it includes lies below it. Counted over every include line of ours."""

import os
import pathlib
import re

SOURCE = pathlib.Path(os.environ.get("MQCTL_SOURCE", pathlib.Path(__file__).resolve().parents[2]))

# Lowest first; a folder may include itself and everything before it.
LAYERS = ["libstore/base", "libstore/os", "libstore/message", "libstore/log", "libstore/index", "libstore/store", "cli/output",
          "cli/remoting", "cli/broker", "cli/commands"]

# What only one folder may know.
ONLY_IN = {
    r"<sys/mman\.h>": ["libstore/os"],
    r"<CLI/": ["cli/commands"],
    r"<(iostream|cstdio)>": ["cli", "libstore/log", "libstore/message"],   # libstore: snprintf only, see below
    r"<(sys/socket\.h|netinet/.*|asio.*)>": ["cli/remoting", "cli/broker", "cli/commands"],
}


def sources():
    for top in ("libstore", "cli"):
        yield from sorted(p for p in (SOURCE / top).rglob("*") if p.suffix in (".h", ".cc"))


def folder(path):
    return "/".join(path.relative_to(SOURCE).parts[:2])


def includes(path):
    return re.findall(r'^#include ([<"][^">]+[">])', path.read_text(), re.M)


def test_every_folder_is_a_layer():
    folders = {folder(path) for path in sources() if len(path.relative_to(SOURCE).parts) > 2}
    assert folders <= set(LAYERS), folders - set(LAYERS)
    assert "libstore/base" in folders


def test_includes_point_down():
    wrong, counted = [], 0
    for path in sources():
        own = folder(path)
        if own not in LAYERS:   # cli/main.cc
            continue
        for include in includes(path):
            if include[0] != '"':
                continue
            other = "/".join(include[1:-1].split("/")[:2])
            counted += 1
            if other not in LAYERS or LAYERS.index(other) > LAYERS.index(own):
                wrong.append(f"{path.relative_to(SOURCE)}: {include}")
    assert counted > 300
    assert not wrong, "\n".join(wrong)


def test_what_one_folder_knows_the_others_do_not():
    wrong = []
    for path in sources():
        for include in includes(path):
            for pattern, places in ONLY_IN.items():
                if re.fullmatch(pattern + ".*", include) and not any(str(path.relative_to(SOURCE)).startswith(p) for p in places):
                    wrong.append(f"{path.relative_to(SOURCE)}: {include}")
    assert not wrong, "\n".join(wrong)


def test_libstore_never_prints_and_never_exits():
    pattern = re.compile(r"\b(std::cout|std::cerr|std::clog|printf\(|fprintf|puts\(|fputs|exit\(|abort\(|terminate\()")
    wrong = [f"{path.relative_to(SOURCE)}:{number}: {line.strip()}" for path in sources() if path.is_relative_to(SOURCE / "libstore")
             for number, line in enumerate(path.read_text().splitlines(), 1)
             if pattern.search(line.split("//")[0]) and "snprintf(" not in line]
    assert not wrong, "\n".join(wrong)


def test_headers_say_what_they_are_for():
    silent = [str(path.relative_to(SOURCE)) for path in sources() if path.suffix == ".h" and not path.read_text().startswith("// ")]
    assert not silent, silent
    assert all("#pragma once" in path.read_text() for path in sources() if path.suffix == ".h")
