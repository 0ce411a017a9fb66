#!/usr/bin/env bash
# Fuzzes what parses untrusted bytes, with coverage: afl-fuzz over assemblies that SharpFuzz has instrumented. Installs both where they are missing.
# Usage: tests/fuzz.sh [--seconds N] [TARGET...]   (30 s each, every target; names: tests/Fuzzing/FuzzTargets.cs)
# Exit code 1 if an input breaks a target; it is kept, and its path printed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=30
targets=()
while [ $# -gt 0 ]; do
  case "$1" in
    --seconds) seconds="${2:?--seconds needs a number}"; shift 2 ;;
    -*) echo "unknown argument: $1" >&2; exit 2 ;;
    *) targets+=("$1"); shift ;;
  esac
done

if ! command -v afl-fuzz >/dev/null; then
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends afl++ >/dev/null
fi
work=artifacts/fuzz
sharpfuzz_version=2.3.0
tool="$work/sharpfuzz/$sharpfuzz_version"
[ -x "$tool/sharpfuzz" ] || dotnet tool install SharpFuzz.CommandLine --version "$sharpfuzz_version" --tool-path "$tool" >/dev/null

# Instrumented copies: what the tests run stays as it was built.
dotnet build tests/Fuzzing -c Release --nologo -v quiet -warnaserror
rm -rf "$work/bin"
cp -r tests/Fuzzing/bin/Release/net10.0 "$work/bin"
for assembly in DataExchange.Broker DataExchange.Contracts DataExchange.Hosting DataExchange.Transparency YamlDotNet; do
  "$tool/sharpfuzz" "$work/bin/$assembly.dll"
done
fuzzing="$work/bin/DataExchange.Fuzzing.dll"
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(dotnet "$fuzzing" list)

export AFL_SKIP_BIN_CHECK=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_NO_UI=1
# Some targets write files for each input.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm

failed=0
printf '%-16s %12s %8s %8s %8s\n' target executions paths crashes hangs
for target in "${targets[@]}"; do
  found="$work/found/$target"
  rm -rf "$found"
  mkdir -p "$found"
  if ! afl-fuzz -i "tests/data/fuzz/$target" -o "$found" -m none -t 10000 -V "$seconds" -- dotnet "$fuzzing" fuzz "$target" >"$found/afl.log" 2>&1; then
    printf '%-16s did not run:\n' "$target"
    tail -n 20 "$found/afl.log"
    failed=1
    continue
  fi
  stat() { sed -n "s/^$1 *: *//p" "$found/default/fuzzer_stats"; }
  printf '%-16s %12s %8s %8s %8s\n' "$target" "$(stat execs_done)" "$(stat corpus_count)" "$(stat saved_crashes)" "$(stat saved_hangs)"
  mapfile -t inputs < <(find "$found/default/crashes" "$found/default/hangs" -type f -name 'id:*' | sort)
  for input in "${inputs[@]}"; do
    echo "  $input"
    failed=1
  done
done
[ "$failed" -eq 0 ] || echo "to see what a crash is: dotnet $fuzzing run TARGET FILE"
exit "$failed"
