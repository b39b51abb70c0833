# fish completion for mailpipe
# Written by python -m mailpipe._docs; change the commands, not this file.

function __fish_mailpipe_accounts
    set -l file $MAILPIPE_CONFIG
    if test -z "$file"
        set file $XDG_CONFIG_HOME/mailpipe/config.yaml
        test -n "$XDG_CONFIG_HOME"; or set file $HOME/.config/mailpipe/config.yaml
    end
    awk '
/^accounts:/ { inside = 1; next }
/^[^ #]/ { inside = 0 }
inside && match($0, /^ +/) {
  if (!depth) depth = RLENGTH
  name = $1
  if (RLENGTH == depth && name !~ /^#/ && sub(/:.*/, "", name)) print name
}
' $file 2>/dev/null
end

function __fish_mailpipe_urls
    set -l token (commandline -ct | string replace -r '^--[^=]*=' '')
    switch $token
        case 'maildir:*'
            string replace -r '^' maildir: -- (__fish_complete_directories (string sub -s 9 -- $token) '')
        case 'mbox:*'
            string replace -r '^' mbox: -- (__fish_complete_path (string sub -s 6 -- $token) '')
        case '*'
            printf '%s\n' $argv
    end
end

function __fish_mailpipe_needs_command
    set -l words (commandline -opc)
    for word in $words[2..-1]
        string match -q -- '-*' $word; or return 1
    end
end

function __fish_mailpipe_typed
    set -l words (commandline -opc)
    for word in $words[2..-1]
        string match -q -- '-*' $word; or echo $word
    end
end

function __fish_mailpipe_using
    set -l typed (__fish_mailpipe_typed)
    set -l first $typed[1..(count $argv)]
    test "$first" = "$argv"
end

function __fish_mailpipe_needs_inner
    set -l typed (__fish_mailpipe_typed)
    test "$typed" = "$argv"
end

complete -c mailpipe -f

complete -c mailpipe -n __fish_mailpipe_needs_command -s V -l version -d 'Print the version'
complete -c mailpipe -n __fish_mailpipe_needs_command -s h -l help -d 'Show this message and exit'
complete -c mailpipe -n __fish_mailpipe_needs_command -k -a render -d 'Fill a template with data: one message per object'
complete -c mailpipe -n __fish_mailpipe_needs_command -k -a send -d 'Hand messages to a mail server, each at most once'
complete -c mailpipe -n __fish_mailpipe_needs_command -k -a sent -d 'Put a copy of sent messages into the Sent folder'
complete -c mailpipe -n __fish_mailpipe_needs_command -k -a fetch -d 'Read messages from a mailbox without changing it'
complete -c mailpipe -n __fish_mailpipe_needs_command -k -a parse -d 'Turn messages into dependable JSON'
complete -c mailpipe -n __fish_mailpipe_needs_command -k -a route -d 'Give each parsed message to the handler its rules name'
complete -c mailpipe -n __fish_mailpipe_needs_command -k -a settle -d 'Move routed messages to the processed or failed folder'
complete -c mailpipe -n __fish_mailpipe_needs_command -k -a check -d 'Try whether an account is going to work, before it has to'
complete -c mailpipe -n __fish_mailpipe_needs_command -k -a leases -d 'Show which messages are leased, and release them'
complete -c mailpipe -n __fish_mailpipe_needs_command -k -a preview -d 'Look at rendered mail in a browser before it is sent'
complete -c mailpipe -n __fish_mailpipe_needs_command -k -a track -d 'Record who opens mail, and show it'
complete -c mailpipe -n __fish_mailpipe_needs_command -k -a schema -d 'Print the JSON Schema of records, the configuration or the rules'
complete -c mailpipe -n __fish_mailpipe_needs_command -k -a demo -d 'Show the whole loop in a temporary folder, in seconds'

complete -c mailpipe -n '__fish_mailpipe_using render' -l account -x -a '(__fish_mailpipe_accounts)' -d 'Account whose From is used where the template has none'
complete -c mailpipe -n '__fish_mailpipe_using render' -l from -x -d 'Sender, instead of the template\'s'
complete -c mailpipe -n '__fish_mailpipe_using render' -l to -x -d 'Recipient, instead of the template\'s to, cc and bcc'
complete -c mailpipe -n '__fish_mailpipe_using render' -l subject -x -d 'Subject, instead of the template\'s'
complete -c mailpipe -n '__fish_mailpipe_using render' -l lang -x -d 'Language tag, such as fr, instead of the template\'s'
complete -c mailpipe -n '__fish_mailpipe_using render' -l base -r -F -d 'HTML file around the content'
complete -c mailpipe -n '__fish_mailpipe_using render' -l attach -x -d 'File to attach, instead of the template\'s'
complete -c mailpipe -n '__fish_mailpipe_using render' -l attach-root -x -a '(__fish_complete_directories (commandline -ct))' -d 'Folder below which files are attached'
complete -c mailpipe -n '__fish_mailpipe_using render' -l json-part -x -a 'alternative attachment none' -d 'Where the data go: between text and HTML, beside them, or nowhere'
complete -c mailpipe -n '__fish_mailpipe_using render' -l sign -l no-sign -d 'Sign with the account\'s certificate (S/MIME)'
complete -c mailpipe -n '__fish_mailpipe_using render' -l encrypt -l no-encrypt -d 'Encrypt to the recipients\' certificates (S/MIME)'
complete -c mailpipe -n '__fish_mailpipe_using render' -l markdown -d 'Send the Markdown, too, as text/markdown'
complete -c mailpipe -n '__fish_mailpipe_using render' -l reply -d 'Answer parsed messages, which are read instead of data'
complete -c mailpipe -n '__fish_mailpipe_using render' -l track -x -a '(__fish_mailpipe_urls )' -d 'Server of `mailpipe track serve` that is told of opens'
complete -c mailpipe -n '__fish_mailpipe_using render' -l limit -x -d 'Stop after N records'
complete -c mailpipe -n '__fish_mailpipe_using render' -l lint -d 'Say what readers or filters will stumble over, on stderr and as member lint'
complete -c mailpipe -n '__fish_mailpipe_using render' -l output-dir -x -a '(__fish_complete_directories (commandline -ct))' -d 'Write each message into DIR, too: 000001.eml is that of the first record'
complete -c mailpipe -n '__fish_mailpipe_using render' -l eml -d 'Write one message itself (RFC 5322) instead of records'
complete -c mailpipe -n '__fish_mailpipe_using render' -l config -r -F -d 'Configuration file instead of the user\'s own; see mailpipe-config(5)'
complete -c mailpipe -n '__fish_mailpipe_using render' -s h -l help -d 'Show this message and exit'
complete -c mailpipe -n '__fish_mailpipe_using render' -F

complete -c mailpipe -n '__fish_mailpipe_using send' -l via -x -a '(__fish_mailpipe_urls smtp:// smtps:// lmtp:// sendmail: maildir:)' -d 'Where to; without it, the smtp server of the account'
complete -c mailpipe -n '__fish_mailpipe_using send' -l account -x -a '(__fish_mailpipe_accounts)' -d 'An account of the configuration'
complete -c mailpipe -n '__fish_mailpipe_using send' -l keep-raw -d 'Keep the member raw, which `mailpipe sent` needs'
complete -c mailpipe -n '__fish_mailpipe_using send' -l on-unknown -x -a 'hold resend' -d 'What to do with a message of which an earlier run does not know whether it arrived'
complete -c mailpipe -n '__fish_mailpipe_using send' -l on-refused -x -a 'hold resend' -d 'What to do with a message that was refused for good by an earlier run'
complete -c mailpipe -n '__fish_mailpipe_using send' -l connections -x -d 'How many connections to the server are used at once'
complete -c mailpipe -n '__fish_mailpipe_using send' -l unordered -d 'Write each result when it is there, not in input order'
complete -c mailpipe -n '__fish_mailpipe_using send' -l rate -x -d 'At most so many messages; also N/s and N/h'
complete -c mailpipe -n '__fish_mailpipe_using send' -l wait -x -d 'How long this run may wait, in all, to try again what was put off'
complete -c mailpipe -n '__fish_mailpipe_using send' -l max-age -x -d 'How long after its first try a message that is put off again is given up'
complete -c mailpipe -n '__fish_mailpipe_using send' -l dry-run -d 'Do everything but send: nobody is connected to'
complete -c mailpipe -n '__fish_mailpipe_using send' -l redirect -x -d 'Send everything to me; header fields stay as they are'
complete -c mailpipe -n '__fish_mailpipe_using send' -l allow-domain -x -d 'Send to addresses of this domain only, or below .DOMAIN; may be given more than once'
complete -c mailpipe -n '__fish_mailpipe_using send' -l status -d 'Read nothing; list what is put off or of unknown fate'
complete -c mailpipe -n '__fish_mailpipe_using send' -l retry -x -a 'due all' -d 'Read nothing; try again what this server has put off and what is due by now, or all of it'
complete -c mailpipe -n '__fish_mailpipe_using send' -l tls-ca -x -d 'PEM file of the only authorities to trust'
complete -c mailpipe -n '__fish_mailpipe_using send' -l tls-pin -x -d 'Fingerprint of the only certificate to accept'
complete -c mailpipe -n '__fish_mailpipe_using send' -l connect-timeout -x -d 'How long the server may take to be there'
complete -c mailpipe -n '__fish_mailpipe_using send' -l command-timeout -x -d 'How long the server may take for one answer'
complete -c mailpipe -n '__fish_mailpipe_using send' -l dot-timeout -x -d 'How long it may take for the last one, when it has the message'
complete -c mailpipe -n '__fish_mailpipe_using send' -l config -r -F -d 'Configuration file instead of the user\'s own; see mailpipe-config(5)'
complete -c mailpipe -n '__fish_mailpipe_using send' -s h -l help -d 'Show this message and exit'

complete -c mailpipe -n '__fish_mailpipe_using sent' -l folder -x -d 'Folder for the copies'
complete -c mailpipe -n '__fish_mailpipe_using sent' -l mode -x -a 'auto append reconcile skip' -d 'Whether to append a copy, to reconcile those of the provider, or to do nothing'
complete -c mailpipe -n '__fish_mailpipe_using sent' -l wait -x -d 'How long a provider may take to file a copy that is to be reconciled'
complete -c mailpipe -n '__fish_mailpipe_using sent' -l config -r -F -d 'Configuration file instead of the user\'s own; see mailpipe-config(5)'
complete -c mailpipe -n '__fish_mailpipe_using sent' -s h -l help -d 'Show this message and exit'
complete -c mailpipe -n '__fish_mailpipe_using sent' -a '(__fish_mailpipe_accounts) (__fish_mailpipe_urls imap:// imaps:// maildir:)'

complete -c mailpipe -n '__fish_mailpipe_using fetch' -l mailbox -x -d 'Folder to read; may be given again'
complete -c mailpipe -n '__fish_mailpipe_using fetch' -l limit -x -d 'Stop after N messages'
complete -c mailpipe -n '__fish_mailpipe_using fetch' -l peek -d 'Only look: lease nothing. Done anyway on a terminal'
complete -c mailpipe -n '__fish_mailpipe_using fetch' -l lease -x -d 'How long no other run gets the same messages'
complete -c mailpipe -n '__fish_mailpipe_using fetch' -l claim -d 'Claim messages on the server too: several hosts read one mailbox'
complete -c mailpipe -n '__fish_mailpipe_using fetch' -l take-over -d 'Also take what another run, now dead, has leased'
complete -c mailpipe -n '__fish_mailpipe_using fetch' -l watch -d 'Go on for ever: hand out what arrives as it arrives'
complete -c mailpipe -n '__fish_mailpipe_using fetch' -l every -x -d 'Longest time between two looks of --watch'
complete -c mailpipe -n '__fish_mailpipe_using fetch' -l max-size -x -d 'A larger message is not read, but an error'
complete -c mailpipe -n '__fish_mailpipe_using fetch' -l unseen -d 'Only messages that nobody has read'
complete -c mailpipe -n '__fish_mailpipe_using fetch' -l since -x -d 'Only arrived on that day or later'
complete -c mailpipe -n '__fish_mailpipe_using fetch' -l from -x -d 'Only with TEXT in From, such as an address; again: both'
complete -c mailpipe -n '__fish_mailpipe_using fetch' -l header -x -d 'Only with TEXT in that header field; again: both'
complete -c mailpipe -n '__fish_mailpipe_using fetch' -l search -x -d 'Only what these IMAP search keys find (RFC 3501)'
complete -c mailpipe -n '__fish_mailpipe_using fetch' -l config -r -F -d 'Configuration file instead of the user\'s own; see mailpipe-config(5)'
complete -c mailpipe -n '__fish_mailpipe_using fetch' -s h -l help -d 'Show this message and exit'
complete -c mailpipe -n '__fish_mailpipe_using fetch' -a '(__fish_mailpipe_accounts) (__fish_mailpipe_urls imap:// imaps:// maildir: mbox:)'

complete -c mailpipe -n '__fish_mailpipe_using parse' -l attachments -x -a '(__fish_complete_directories (commandline -ct))' -d 'Keep attachments as files in DIR; the record has their path instead of their content'
complete -c mailpipe -n '__fish_mailpipe_using parse' -l safe-html -d 'Add safeHtml: the HTML made inert for showing in a page; nothing in it runs or fetches'
complete -c mailpipe -n '__fish_mailpipe_using parse' -l no-content -d 'Describe attachments, but leave their content out'
complete -c mailpipe -n '__fish_mailpipe_using parse' -l only-type -x -d 'Give content only of attachments of this type, like image/*; describe the others. Repeatable'
complete -c mailpipe -n '__fish_mailpipe_using parse' -l nested -d 'Read attached messages too: each into nested of its attachment'
complete -c mailpipe -n '__fish_mailpipe_using parse' -l vocabulary -r -F -d 'Names of fields and values in other languages, YAML'
complete -c mailpipe -n '__fish_mailpipe_using parse' -l schema -r -F -d 'JSON Schema, in JSON or YAML, that data is held against'
complete -c mailpipe -n '__fish_mailpipe_using parse' -l account -x -a '(__fish_mailpipe_accounts)' -d 'Account whose key signs refs, for messages that fetch has not read'
complete -c mailpipe -n '__fish_mailpipe_using parse' -l keep-raw -d 'Keep raw, the message as it came'
complete -c mailpipe -n '__fish_mailpipe_using parse' -l max-size -x -d 'Of a larger message only the beginning is read'
complete -c mailpipe -n '__fish_mailpipe_using parse' -s j -l jobs -x -d 'Processes that read messages at the same time, 0 for one per processor; the order stays'
complete -c mailpipe -n '__fish_mailpipe_using parse' -l config -r -F -d 'Configuration file instead of the user\'s own; see mailpipe-config(5)'
complete -c mailpipe -n '__fish_mailpipe_using parse' -s h -l help -d 'Show this message and exit'
complete -c mailpipe -n '__fish_mailpipe_using parse' -F

complete -c mailpipe -n '__fish_mailpipe_using route' -l explain -d 'Say on stderr, and in route.tried, which rules were tried and what decided'
complete -c mailpipe -n '__fish_mailpipe_using route' -l dry-run -d 'Run no handler and write no file: say in route.would what would be done'
complete -c mailpipe -n '__fish_mailpipe_using route' -l check -d 'Only check the rules and their handlers; read no record'
complete -c mailpipe -n '__fish_mailpipe_using route' -l jobs -x -d 'Handle N messages at a time'
complete -c mailpipe -n '__fish_mailpipe_using route' -l max-attempts -x -d 'A message handed out more than N times fails without being handled'
complete -c mailpipe -n '__fish_mailpipe_using route' -l config -r -F -d 'Configuration file instead of the user\'s own; see mailpipe-config(5)'
complete -c mailpipe -n '__fish_mailpipe_using route' -s h -l help -d 'Show this message and exit'
complete -c mailpipe -n '__fish_mailpipe_using route' -F

complete -c mailpipe -n '__fish_mailpipe_using settle' -l processed -x -d 'Folder for what is processed'
complete -c mailpipe -n '__fish_mailpipe_using settle' -l failed -x -d 'Folder for what has failed'
complete -c mailpipe -n '__fish_mailpipe_using settle' -l max-attempts -x -d 'A message deferred at its Nth attempt has failed'
complete -c mailpipe -n '__fish_mailpipe_using settle' -l why -x -d 'Only tell why the message with that id has failed'
complete -c mailpipe -n '__fish_mailpipe_using settle' -l config -r -F -d 'Configuration file instead of the user\'s own; see mailpipe-config(5)'
complete -c mailpipe -n '__fish_mailpipe_using settle' -s h -l help -d 'Show this message and exit'

complete -c mailpipe -n '__fish_mailpipe_using check' -l prepare -d 'Also make missing folders, try to write a message, and make the keyword for fetch --claim known'
complete -c mailpipe -n '__fish_mailpipe_using check' -l rules -r -F -d 'Also look at this rule file; may be given again'
complete -c mailpipe -n '__fish_mailpipe_using check' -l json -d 'Write findings as JSON Lines'
complete -c mailpipe -n '__fish_mailpipe_using check' -l config -r -F -d 'Configuration file instead of the user\'s own; see mailpipe-config(5)'
complete -c mailpipe -n '__fish_mailpipe_using check' -s h -l help -d 'Show this message and exit'
complete -c mailpipe -n '__fish_mailpipe_using check' -a '(__fish_mailpipe_accounts)'

complete -c mailpipe -n '__fish_mailpipe_using leases' -l release -x -d 'End the lease of this id, or of the only one that begins so'
complete -c mailpipe -n '__fish_mailpipe_using leases' -l release-all -d 'End every lease that holds'
complete -c mailpipe -n '__fish_mailpipe_using leases' -l remembered -d 'Also list messages that nobody has, but whose attempts or outcome are remembered'
complete -c mailpipe -n '__fish_mailpipe_using leases' -l config -r -F -d 'Configuration file instead of the user\'s own; see mailpipe-config(5)'
complete -c mailpipe -n '__fish_mailpipe_using leases' -s h -l help -d 'Show this message and exit'
complete -c mailpipe -n '__fish_mailpipe_using leases' -a '(__fish_mailpipe_accounts) (__fish_mailpipe_urls )'

complete -c mailpipe -n '__fish_mailpipe_using preview' -l account -x -a '(__fish_mailpipe_accounts)' -d 'Account whose From is used where the template has none'
complete -c mailpipe -n '__fish_mailpipe_using preview' -l from -x -d 'Sender, instead of the template\'s'
complete -c mailpipe -n '__fish_mailpipe_using preview' -l to -x -d 'Recipient, instead of the template\'s to, cc and bcc'
complete -c mailpipe -n '__fish_mailpipe_using preview' -l subject -x -d 'Subject, instead of the template\'s'
complete -c mailpipe -n '__fish_mailpipe_using preview' -l lang -x -d 'Language tag, such as fr, instead of the template\'s'
complete -c mailpipe -n '__fish_mailpipe_using preview' -l base -r -F -d 'HTML file around the content'
complete -c mailpipe -n '__fish_mailpipe_using preview' -l attach -x -d 'File to attach, instead of the template\'s'
complete -c mailpipe -n '__fish_mailpipe_using preview' -l attach-root -x -a '(__fish_complete_directories (commandline -ct))' -d 'Folder below which files are attached'
complete -c mailpipe -n '__fish_mailpipe_using preview' -l json-part -x -a 'alternative attachment none' -d 'Where the data go: between text and HTML, beside them, or nowhere'
complete -c mailpipe -n '__fish_mailpipe_using preview' -l sign -l no-sign -d 'Sign with the account\'s certificate (S/MIME)'
complete -c mailpipe -n '__fish_mailpipe_using preview' -l encrypt -l no-encrypt -d 'Encrypt to the recipients\' certificates (S/MIME)'
complete -c mailpipe -n '__fish_mailpipe_using preview' -l markdown -d 'Send the Markdown, too, as text/markdown'
complete -c mailpipe -n '__fish_mailpipe_using preview' -l reply -d 'Answer parsed messages, which are read instead of data'
complete -c mailpipe -n '__fish_mailpipe_using preview' -l limit -x -d 'Show the first N records'
complete -c mailpipe -n '__fish_mailpipe_using preview' -l output -r -F -d 'Write the page to FILE instead of stdout'
complete -c mailpipe -n '__fish_mailpipe_using preview' -l open -d 'Open the page in the browser of $BROWSER or the desktop'
complete -c mailpipe -n '__fish_mailpipe_using preview' -l config -r -F -d 'Configuration file instead of the user\'s own; see mailpipe-config(5)'
complete -c mailpipe -n '__fish_mailpipe_using preview' -s h -l help -d 'Show this message and exit'
complete -c mailpipe -n '__fish_mailpipe_using preview' -F
complete -c mailpipe -n '__fish_mailpipe_needs_inner track' -k -a serve -d 'Serve pixels, and keep who opens what'
complete -c mailpipe -n '__fish_mailpipe_needs_inner track' -k -a events -d 'Write what was opened, one record for each event'
complete -c mailpipe -n '__fish_mailpipe_needs_inner track' -k -a report -d 'Show for each message and recipient whether it was opened'
complete -c mailpipe -n '__fish_mailpipe_needs_inner track' -k -a register -d 'Keep which token is whose, from records of sent messages'

complete -c mailpipe -n '__fish_mailpipe_needs_inner track' -s h -l help -d 'Show this message and exit'

complete -c mailpipe -n '__fish_mailpipe_using track serve' -l listen -x -d 'Where to listen; port 0 is any free one, and standard error tells which'
complete -c mailpipe -n '__fish_mailpipe_using track serve' -l own -x -d 'Network whose opens are our own, such as 192.0.2.0/24'
complete -c mailpipe -n '__fish_mailpipe_using track serve' -l behind -x -d 'Reverse proxy whose X-Forwarded-For is believed'
complete -c mailpipe -n '__fish_mailpipe_using track serve' -l observer -x -d 'Who may read /metrics'
complete -c mailpipe -n '__fish_mailpipe_using track serve' -l keep -x -d 'Forget what is older'
complete -c mailpipe -n '__fish_mailpipe_using track serve' -l config -r -F -d 'Configuration file instead of the user\'s own; see mailpipe-config(5)'
complete -c mailpipe -n '__fish_mailpipe_using track serve' -s h -l help -d 'Show this message and exit'

complete -c mailpipe -n '__fish_mailpipe_using track events' -l since -x -d 'Only newer ones: 2026-11-20, 2026-11-20T09:12, 36h, 7d'
complete -c mailpipe -n '__fish_mailpipe_using track events' -l follow -d 'Go on with what is opened from now on, until interrupted'
complete -c mailpipe -n '__fish_mailpipe_using track events' -l config -r -F -d 'Configuration file instead of the user\'s own; see mailpipe-config(5)'
complete -c mailpipe -n '__fish_mailpipe_using track events' -s h -l help -d 'Show this message and exit'

complete -c mailpipe -n '__fish_mailpipe_using track report' -l since -x -d 'Only newer ones: 2026-11-20, 2026-11-20T09:12, 36h, 7d'
complete -c mailpipe -n '__fish_mailpipe_using track report' -l format -x -a 'table jsonl html' -d 'How it is written'
complete -c mailpipe -n '__fish_mailpipe_using track report' -l config -r -F -d 'Configuration file instead of the user\'s own; see mailpipe-config(5)'
complete -c mailpipe -n '__fish_mailpipe_using track report' -s h -l help -d 'Show this message and exit'

complete -c mailpipe -n '__fish_mailpipe_using track register' -l config -r -F -d 'Configuration file instead of the user\'s own; see mailpipe-config(5)'
complete -c mailpipe -n '__fish_mailpipe_using track register' -s h -l help -d 'Show this message and exit'

complete -c mailpipe -n '__fish_mailpipe_using schema' -s h -l help -d 'Show this message and exit'
complete -c mailpipe -n '__fish_mailpipe_using schema' -a 'record config rules'

complete -c mailpipe -n '__fish_mailpipe_using demo' -s h -l help -d 'Show this message and exit'
