"""Mutation testing of libstore: changes one thing at a time and asks whether a test notices.

    mutate.py [FILE ...]      sources of libstore; without any, those that durability and recovery stand on

All mutants are built into one set of test programs (mutants.py); each then runs alone: lives on the simulated disk, the tests of
its room and of those above, and at last those that try every byte. What no test notices is listed. MUTANTS=N takes that many by
chance (MQCTL_SEED repeats), MUTANTS=all takes each, MUTANTS_FROM=N goes on where a run ended. Exit status 0: it ran; the list is
for people to judge (docs/mutation.md)."""

import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from mutants import Mutant, Source

SOURCE = pathlib.Path(__file__).resolve().parents[2]
WORK = SOURCE / "build" / "mutation"
DEFAULT = ["message/record_parser.cc", "log/mapped_file.cc", "log/mapped_file_queue.cc", "log/commit_log.cc", "log/flush_rounds.cc", "log/flush_service.cc",
           "log/flush_waits.cc", "log/segment_scanner.cc", "log/log_walk.cc", "index/consume_queue.cc", "index/consume_queue_store.cc", "index/index_file.cc",
           "index/index_service.cc", "index/index_checkpoint.cc", "store/recovery.cc", "store/recovery_evidence.cc", "store/reput_message_service.cc",
           "store/store_checkpoint.cc", "store/retention.cc", "store/default_message_store.cc", "store/default_message_store_life.cc", "os/replace_file.cc"]
ROOMS = ["base", "os", "message", "log", "index", "store"]
SIMULATED_SEEDS = 400
PATIENCE = 6   # who takes that many times what he takes without a mutant hangs


def copy_tree():
    for name in subprocess.run(["git", "ls-files"], cwd=SOURCE, capture_output=True, text=True, check=True).stdout.splitlines():
        target = WORK / "src" / name
        if (SOURCE / name).is_file() and (not target.exists() or target.read_bytes() != (SOURCE / name).read_bytes()):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(SOURCE / name, target)
            shutil.copymode(SOURCE / name, target)


def build():
    """None, or the compiler's output."""
    configured = ["cmake", "-S", WORK / "src", "-B", WORK / "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O1 -g0 -w", "-DMQCTL_WERROR=OFF"]
    subprocess.run(configured, check=True, stdout=subprocess.DEVNULL)
    targets = [f"unit_{room}" for room in ROOMS] + ["mqctl_sim"]
    done = subprocess.run(["cmake", "--build", WORK / "build", "--target", *targets, "--", "-k", "0"], capture_output=True, text=True)
    return None if done.returncode == 0 else done.stdout + done.stderr


def build_mutants(paths):
    """The mutants of which the programs are made."""
    refused = set()
    while True:
        number, sources = 1, []
        for path in paths:
            source = Source(path, (SOURCE / path).read_text(), number)
            text = source.mutated(refused)
            if (WORK / "src" / path).read_text() != text:
                (WORK / "src" / path).write_text(text)
            number = source.next
            sources.append(source)
        mutants = [each for source in sources for each in source.mutants]
        output = build()
        if output is None:
            return [each for each in mutants if each.number not in refused], len(refused)
        wrong = {(found[1].split("src/", 1)[-1].lstrip("./"), int(found[2])) for found in re.finditer(r"^(\S+?):(\d+):\d+: error", output, re.M)}
        more = {each.number for each in mutants if (each.path, each.line) in wrong} - refused
        if not more:
            sys.exit(output[-4000:])
        refused |= more


def programs(mutant):
    room = mutant.path.split("/")[1]
    tests = WORK / "build" / "tests"
    lives = [tests / "mqctl_sim", "store", "--seeds", str(SIMULATED_SEEDS), "--jobs", "1"]
    units = [tests / f"unit_{each}" for each in ROOMS[ROOMS.index(room):]]
    return [lives] + [[unit, "--abort", which] for which in ("~[exhaustive]", "[exhaustive]") for unit in units]


def cheapest_first(commands, seconds):
    """Of each part: the lives, the tests, those that try every byte. Most mutants end in the first."""
    return sorted(commands, key=lambda each: (each[-1] == "[exhaustive]", each[-1] == "~[exhaustive]", seconds[tuple(each)]))


def outcome(mutant, seconds):
    environment = os.environ | {"MQCTL_MUTANT": str(mutant.number)}
    for program in cheapest_first(programs(mutant), seconds):
        limit = PATIENCE * seconds[tuple(program)] + 5
        try:
            done = subprocess.run(program, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=limit)
        except subprocess.TimeoutExpired:
            return "hung"
        if done.returncode != 0:
            return "killed"
    return "survived"


def usual_seconds(paths):
    """Of each program, without any mutant."""
    seconds = {}
    for program in {tuple(program) for path in paths for program in programs(Mutant(0, path, 0, "", ""))}:
        began = time.monotonic()
        if subprocess.run(program, env=os.environ | {"MQCTL_MUTANT": "0"}, stdout=subprocess.DEVNULL).returncode != 0:
            sys.exit(f"{program[0].name} fails without any mutant")
        seconds[program] = time.monotonic() - began
    return seconds


def main(names):
    paths = [str(pathlib.Path(name)) for name in names] or [f"libstore/{name}" for name in DEFAULT]
    copy_tree()
    mutants, left_out = build_mutants(paths)
    seconds = usual_seconds(paths)
    seed = int(os.environ.get("MQCTL_SEED", time.time_ns() % 100000))
    wanted = os.environ.get("MUTANTS", "200")
    if wanted != "all":
        mutants = sorted(random.Random(seed).sample(mutants, min(int(wanted), len(mutants))), key=lambda each: each.number)
    mutants = [each for each in mutants if each.number >= int(os.environ.get("MUTANTS_FROM", "1"))]
    print(f"{len(mutants)} mutants of {len(paths)} files, seed {seed}; {left_out} more do not compile", flush=True)
    counts = {"killed": 0, "hung": 0, "survived": 0}
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for mutant, result in zip(mutants, pool.map(lambda each: outcome(each, seconds), mutants)):
            counts[result] += 1
            if result == "survived":
                print(f"{mutant.number}  {mutant.path}:{mutant.line}: {mutant.was}  =>  {mutant.now}", flush=True)
    print(", ".join(f"{count} {name}" for name, count in counts.items()))


if __name__ == "__main__":
    main(sys.argv[1:])
