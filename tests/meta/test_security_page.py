"""docs/security.md promises nothing that has no test: each test that it names is there."""

import os
import pathlib
import re

SOURCE = pathlib.Path(os.environ.get("MQCTL_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
PAGE = (SOURCE / "docs" / "security.md").read_text()


def promises():
    """(promise, what proves it) of each row of a table of promises."""
    for table in re.findall(r"^\| promise \| test \|\n\|---\|---\|\n((?:\|.*\n)+)", PAGE, re.M):
        yield from re.findall(r"^\| (.+) \| (.*) \|$", table, re.M)


def test_each_promise_has_a_test_that_is_there():
    rows = list(promises())
    assert len(rows) >= 20
    for promise, proof in rows:
        found = re.fullmatch(r"`(tests/[\w/.]+)(?:::(test_\w+))?`", proof)
        assert found, (promise, proof)
        source = (SOURCE / found[1]).read_text()
        assert re.search(rf"^def {found[2]}\(" if found[2] else r"^TEST_CASE\(", source, re.M), (promise, proof)


def test_each_test_of_security_is_a_promise():
    tests = re.findall(r"^def (test_\w+)", (SOURCE / "tests" / "cli" / "test_serve_security.py").read_text(), re.M)
    named = {proof.split("::")[-1].rstrip("`") for _, proof in promises()}
    assert set(tests) <= named, set(tests) - named
