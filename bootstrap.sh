#!/usr/bin/env bash
# Everything a fresh Debian 12 needs: installs what is missing, builds, shows, tests. Safe to run again.
set -euo pipefail
cd "$(dirname "$0")"

usage() {
  cat <<'TEXT'
Usage: ./bootstrap.sh COMMAND [ARGUMENT...]

  run        build the release and show it at work on real stores
  test       build and run all tests
  bench      build the release and print its figures, beside a genuine broker's where java and mvn are:
             [put|scan|start|serve]... [-o json]
  matrix     every scenario of every genuine client with genuine brokers and with serve
  storm      [power|kill|freeze]... many rounds (STORM_ROUNDS) of power cuts, of kill -9 under a genuine producer, and
             minutes (FREEZE_SECONDS) of a server that stands still
  sim        [store|broker]... SIM_SEEDS (1,000,000) simulated lives of each, from seed SIM_FROM (1) on
  soak       SOAK_SECONDS (an hour) of mixed load on serve, with its figures and a verdict
  damage     every damaged store given to genuine brokers and to serve; writes the table of docs/damage.md (about 10 minutes)
  mutate     [FILE]... change one thing of libstore at a time, MUTANTS (200) by chance or all, and list what no test notices
  races      the unit tests, and serve with clients, under the thread sanitizer
  coverage   run the tests of libstore and print its line coverage
  fuzz       [NAME]... run each fuzzer for a minute (FUZZ_SECONDS); `fuzz keep [NAME]...` keeps what they found out
  package    make the .deb
TEXT
}

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

readonly BUILD_PACKAGES=(g++ cmake ninja-build ccache libasio-dev libevent-dev libcli11-dev libfmt-dev nlohmann-json3-dev libre2-dev libdeflate-dev
  zlib1g-dev liblz4-dev libzstd-dev catch2 zstd)
readonly TEST_PACKAGES=(clang clang-tidy clang-format libclang-rt-14-dev python3 python3-pytest python3-jsonschema jq openjdk-17-jdk-headless maven
  zsh fish python3-prometheus-client util-linux procps man-db)
# For the clients in Go and for Node.
readonly CLIENT_COMMANDS=(go:golang-go node:nodejs npm:npm)

# Debian's packages, through sudo where we are not root; nothing is asked.
install_packages() {
  local missing=()
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  local as_root=()
  if ((EUID != 0)); then as_root=(sudo); fi
  say "installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# What a machine may have from elsewhere: a command, and Debian's package where it is missing.
install_commands() {
  local missing=()
  for pair in "$@"; do
    command -v "${pair%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  install_packages "${missing[@]}"
}

build() {
  say "building: $1"
  cmake --preset "$1" >/dev/null
  cmake --build --preset "$1" "${@:2}"
}

run() {
  install_packages "${BUILD_PACKAGES[@]}"
  cmake --preset release -DMQCTL_TESTS=OFF -DMQCTL_BENCH=OFF >/dev/null
  cmake --build --preset release
  local mqctl=$PWD/build/release/mqctl
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  zstd -dcq tests/golden/apache-5.5.0-mixed.tar.zst | tar -xf - -C "$work"
  local store=$work/apache-5.5.0-mixed
  say "a store that an Apache 5.5.0 broker wrote: its first messages"
  "$mqctl" dump "$store" --count 5 --max-body 60
  say "is it sound, with its queues and its index?"
  "$mqctl" verify "$store" --level index
  say "a thousand messages into it, without a broker"
  seq 1000 | "$mqctl" append "$store" -t orders --tags TagA --keys demo
  say "the last of them, and is it still sound?"
  "$mqctl" dump "$store" -t orders --reverse --count 1 -o json
  "$mqctl" verify "$store" --level index -q && echo sound
  say "the same store served to clients: a send and a receive, and a clean end"
  "$mqctl" serve "$store" --listen 127.0.0.1:0 -- sh -c 'perl tests/hello.pl "$NAMESRV_ADDR" orders "hello from a client"'
  "$mqctl" verify "$store" --level index -q && echo sound
  say "the binary: $mqctl"
}

# The programs under the address and undefined behaviour sanitizers, the threads under their own, the fuzzers, which
# clang builds with its analysis of locks, and clang-tidy.
analyse() {
  build asan --target unit_tests mqctl
  say "under the address sanitizer: the units, and serve with clients that mean harm"
  sanitized asan 'hostile|security|process'
  thread_sanitized
  build fuzz
  say "the fuzzers: every case, the kept corpora, and some inputs by chance"
  /usr/bin/python3 -B tests/fuzz/fuzz.py replay
  say "clang-tidy and clang-format"
  git ls-files 'libstore/*.cc' | xargs -P 2 -n 8 clang-tidy -p build/fuzz --quiet 2>/dev/null
  git ls-files '*.cc' '*.h' | xargs clang-format --dry-run --Werror
}

# The units and those tests of serve, in a build that a sanitizer watches; without those that measure memory, which a
# sanitizer needs itself.
sanitized() {
  local kind=$1 serve=$2 without='not without_growing and not leave_nothing_when and not nobody_reads_of_requests'
  shift 2
  [ "$kind" = tsan ] && without+=' and not never_end_their_frame'
  PYTEST_ADDOPTS="-k '$without'" ctest --preset "$kind" -R "^unit_|^cli/test_serve_($serve)\$" -j 2 "$@"
}

# Without the allocations that are counted: that sanitizer has an `operator new` of its own.
thread_sanitized() {
  build tsan --target unit_tests mqctl
  say "under the thread sanitizer: the units, and serve with its clients"
  sanitized tsan 'flows|transactions|replay|hostile|process' -E unit_alloc
}

races() {
  install_packages "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
  thread_sanitized
}

run_tests() {
  install_packages "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
  install_commands "${CLIENT_COMMANDS[@]}"
  cmake --preset release -DMQCTL_TESTS=ON -DMQCTL_BENCH=ON >/dev/null
  build release
  ctest --preset release -L 'sim|cli|meta|crash|interop' -j 2
  analyse
  say "all tests passed"
}

# The figures alone go to the standard output.
bench() {
  {
    install_packages "${BUILD_PACKAGES[@]}"
    cmake --preset release -DMQCTL_TESTS=ON -DMQCTL_BENCH=ON >/dev/null
    build release --target mqctl mqctl_bench
  } >&2
  build/release/tests/mqctl_bench --mqctl build/release/mqctl --genuine tests/interop/genuine-broker.sh "$@"
}

matrix() {
  install_packages "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
  install_commands "${CLIENT_COMMANDS[@]}"
  cmake --preset release >/dev/null
  build release --target mqctl
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  MQCTL=$PWD/build/release/mqctl MQCTL_SOURCE=$PWD PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/interop/test_clients.py "$work"
}

# What the tests do a few rounds of, at length: a summary line each.
storm() {
  install_packages "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
  cmake --preset release -DMQCTL_TESTS=ON >/dev/null
  build release --target mqctl mqctl_standin
  export MQCTL=$PWD/build/release/mqctl MQCTL_SOURCE=$PWD MQCTL_BUILD=$PWD/build/release PYTHONDONTWRITEBYTECODE=1
  export MQCTL_POWER_CUTS=${STORM_ROUNDS:-200} MQCTL_STORM_ROUNDS=${STORM_ROUNDS:-200} MQCTL_FREEZE_SECONDS=${FREEZE_SECONDS:-180}
  local kinds=("$@")
  ((${#kinds[@]})) || kinds=(power kill freeze)
  for kind in "${kinds[@]}"; do
    case $kind in
      power) storm_of tests/crash/test_power_cut.py ;;
      kill) storm_of tests/interop/test_kill_storm.py ;;
      freeze) storm_of tests/crash/test_faults.py -k stands_still ;;
      *) usage >&2; exit 2 ;;
    esac
  done
}

