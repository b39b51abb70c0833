# bash completion for mailpipe
# Written by python -m mailpipe._docs; change the commands, not this file.

_mailpipe_accounts() {
  awk '
  /^accounts:/ { inside = 1; next }
  /^[^ #]/ { inside = 0 }
  inside && match($0, /^ +/) {
    if (!depth) depth = RLENGTH
    name = $1
    if (RLENGTH == depth && name !~ /^#/ && sub(/:.*/, "", name)) print name
  }
  ' "${MAILPIPE_CONFIG:-${XDG_CONFIG_HOME:-$HOME/.config}/mailpipe/config.yaml}" 2> /dev/null
}

# Which command is typed, which one inside it, the option before the cursor, and what is typed at the
# cursor.  From the line itself: the words of bash are cut at colons and equal signs, and URLs are not.
_mailpipe_words() {
  local line="${COMP_LINE:0:COMP_POINT}" token
  local -a tokens
  read -ra tokens <<< "$line"
  [[ $line == *[[:space:]] ]] && tokens+=("")
  command="" inner="" previous="" current=""
  for token in "${tokens[@]:1}"; do
    if [[ -n $current && $current != -* ]]; then
      if [[ -z $command ]]; then
        command=$current
      elif [[ -z $inner ]]; then
        inner=$current
      fi
    fi
    previous=$current current=$token
  done
  if [[ $current == --*=* ]]; then
    previous=${current%%=*} current=${current#*=}
  fi
}

# Offer words; what bash takes for another word (up to the last colon) is not repeated.
_mailpipe_offer() {
  local cut=""
  [[ $current == *:* && $COMP_WORDBREAKS == *:* ]] && cut=${current%"${current##*:}"}
  local word
  COMPREPLY=()
  while read -r word; do
    COMPREPLY+=("${word#"$cut"}")
  done < <(compgen "$@" -- "$current")
  [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[:/] ]] && compopt -o nospace 2> /dev/null
  return 0
}

# A URL: its scheme, and after maildir: or mbox: a path.
_mailpipe_urls() {
  local scheme=${current%%:*}
  case $current in
    maildir:* | mbox:*)
      local path=${current#*:} kind=-f
      [[ $scheme == maildir ]] && kind=-d
      _mailpipe_offer -W "$(compgen "$kind" -P "$scheme:" -- "$path")"
      compopt -o filenames 2> /dev/null
      ;;
    *) _mailpipe_offer -W "$*" ;;
  esac
}

# Nothing to offer: no file names either.
_mailpipe_nothing() {
  COMPREPLY=()
  compopt +o default +o bashdefault 2> /dev/null
}

# Files are left to bash itself, which knows how to quote their names.
_mailpipe_files() { COMPREPLY=(); }

_mailpipe_folders() {
  COMPREPLY=()
  compopt -o dirnames +o default 2> /dev/null
}

_mailpipe_render() {
  case $previous in
    --account) _mailpipe_offer -W "$(_mailpipe_accounts)"; return ;;
    --from) _mailpipe_nothing; return ;;
    --to) _mailpipe_nothing; return ;;
    --subject) _mailpipe_nothing; return ;;
    --lang) _mailpipe_nothing; return ;;
    --base) _mailpipe_files; return ;;
    --attach) _mailpipe_nothing; return ;;
    --attach-root) _mailpipe_folders; return ;;
    --json-part) _mailpipe_offer -W "alternative attachment none"; return ;;
    --track) _mailpipe_urls ""; return ;;
    --limit) _mailpipe_nothing; return ;;
    --output-dir) _mailpipe_folders; return ;;
    --config) _mailpipe_files; return ;;
  esac
  if [[ $current == -* ]]; then
    _mailpipe_offer -W "--account --from --to --subject --lang --base --attach --attach-root --json-part --sign --no-sign --encrypt --no-encrypt --markdown --reply --track --limit --lint --output-dir --eml --config -h --help"
  else
    _mailpipe_files
  fi
}

