"""Runs the fuzzers of build/fuzz.

fuzz.py replay [NAME...]   every case and the kept corpora, then a bounded number of inputs by chance: what CI does
fuzz.py run [NAME...]      FUZZ_SECONDS (60) each on two processors, over seeds, kept corpora and what earlier runs found
fuzz.py keep [NAME...]     what such runs found, minimised, becomes the kept corpus

Inputs that fail go to build/fuzz/found/NAME; each is printed as a line that replays it. A fixed one becomes a case:
tests/fuzz/cases/NAME/WHAT. MQCTL_SEED is the seed of replay (1).
"""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile

import seed_corpus

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build/fuzz"
PROGRAMS, CORPUS, FOUND = BUILD / "tests/fuzz", BUILD / "corpus", BUILD / "found"
MOST_KEPT_BYTES, MOST_ARCHIVE_BYTES = 16 << 10, 128 << 10

# The longest input, and the runs of `replay`.
FUZZERS = {
    "append_json": (4096, 8000),
    "batch": (4096, 100000),
    "broker": (8192, 200),
    "checkpoint": (4200, 20000),
    "compression": (4096, 10000),
    "config": (4096, 1000),
    "consume_queue": (2048, 4000),
    "format": (1024, 3000),
    "frame": (8192, 20000),
    "index": (4096, 8000),
    "index_mark": (4096, 5000),
    "properties": (2048, 10000),
    "record": (4096, 200000),
    "scanner": (4096, 4000),
    "sql": (1024, 20000),
    "store": (1024, 300),
    "units": (512, 4000),
}

# What hangs, or takes memory without bound, fails.
LIMITS = ["-timeout=60", "-rss_limit_mb=2048", "-malloc_limit_mb=512"]


def program(name):
    return PROGRAMS / f"fuzz_{name}"


def options(name):
    found = FOUND / name
    found.mkdir(parents=True, exist_ok=True)
    dictionary = HERE / "dictionaries" / f"{name}.dict"
    return [*LIMITS, f"-max_len={FUZZERS[name][0]}", f"-artifact_prefix={found}/", *([f"-dict={dictionary}"] if dictionary.exists() else [])]


def files_below(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.exists() else []


def unpack(name):
    """The kept corpus, in a folder of its own."""
    folder = CORPUS / "kept" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    archive = HERE / "corpus" / f"{name}.tar.zst"
    if archive.exists():
        tar = subprocess.run(["zstd", "-dcq", archive], check=True, capture_output=True).stdout
        subprocess.run(["tar", "-xf", "-", "-C", folder], input=tar, check=True)
    return folder


def execute(arguments, **more):
    return subprocess.run([str(each) for each in arguments], text=True, errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)


def last_figures(output):
    """Executions, edges and features, as libFuzzer's last line has them."""
    lines = re.findall(r"#(\d+)\D.*?cov: (\d+) ft: (\d+)", output)
    done = re.findall(r"stat::number_of_executed_units: (\d+)|Done (\d+) runs", output)
    executions = int(next((a or b for a, b in reversed(done)), lines[-1][0] if lines else 0))
    return (executions, int(lines[-1][1]), int(lines[-1][2])) if lines else (executions, 0, 0)


def tell_found(name, before):
    new = [path for path in files_below(FOUND / name) if path not in before]
    for path in new:
        print(f"{name} fails; replay: {program(name)} {path}", flush=True)
    return len(new)


def replay_one(name):
    cases = files_below(HERE / "cases" / name)
    before = set(files_below(FOUND / name))
    output, ok = "", True
    if cases:
        ran = execute([program(name), *options(name), *cases])
        output, ok = ran.stdout, ran.returncode == 0
    if ok:
        kept, new = unpack(name), BUILD / "new" / name
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        runs = len(files_below(kept)) + FUZZERS[name][1]
        ran = execute([program(name), *options(name), f"-runs={runs}", f"-seed={os.environ.get('MQCTL_SEED', 1)}", new, kept])
        output, ok = ran.stdout, ran.returncode == 0
    executions, edges, _ = last_figures(output)
    if ok:
        print(f"{name}: {len(cases)} cases, {executions} inputs, {edges} edges", flush=True)
    else:
        print(output[-6000:], flush=True)
        tell_found(name, before)
    return ok


def replay(names):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(replay_one, sorted(names, key=lambda name: name not in ("broker", "store"))))
    return 0 if all(results) else 1


def run_one(name):
    """Two processes that find each other's new inputs in the folder they share."""
    before = set(files_below(FOUND / name))
    work = CORPUS / "work" / name
    work.mkdir(parents=True, exist_ok=True)
    cases = HERE / "cases" / name
    folders = [work, CORPUS / "seeds" / name, unpack(name), *([cases] if cases.exists() else [])]
    arguments = [program(name), *options(name), f"-max_total_time={os.environ.get('FUZZ_SECONDS', '60')}", "-reload=5", *folders]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: execute(arguments), range(2)))
    found = tell_found(name, before)
    executions, edges, features = zip(*[last_figures(ran.stdout) for ran in both])
    print(f"| `{name}` | {sum(executions):,} | {max(edges):,} | {max(features):,} | {found} |", flush=True)
    for ran in both:
        if ran.returncode != 0:
            print(ran.stdout[-6000:], flush=True)
    return all(ran.returncode == 0 for ran in both)


def run(names):
    seeds = seed_corpus.Seeds(CORPUS / "seeds")
    seed_corpus.seed_all(seeds)
    print("| fuzzer | executions | edges | features | found |\n|---|---|---|---|---|", flush=True)
    return 0 if all([run_one(name) for name in names]) else 1


def write_archive(name, files):
    archive = HERE / "corpus" / f"{name}.tar.zst"
    archive.parent.mkdir(exist_ok=True)
    plain = BUILD / f"{name}.tar"
    with tarfile.open(plain, "w", format=tarfile.USTAR_FORMAT) as tar:
        for path in files:
            entry = tarfile.TarInfo(path.name)
            entry.size = path.stat().st_size
            with path.open("rb") as content:
                tar.addfile(entry, content)
    subprocess.run(["zstd", "-19", "-q", "-f", plain, "-o", archive], check=True)
    return archive.stat().st_size


def keep_one(name):
    minimal = BUILD / "minimal" / name
    shutil.rmtree(minimal, ignore_errors=True)
    minimal.mkdir(parents=True)
    execute([program(name), *options(name), "-merge=1", minimal, CORPUS / "work" / name, CORPUS / "seeds" / name, unpack(name)])
    files = [path for path in files_below(minimal) if path.stat().st_size <= MOST_KEPT_BYTES]
    while write_archive(name, files) > MOST_ARCHIVE_BYTES:
        files = sorted(sorted(files, key=lambda path: path.stat().st_size)[: len(files) * 9 // 10])
    print(f"{name}: {len(files)} inputs kept", flush=True)
    return True


def keep(names):
    return 0 if all([keep_one(name) for name in names]) else 1


def main():
    commands = {"replay": replay, "run": run, "keep": keep}
    if len(sys.argv) < 2 or sys.argv[1] not in commands or set(sys.argv[2:]) - set(FUZZERS):
        sys.exit(__doc__)
    built = {path.stem.removeprefix("fuzz_") for path in HERE.glob("fuzz_*.cc")}
    if built != set(FUZZERS):
        sys.exit(f"fuzz.py does not know, or there are no more: {', '.join(sorted(built ^ set(FUZZERS)))}")
    sys.exit(commands[sys.argv[1]](sys.argv[2:] or list(FUZZERS)))


if __name__ == "__main__":
    main()
