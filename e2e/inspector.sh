#!/usr/bin/env bash
# Drives the built binary with the MCP Inspector's command line, over stdio and
# HTTP and in both eras of the protocol. A line a check; the first wrong one ends
# it. Without npm's registry it says so and ends with 0.
set -euo pipefail
cd "$(dirname "$0")/.."
inspector=@modelcontextprotocol/inspector@2.12.0

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

bin=$work/jc-mcp
go build -o "$bin" ./cmd/jc-mcp

# The Inspector writes into HOME; npm keeps what it has fetched before.
export npm_config_cache=${npm_config_cache:-$HOME/.npm} npm_config_update_notifier=false
export HOME=$work/home
mkdir -p "$HOME"
if ! command -v npx >/dev/null; then
  echo "skipped: there is no npx here, so the Inspector cannot be run"; exit 0
fi
if ! .ci/again timeout 60 npm view "$inspector" version >"$work/npm.log" 2>&1; then
  if grep -qE 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET|network|ended with 124' "$work/npm.log" || [ ! -s "$work/npm.log" ]; then
    echo "skipped: npm's registry cannot be reached, so the Inspector cannot be run"; exit 0
  fi
  cat "$work/npm.log"; exit 1
fi

# An organisation that outlives the processes: on stdio each call is one of its own.
serve() { # serve COMMAND ARGUMENTS…: starts the binary and puts its address into url
  "$bin" "$@" 2>"$work/$1.log" &
  pids+=($!)
  for _ in $(seq 600); do
    url=$(sed -n 's/.*"url":"\([^"]*\)".*/\1/p' "$work/$1.log" | head -1)
    [ -n "$url" ] && return
    sleep 0.1
  done
  echo "$1 did not start"; cat "$work/$1.log"; exit 1
}
serve sandbox --addr 127.0.0.1:0; organisation=$url
export JC_AUDIT_LOG=$work/audit
serve http --sandbox --addr 127.0.0.1:0; http=$url

# Fetched once, it is taken from npm's own folder.
.ci/again timeout 300 npx -y "$inspector" --cli --help >/dev/null 2>"$work/npm.log" || true
export npm_config_prefer_offline=true

# check NAME EXIT-CODE PATTERN ARGUMENTS…: runs the Inspector and looks at what it prints.
check() {
  local name=$1 code=$2 pattern=$3 got=0
  shift 3
  timeout 120 npx -y "$inspector" --cli "$@" >"$work/out" 2>"$work/err" || got=$?
  if [ "$got" != "$code" ] || ! grep -qE -- "$pattern" "$work/out"; then
    echo "WRONG  $name: exit code $got (want $code), nothing like: $pattern"
    head -c 4000 "$work/out"; head -c 2000 "$work/err"; exit 1
  fi
  echo "ok     $name"
}

call() { # call TOOL: the flags of a call; the arguments follow as JSON
  echo "--method tools/call --tool-name $1 --tool-args-json"
}

check "tools/list of every tool (stdio, modern)" 0 '"name": *"radius_servers_' \
  -e JC_SANDBOX=true -e JC_SURFACE=full "$bin" stdio --protocol-era modern --format json --method tools/list --strict

for era in legacy modern; do
  for over in stdio http; do
    if [ $over = stdio ]; then
      target=(-e "JC_CONSOLE_URL=$organisation" -e JC_API_KEY=sandbox-key -e "JC_AUDIT_LOG=$JC_AUDIT_LOG" "$bin" stdio)
      group=Legal
    else
      target=("$http" --transport http)
      group=Finance
    fi
    [ $era = legacy ] && person=mallory.quist || person=victor.lang
    on="$over, $era"
    run=("${target[@]}" --protocol-era $era --format json)
    check "tools/list ($on)" 0 '"name": *"users_list"' "${run[@]}" --method tools/list --strict
    check "users_list ($on)" 0 '# total 1; 1 shown' "${run[@]}" $(call users_list) "{\"search\":\"$person\"}"
    check "add to a group ($on)" 0 "done, read back\. add user $person to user group $group" \
      "${run[@]}" $(call user_groups_members_change) "{\"group\":\"$group\",\"add\":[\"$person\"]}"
    check "elevate for an hour ($on)" 0 "done, read back\. $person is administrator of LT-120" \
      "${run[@]}" $(call access_requests_create) "{\"user\":\"$person\",\"device\":\"LT-120\",\"expiry\":\"1h\"}"
    request=$(grep -oE 'Request [0-9a-f-]{24,36}' "$work/out" | head -1 | cut -d' ' -f2)
    check "see it in the events ($on)" 0 "access_request_create,[^,]*,${request:?no request in the answer}" "${run[@]}" $(call insights_query) '{"last":"1h"}'
    check "revoke ($on)" 0 'State revoked' "${run[@]}" $(call access_requests_revoke) "{\"user\":\"$person\",\"device\":\"LT-120\"}"
    check "it has ended ($on)" 0 'no effect: already ended' "${run[@]}" $(call access_requests_revoke) "{\"user\":\"$person\",\"device\":\"LT-120\"}"
    check "an error is an error ($on)" 5 'not_found\.' "${run[@]}" $(call users_get) '{"user":"nobody.here"}'
    check "nobody can be asked ($on)" 5 'needs_approval\. Nothing was sent' "${run[@]}" $(call devices_erase) '{"device":"LT-120"}'
  done
done
echo "the Inspector is content"