_mailpipe_send() {
  case $previous in
    --via) _mailpipe_urls "smtp:// smtps:// lmtp:// sendmail: maildir:"; return ;;
    --account) _mailpipe_offer -W "$(_mailpipe_accounts)"; return ;;
    --on-unknown) _mailpipe_offer -W "hold resend"; return ;;
    --on-refused) _mailpipe_offer -W "hold resend"; return ;;
    --connections) _mailpipe_nothing; return ;;
    --rate) _mailpipe_nothing; return ;;
    --wait) _mailpipe_nothing; return ;;
    --max-age) _mailpipe_nothing; return ;;
    --redirect) _mailpipe_nothing; return ;;
    --allow-domain) _mailpipe_nothing; return ;;
    --retry) _mailpipe_offer -W "due all"; return ;;
    --tls-ca) _mailpipe_nothing; return ;;
    --tls-pin) _mailpipe_nothing; return ;;
    --connect-timeout) _mailpipe_nothing; return ;;
    --command-timeout) _mailpipe_nothing; return ;;
    --dot-timeout) _mailpipe_nothing; return ;;
    --config) _mailpipe_files; return ;;
  esac
  if [[ $current == -* ]]; then
    _mailpipe_offer -W "--via --account --keep-raw --on-unknown --on-refused --connections --unordered --rate --wait --max-age --dry-run --redirect --allow-domain --status --retry --tls-ca --tls-pin --connect-timeout --command-timeout --dot-timeout --config -h --help"
  else
    _mailpipe_nothing
  fi
}

_mailpipe_sent() {
  case $previous in
    --folder) _mailpipe_nothing; return ;;
    --mode) _mailpipe_offer -W "auto append reconcile skip"; return ;;
    --wait) _mailpipe_nothing; return ;;
    --config) _mailpipe_files; return ;;
  esac
  if [[ $current == -* ]]; then
    _mailpipe_offer -W "--folder --mode --wait --config -h --help"
  else
    _mailpipe_urls "imap:// imaps:// maildir: $(_mailpipe_accounts)"
  fi
}

_mailpipe_fetch() {
  case $previous in
    --mailbox) _mailpipe_nothing; return ;;
    --limit) _mailpipe_nothing; return ;;
    --lease) _mailpipe_nothing; return ;;
    --every) _mailpipe_nothing; return ;;
    --max-size) _mailpipe_nothing; return ;;
    --since) _mailpipe_nothing; return ;;
    --from) _mailpipe_nothing; return ;;
    --header) _mailpipe_nothing; return ;;
    --search) _mailpipe_nothing; return ;;
    --config) _mailpipe_files; return ;;
  esac
  if [[ $current == -* ]]; then
    _mailpipe_offer -W "--mailbox --limit --peek --lease --claim --take-over --watch --every --max-size --unseen --since --from --header --search --config -h --help"
  else
    _mailpipe_urls "imap:// imaps:// maildir: mbox: $(_mailpipe_accounts)"
  fi
}

_mailpipe_parse() {
  case $previous in
    --attachments) _mailpipe_folders; return ;;
    --only-type) _mailpipe_nothing; return ;;
    --vocabulary) _mailpipe_files; return ;;
    --schema) _mailpipe_files; return ;;
    --account) _mailpipe_offer -W "$(_mailpipe_accounts)"; return ;;
    --max-size) _mailpipe_nothing; return ;;
    -j | --jobs) _mailpipe_nothing; return ;;
    --config) _mailpipe_files; return ;;
  esac
  if [[ $current == -* ]]; then
    _mailpipe_offer -W "--attachments --safe-html --no-content --only-type --nested --vocabulary --schema --account --keep-raw --max-size -j --jobs --config -h --help"
  else
    _mailpipe_files
  fi
}

_mailpipe_route() {
  case $previous in
    --jobs) _mailpipe_nothing; return ;;
    --max-attempts) _mailpipe_nothing; return ;;
    --config) _mailpipe_files; return ;;
  esac
  if [[ $current == -* ]]; then
    _mailpipe_offer -W "--explain --dry-run --check --jobs --max-attempts --config -h --help"
  else
    _mailpipe_files
  fi
}

_mailpipe_settle() {
  case $previous in
    --processed) _mailpipe_nothing; return ;;
    --failed) _mailpipe_nothing; return ;;
    --max-attempts) _mailpipe_nothing; return ;;
    --why) _mailpipe_nothing; return ;;
    --config) _mailpipe_files; return ;;
  esac
  if [[ $current == -* ]]; then
    _mailpipe_offer -W "--processed --failed --max-attempts --why --config -h --help"
  else
    _mailpipe_nothing
  fi
}

_mailpipe_check() {
  case $previous in
    --rules) _mailpipe_files; return ;;
    --config) _mailpipe_files; return ;;
  esac
  if [[ $current == -* ]]; then
    _mailpipe_offer -W "--prepare --rules --json --config -h --help"
  else
    _mailpipe_offer -W "$(_mailpipe_accounts)"
  fi
}