storm_of() {
  say "$1"
  /usr/bin/python3 -m pytest -q -s -p no:cacheprovider "$@"
}

# A seed that fails prints the line that replays it.
sim() {
  install_packages "${BUILD_PACKAGES[@]}"
  cmake --preset release -DMQCTL_TESTS=ON >/dev/null
  build release --target mqctl_sim
  local kinds=("$@")
  ((${#kinds[@]})) || kinds=(store broker)
  for kind in "${kinds[@]}"; do
    build/release/tests/mqctl_sim "$kind" --seeds "${SIM_SEEDS:-1000000}" --from "${SIM_FROM:-1}" --jobs "$(nproc)"
  done
}

soak() {
  install_packages "${BUILD_PACKAGES[@]}" python3 procps
  cmake --preset release >/dev/null
  build release --target mqctl
  MQCTL=$PWD/build/release/mqctl MQCTL_SOURCE=$PWD PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -u tests/soak/soak.py
}

damage() {
  install_packages "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
  cmake --preset release >/dev/null
  build release --target mqctl
  MQCTL=$PWD/build/release/mqctl MQCTL_SOURCE=$PWD PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/interop/test_damage.py "$@"
}

mutate() {
  install_packages "${BUILD_PACKAGES[@]}" python3
  /usr/bin/python3 -B tests/mutation/mutate.py "$@"
}

coverage() {
  install_packages "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}" gcovr
  build coverage
  find build/coverage -name '*.gcda' -delete
  ctest --preset coverage -L 'unit|cli' -j 2
  gcovr --root . --filter libstore/ --object-directory build/coverage --print-summary --sort-uncovered | tail -n 70
}

# With a name, only that fuzzer; what fails is printed with the line that replays it.
fuzz() {
  install_packages "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
  local command=run
  if [[ ${1:-} == keep ]]; then
    command=keep
    shift
  fi
  build fuzz
  /usr/bin/python3 -B tests/fuzz/fuzz.py $command "$@"
}

package() {
  install_packages "${BUILD_PACKAGES[@]}" dpkg-dev file
  cmake --preset release >/dev/null
  build release
  (cd build/release && cpack)
}

case ${1:-} in
  run) run ;;
  test) run_tests ;;
  bench) bench "${@:2}" ;;
  matrix) matrix ;;
  storm) storm "${@:2}" ;;
  sim) sim "${@:2}" ;;
  soak) soak ;;
  damage) damage "${@:2}" ;;
  mutate) mutate "${@:2}" ;;
  races) races ;;
  coverage) coverage ;;
  fuzz) fuzz "${@:2}" ;;
  package) package ;;
  -h | --help) usage ;;
  *) usage >&2; exit 2 ;;
esac
