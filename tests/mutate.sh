#!/usr/bin/env bash
# Mutation testing of what decides: policy and budgets, the merge rule, the audit log and its verification, identifiers. Every change that dotnet-stryker makes
# to their code has to make a unit test fail. Usage: tests/mutate.sh [AREA...]; exit code 1 if an area is below 85 %. Figures: docs/mutation.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

stryker_version=5.1.0
export VSTEST_CONNECTION_TIMEOUT=600 # a busy machine starts a test host slowly
score_min=85
work=artifacts/mutation
tool="$work/stryker/$stryker_version"
[ -x "$tool/dotnet-stryker" ] || dotnet tool install dotnet-stryker --version "$stryker_version" --tool-path "$tool" >/dev/null

# Each area has a test project of its own, of those unit tests that are about it: the whole of them references everything, and takes longer to
# start than most mutants take to die.
#   area          project                    what is mutated, in it                                      unit tests
areas='
identifiers   | DataExchange.Contracts    | Identifiers/*.cs                                            | Contracts/Identifiers/*.cs
policy        | DataExchange.Broker       | Policy/*.cs Budget/*.cs !Budget/BudgetSaving.cs !Budget/BudgetRegistration.cs !Budget/BudgetMetrics.cs | Broker/Policy/*.cs Broker/Budget/BudgetsTests.cs Broker/Budget/DistinctWindowTests.cs ../Testing/TempFolder.cs
merge         | DataExchange.Broker       | Index/RecordMerge.cs Index/AppliedRanges.cs Index/RecordUpdates.cs Index/RecordEntry.cs Index/ErasureMark.cs | Broker/Index/TestIndex.cs Broker/Index/RecordMergeTests.cs Broker/Index/AppliedRangesTests.cs Broker/Index/IndexWriterTests.cs ../Testing/TempFolder.cs
audit         | DataExchange.Broker       | Audit/AuditFormat.cs Audit/Crc32C.cs Audit/SegmentReader.cs Audit/SegmentFile.cs Audit/AuditRecovery.cs | Broker/Audit/AuditTestLog.cs Broker/Audit/AuditDamageTests.cs Broker/Audit/AuditLogTests.cs Broker/Audit/AuditSegmentDamageTests.cs ../Testing/TempFolder.cs
verification  | DataExchange.Transparency | Merkle*.cs LogVerification.cs Checkpoint.cs Notes/*.cs Tiles/*.cs Witnesses/*.cs | Transparency/*.cs HouseRules/Repository.cs
'

# The share of mutants that some test saw, in percent; mutants that cannot be compiled or are ignored do not count.
score() {
  node -e '
    const { readdirSync, readFileSync } = require("node:fs");
    const folder = process.argv[1] + "/reports/";
    const report = JSON.parse(readFileSync(folder + readdirSync(folder).find(name => name.endsWith(".json"))));
    const states = Object.values(report.files).flatMap(file => file.mutants).map(mutant => mutant.status);
    const count = (...wanted) => states.filter(state => wanted.includes(state)).length;
    const [killed, missed] = [count("Killed", "Timeout"), count("Survived", "NoCoverage")];
    console.log((100 * killed / (killed + missed)).toFixed(1), killed, killed + missed);' "$1"
}

failed=0
printf '%-14s %8s %8s %8s\n' area 'score %' killed mutants
while IFS='|' read -r area project mutated tests; do
  read -r area <<<"$area"
  read -r project <<<"$project"
  [ -n "$area" ] || continue
  [ $# -eq 0 ] || [[ " $* " == *" $area "* ]] || continue
  folder="$work/$area"
  rm -rf "$folder/reports"
  mkdir -p "$folder"
  {
    echo '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><AssemblyName>DataExchange.UnitTests</AssemblyName><IsTestProject>true</IsTestProject>'
    echo '<RestorePackagesWithLockFile>false</RestorePackagesWithLockFile><EnforceCodeStyleInBuild>false</EnforceCodeStyleInBuild><RunAnalyzers>false</RunAnalyzers>'
    echo '</PropertyGroup><ItemGroup><FrameworkReference Include="Microsoft.AspNetCore.App" />'
    for package in CsCheck Microsoft.Extensions.Diagnostics.Testing Microsoft.Extensions.TimeProvider.Testing Microsoft.NET.Test.Sdk NUnit NUnit3TestAdapter; do
      echo "<PackageReference Include=\"$package\" />"
    done
    echo "<ProjectReference Include=\"../../../src/$project/$project.csproj\" />"
    set -f
    for file in $tests; do
      echo "<Compile Include=\"../../../tests/UnitTests/$file\" LinkBase=\"Tests\" />"
    done
    set +f
    echo '</ItemGroup></Project>'
  } >"$folder/DataExchange.UnitTests.csproj"
  set -f
  globs=$(printf '"%s", ' $mutated)
  set +f
  cat >"$folder/stryker-config.json" <<JSON
{ "stryker-config": { "project": "$project.csproj", "mutate": [${globs%, }], "coverage-analysis": "perTest", "concurrency": 1,
  "ignore-methods": ["ArgumentNullException.ThrowIfNull"], "reporters": ["json", "dots"] } }
JSON
  if ! (cd "$folder" && nice -n 10 "../../../$tool/dotnet-stryker" -O . >stryker.log 2>&1); then
    printf '%-14s did not run:\n' "$area"
    tail -n 20 "$folder/stryker.log"
    failed=1
    continue
  fi
  read -r percent killed mutants <<<"$(score "$folder")"
  printf '%-14s %8s %8s %8s\n' "$area" "$percent" "$killed" "$mutants"
  [ "${percent%.*}" -ge "$score_min" ] || failed=1
done <<<"$areas"
exit "$failed"
