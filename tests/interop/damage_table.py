"""The table of docs/damage.md: what is left to whom, in words."""

import collections
import re

from damage_reasons import DIFFERENCES, SILENT, reason_for
from damage_views import lost, verdict
from harness import VERSIONS

NEWEST, OLDER = VERSIONS[-1], VERSIONS[:-1][::-1]


def label(key):
    return "{}: {}".format(*key)


def in_words(view, sound_end):
    """What is left, as a cell of the table."""
    if not view["starts"]:
        return "does not start" if "hangs" not in view["why"] else "hangs at start"
    damaged = sum(map(len, view["other"].values()))
    gone = len(lost(view)) - damaged
    parts = [f"{gone} lost"] if gone > 0 else []
    parts += [f"{damaged} served damaged"] if damaged else []
    parts += [f"log {view['log'][1] - sound_end:+,} B"] if view["log"][1] > sound_end else []
    parts += [f"{len(view['topics'])} topics unknown"] if view["topics"] else []
    parts += ["offsets gone: " + ", ".join(view["offsets"])] if view["offsets"] else []
    return ", ".join(parts) or "all"


def our_words(ours, forced, sound_end):
    if ours["starts"] or forced is None or not forced["starts"]:
        return in_words(ours, sound_end) if ours["starts"] else "refuses"
    return f"refuses; `--force`: {in_words(forced, sound_end)}"


def rows(ours, recorded):
    """(base, case, 5.5.0, mqctl, verdict, reason, verify, older releases where they are not like 5.5.0)"""
    for case, (findings, mine, forced) in ours.items():
        base, name = case.split(": ", 1)
        end = ours[f"{base}: nothing"][1]["log"][1]
        theirs = recorded[NEWEST][case]
        found = verdict(mine, theirs)
        if found == "same" and not mine["starts"]:
            forced = None
        reason = "" if found == "same" else reason_for(DIFFERENCES, case)
        older = "; ".join(f"{version}: {in_words(recorded[version][case], end)}" for version in OLDER
                          if in_words(recorded[version][case], end) != in_words(theirs, end))
        told = " ".join(findings[1]) or ("status 3" if findings[0] == 3 else f"({reason_for(SILENT, case)})")
        yield base, name, in_words(theirs, end), our_words(mine, forced, end), found, reason, told, older


def merged(all_rows):
    """Bases of one case with one outcome share a row."""
    groups = collections.OrderedDict()
    for base, *rest in all_rows:
        groups.setdefault(tuple(rest), []).append(base)
    return [(", ".join(bases), *rest) for rest, bases in groups.items()]


def table(ours, recorded):
    lines = ["| case | store | 5.5.0 keeps | mqctl keeps | | verify finds | older releases |", "|---|---|---|---|---|---|---|"]
    for bases, name, theirs, mine, found, reason, told, older in merged(rows(ours, recorded)):
        mark = found if not reason else f"**{found}**: {reason}"
        lines.append(f"| {name} | {bases} | {theirs} | {mine} | {mark} | {told} | {older} |".replace("  ", " "))
    return "\n".join(lines)


def counts(ours, recorded):
    tally = collections.Counter(row[4] for row in rows(ours, recorded))
    named = sum(bool(findings[1]) for findings, _, _ in ours.values())
    return (f"{len(ours)} cases beside {NEWEST}: {tally['same']} the same, {tally['more']} where mqctl keeps more, {tally['refused']} where "
            f"Apache goes on with a loss or a hole and mqctl refuses and changes nothing, {tally['other']} with the same messages and "
            f"another log end, {tally['less']} where it keeps less. verify names {named}; of the others the reason is below.")


def reasons(table_of_reasons):
    return "\n".join(f"- **{key}**. {text}" for key, (text, _) in table_of_reasons.items())


def page_with(page, ours, recorded):
    """The page with its generated parts made anew."""
    parts = {"table": table(ours, recorded), "counts": counts(ours, recorded), "differences": reasons(DIFFERENCES),
             "silent": reasons(SILENT)}
    for name, text in parts.items():
        page, count = re.subn(f"(<!-- {name} -->\n).*?(\n<!-- {name} -->)", lambda m, t=text: m[1] + t + m[2], page, flags=re.S)
        assert count == 1, name
    return page
