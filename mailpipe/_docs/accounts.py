"""How a completion script finds the names of accounts without starting Python: the keys below accounts."""

AWK = """\
/^accounts:/ { inside = 1; next }
/^[^ #]/ { inside = 0 }
inside && match($0, /^ +/) {
  if (!depth) depth = RLENGTH
  name = $1
  if (RLENGTH == depth && name !~ /^#/ && sub(/:.*/, "", name)) print name
}"""

ACCOUNTS = f"""\
awk '
{AWK}
' "${{MAILPIPE_CONFIG:-${{XDG_CONFIG_HOME:-$HOME/.config}}/mailpipe/config.yaml}}" 2> /dev/null"""