_mailpipe_leases() {
  case $previous in
    --release) _mailpipe_nothing; return ;;
    --config) _mailpipe_files; return ;;
  esac
  if [[ $current == -* ]]; then
    _mailpipe_offer -W "--release --release-all --remembered --config -h --help"
  else
    _mailpipe_urls " $(_mailpipe_accounts)"
  fi
}

_mailpipe_preview() {
  case $previous in
    --account) _mailpipe_offer -W "$(_mailpipe_accounts)"; return ;;
    --from) _mailpipe_nothing; return ;;
    --to) _mailpipe_nothing; return ;;
    --subject) _mailpipe_nothing; return ;;
    --lang) _mailpipe_nothing; return ;;
    --base) _mailpipe_files; return ;;
    --attach) _mailpipe_nothing; return ;;
    --attach-root) _mailpipe_folders; return ;;
    --json-part) _mailpipe_offer -W "alternative attachment none"; return ;;
    --limit) _mailpipe_nothing; return ;;
    --output) _mailpipe_files; return ;;
    --config) _mailpipe_files; return ;;
  esac
  if [[ $current == -* ]]; then
    _mailpipe_offer -W "--account --from --to --subject --lang --base --attach --attach-root --json-part --sign --no-sign --encrypt --no-encrypt --markdown --reply --limit --output --open --config -h --help"
  else
    _mailpipe_files
  fi
}

_mailpipe_track() {
  case $inner in
    "")
      if [[ $current == -* ]]; then
        _mailpipe_offer -W "-h --help"
      else
        _mailpipe_offer -W "serve events report register"
      fi
      ;;
    serve) _mailpipe_track_serve ;;
    events) _mailpipe_track_events ;;
    report) _mailpipe_track_report ;;
    register) _mailpipe_track_register ;;
    *) _mailpipe_nothing ;;
  esac
}

_mailpipe_track_serve() {
  case $previous in
    --listen) _mailpipe_nothing; return ;;
    --own) _mailpipe_nothing; return ;;
    --behind) _mailpipe_nothing; return ;;
    --observer) _mailpipe_nothing; return ;;
    --keep) _mailpipe_nothing; return ;;
    --config) _mailpipe_files; return ;;
  esac
  if [[ $current == -* ]]; then
    _mailpipe_offer -W "--listen --own --behind --observer --keep --config -h --help"
  else
    _mailpipe_nothing
  fi
}

_mailpipe_track_events() {
  case $previous in
    --since) _mailpipe_nothing; return ;;
    --config) _mailpipe_files; return ;;
  esac
  if [[ $current == -* ]]; then
    _mailpipe_offer -W "--since --follow --config -h --help"
  else
    _mailpipe_nothing
  fi
}

_mailpipe_track_report() {
  case $previous in
    --since) _mailpipe_nothing; return ;;
    --format) _mailpipe_offer -W "table jsonl html"; return ;;
    --config) _mailpipe_files; return ;;
  esac
  if [[ $current == -* ]]; then
    _mailpipe_offer -W "--since --format --config -h --help"
  else
    _mailpipe_nothing
  fi
}

_mailpipe_track_register() {
  case $previous in
    --config) _mailpipe_files; return ;;
  esac
  if [[ $current == -* ]]; then
    _mailpipe_offer -W "--config -h --help"
  else
    _mailpipe_nothing
  fi
}

_mailpipe_schema() {
  if [[ $current == -* ]]; then
    _mailpipe_offer -W "-h --help"
  else
    _mailpipe_offer -W "record config rules"
  fi
}

_mailpipe_demo() {
  if [[ $current == -* ]]; then
    _mailpipe_offer -W "-h --help"
  else
    _mailpipe_nothing
  fi
}

_mailpipe() {
  local command inner previous current
  _mailpipe_words
  case $command in
    "")
      if [[ $current == -* ]]; then
        _mailpipe_offer -W "-V --version -h --help"
      else
        _mailpipe_offer -W "render send sent fetch parse route settle check leases preview track schema demo"
      fi
      ;;
    render) _mailpipe_render ;;
    send) _mailpipe_send ;;
    sent) _mailpipe_sent ;;
    fetch) _mailpipe_fetch ;;
    parse) _mailpipe_parse ;;
    route) _mailpipe_route ;;
    settle) _mailpipe_settle ;;
    check) _mailpipe_check ;;
    leases) _mailpipe_leases ;;
    preview) _mailpipe_preview ;;
    track) _mailpipe_track ;;
    schema) _mailpipe_schema ;;
    demo) _mailpipe_demo ;;
    *) _mailpipe_nothing ;;
  esac
}

complete -o bashdefault -o default -F _mailpipe mailpipe
