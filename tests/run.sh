#!/usr/bin/env bash
# Installs what is missing, builds Release with warnings as errors, runs every test. Last line: "N passed, N failed".
# Usage: tests/run.sh [--filter EXPRESSION]   (as `dotnet test --filter`, for instance TestCategory!=RabbitMq)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

filter=()
while [ $# -gt 0 ]; do
  case "$1" in
    --filter) filter=(--filter "${2:?--filter needs an expression}"); shift 2 ;;
    *) echo "unknown argument: $1" >&2; exit 2 ;;
  esac
done

tests/install.sh
dotnet build DataExchange.sln -c Release --nologo -v quiet -warnaserror

results=artifacts/test-results
rm -rf "$results"
status=0
# One project after the other: the machines this runs on have few cores, and some tests start servers.
dotnet test DataExchange.sln -c Release --no-build --nologo -m:1 "${filter[@]}" \
  --logger 'trx;LogFilePrefix=run' --results-directory "$results" \
  --blame-hang-timeout 5m --blame-hang-dump-type none || status=$?

count() { find "$results" -name '*.trx' -exec cat {} + 2>/dev/null | grep '<UnitTestResult ' | grep -cE "outcome=\"($1)\"" || true; }
passed=$(count Passed)
failed=$(count 'Failed|Error|Timeout|Aborted')
skipped=$(count 'NotExecuted|Inconclusive')
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
  echo 'a test run ended without its results: counted as one failure'
  failed=1
fi
if [ $((passed + failed)) -eq 0 ]; then
  echo 'no test ran'
  status=1
fi
echo "$skipped skipped"
echo "$passed passed, $failed failed"
[ "$status" -eq 0 ] && [ "$failed" -eq 0 ]
