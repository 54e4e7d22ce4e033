"""What mqctl keeps of damaged stores, case by case, beside what genuine brokers keep. What those keep was recorded from them
(damage.json); `./bootstrap.sh damage` asks them again and writes that file and the table of docs/damage.md."""

import concurrent.futures
import json
import os
import pathlib
import sys
import tempfile

import pytest

from damage_judges import Bases, genuine_views, our_views, verified
from damage_list import CASES
from damage_reasons import DIFFERENCES, SILENT, reason_for, unused
from damage_table import label, page_with
from damage_views import compact, verdict
from harness import HERE, SOURCE, VERSIONS

RECORDED = HERE / "damage.json"
PAGE = SOURCE / "docs" / "damage.md"
JUDGE = VERSIONS[-1]
# Asked again in each test run: that what was recorded is still what a genuine broker does.
SAMPLE = [("clean", "nothing"), ("clean", "body flipped, middle of the last segment"), ("crashed", "last record torn in its body"),
          ("crashed", "nothing"), ("clean", "a stray file among the segments")]


def ours_of_all(bases):
    """{case: (status and classes of verify, by default, with --force or None)}"""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        raw = dict(zip(CASES, pool.map(lambda key: our_views(key, bases), CASES)))
    sound = {base: raw[base, "nothing"][1] for base, _ in CASES}
    return {label(key): (findings, compact(view, sound[key[0]]), forced and compact(forced, sound[key[0]]))
            for key, (findings, view, forced) in raw.items()}


def genuine_of(version, keys, bases, directory):
    """{case: view}; the undamaged stores must be among the keys."""
    raw = genuine_views(version, keys, bases, directory)
    return {label(key): compact(view, raw[key[0], "nothing"]) for key, view in raw.items()}


@pytest.fixture(scope="module")
def bases(tmp_path_factory):
    return Bases(tmp_path_factory.mktemp("damage"))


@pytest.fixture(scope="module")
def ours(bases):
    return ours_of_all(bases)


@pytest.fixture(scope="module")
def recorded():
    return json.loads(RECORDED.read_text())


def test_recorded_are_all_cases_of_all_releases(recorded):
    assert {version: sorted(cases) for version, cases in recorded.items()} == {
        version: sorted(map(label, CASES)) for version in VERSIONS}


def test_we_keep_what_the_genuine_broker_keeps_or_have_a_reason(ours, recorded):
    verdicts = {case: verdict(mine, recorded[JUDGE][case]) for case, (_, mine, _) in ours.items()}
    assert "less" not in verdicts.values(), [case for case, found in verdicts.items() if found == "less"]
    different = [case for case, found in verdicts.items() if found != "same"]
    for case in different:
        reason_for(DIFFERENCES, case)
    assert not unused(DIFFERENCES, different)


def test_force_cuts_no_more_than_the_genuine_brokers_do(ours, recorded):
    """Of those that lose anything: where 5.5.0 is lucky, an older release is not."""
    for case, (_, _, forced) in ours.items():
        if forced is not None and forced["starts"]:
            assert any(verdict(forced, recorded[version][case]) in ("same", "more", "other") for version in VERSIONS), case


def test_verify_names_every_damage(ours):
    told = {case: findings for case, (findings, _, _) in ours.items()}
    assert told.pop("clean: no commitlog folder") == (3, [])   # not a store
    assert all(status == (1 if classes else 0) for status, classes in told.values())
    silent = [case for case, (_, classes) in told.items() if not classes]
    for case in silent:
        reason_for(SILENT, case)
    assert not unused(SILENT, silent)


def test_a_tail_is_named_where_it_is_asked_for(bases, ours, tmp_path):
    for number, key in enumerate(CASES):
        if ours[label(key)][0] == (0, []) and reason_for(SILENT, label(key)) == "a tail":
            (tmp_path / str(number)).mkdir()
            status, classes = verified(bases.damaged(key, tmp_path / str(number)), "--tail", "strict")
            assert (status, bool(classes)) == (1, True), key


def test_the_page_has_the_table_of_today(ours, recorded):
    assert PAGE.read_text() == page_with(PAGE.read_text(), ours, recorded), "./bootstrap.sh damage writes docs/damage.md"


def test_the_genuine_broker_still_does_what_was_recorded(bases, recorded, tmp_path):
    assert genuine_of(JUDGE, SAMPLE, bases, tmp_path) == {label(key): recorded[JUDGE][label(key)] for key in SAMPLE}


def a_line_each(recorded):
    versions = [f'"{version}": {{\n' + ",\n".join(f"{json.dumps(case)}: {json.dumps(view, sort_keys=True)}" for case, view in sorted(cases.items()))
                + "\n}" for version, cases in sorted(recorded.items())]
    return "{" + ",\n".join(versions) + "}\n"


def main(versions):
    """Asks the genuine brokers again, and writes what they and mqctl keep."""
    recorded = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    with tempfile.TemporaryDirectory(prefix="damage-") as directory:
        bases = Bases(pathlib.Path(directory))
        for version in versions:
            print(f"{version}: {len(CASES)} cases", flush=True)
            recorded[version] = genuine_of(version, list(CASES), bases, pathlib.Path(directory))
        RECORDED.write_text(a_line_each(recorded))
        ours = ours_of_all(bases)
    PAGE.write_text(page_with(PAGE.read_text(), ours, recorded))
    print(PAGE.read_text().split("<!-- counts -->")[1].strip())


if __name__ == "__main__":
    main(sys.argv[1:] or VERSIONS)
