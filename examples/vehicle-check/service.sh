#!/usr/bin/env bash
# The whole service, once: what came in goes to its handlers, what lies in outbox/ is mailed.
#
#   service.sh [in|out]        both, unless one is named
#
# Run it every few minutes by cron or a systemd timer. It says nothing while all is well. Its status is
# that of the worst stage: 0 well, 1 some messages failed (see failed.jsonl), 75 try later, else look at it.
set -uo pipefail
cd "$(dirname "$0")" || exit 70

account=${MAILPIPE_ACCOUNT:-partners}
rules=${MAILPIPE_RULES:-rules.yaml}
state=${XDG_STATE_HOME:-$HOME/.local/state}/mailpipe
umask 077
mkdir -p "$state" outbox sent

# One run at a time; the lock goes with the process, however that ends.
exec 9> "$state/service-${1:-all}.lock"
flock --nonblock 9 || exit 0

worst=0

# judge "NAMES OF THE STAGES" STATUS...: say which stage did not end well, and remember the worst status.
judge() {
  local -a names
  read -ra names <<< "$1"
  shift
  local number=0 status
  for status in "$@"; do
    if ((status > 0)); then
      printf 'service: %s: %s ended with status %d\n' "$(date +%FT%T)" "${names[number]}" "$status" >&2
      # 1 is the mildest, then 75: what is left for later; a reader that has gone (141) has its own reason.
      case $status in
        141) ;;
        1) ((worst == 0)) && worst=1 ;;
        75) ((worst <= 1)) && worst=75 ;;
        *) worst=$status ;;
      esac
    fi
    number=$((number + 1))
  done
}

incoming() {
  local settled
  settled=$(mktemp settled.XXXXXX) || return
  mailpipe fetch "$account" | mailpipe parse | mailpipe route "$rules" | mailpipe settle > "$settled"
  judge "fetch parse route settle" "${PIPESTATUS[@]}"
  # The ledger of this service, and what a person has to look at.
  jq -c '{id, subject, route, settled, error}' "$settled" >> handled.jsonl
  jq -c 'select(.error or .route.outcome == "failed") | {id, subject, route, error}' "$settled" >> failed.jsonl
  rm -f "$settled"
}

# Each file in outbox/ is data for check.md, one object per line. A file that is mailed moves to sent/.
# Nothing is sent twice, even if this is stopped in the middle: send knows what has gone out.
outgoing() {
  local batch name
  for batch in outbox/*.jsonl; do
    [[ -e $batch ]] || continue
    name=$(basename "$batch")
    mailpipe render check.md < "$batch" | mailpipe send --account "$account" --keep-raw \
      | mailpipe sent | jq -c 'del(.raw)' > "sent/$name.receipts"
    local -a statuses=("${PIPESTATUS[@]}")
    judge "render send sent jq" "${statuses[@]}"
    [[ ${statuses[*]} == "0 0 0 0" ]] && mv "$batch" "sent/$name"
  done
}

case ${1:-all} in
  in) incoming ;;
  out) outgoing ;;
  all) incoming; outgoing ;;
  *)
    printf 'usage: %s [in|out]\n' "$0" >&2
    exit 64
    ;;
esac
exit "$worst"
