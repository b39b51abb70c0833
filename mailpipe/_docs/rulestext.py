"""The prose of mailpipe-rules(5) that no type says."""

CONDITIONS = (
    "when is a mapping, and every entry of it must hold. The key of an entry is the dotted path of a "
    "member, as in auto.class or data.status; see mailpipe-record(5). A list stands for its items, and * "
    "for every name of an object, as in deliveryStatus.*.hard; headers.List-Id is the value of that header"
    " field. If there are several values, any of them may pass; of from and sender every one must, so that"
    " a second author cannot borrow the rule of the first.",
    "The value of an entry is what is wanted: a word, or a list of words, of which any may match, or a "
    "mapping of the operators below. In a word * stands for any characters, and ? for one. null is a "
    "member that is null or not there. true and yes are the same, and so are false and no.",
    "Words are compared by the kind of the member. Under data case, accents, width, punctuation and spaces"
    " do not count, and the vocabulary is asked, both for the names of fields and for their values: "
    "data.status: done holds for Statut: Terminé. Subjects and texts are compared in the same way without "
    "the vocabulary. Of an address only the addr-spec counts, never the display name, and only the case of"
    " ASCII letters is ignored. All else is compared as it is but for the case of ASCII letters. Numbers "
    "are compared as numbers.",
    "answerable is a member that no record has: whether the message may be answered by a machine, see "
    "REPLIES below.",
    "A pattern (matches) is a regular expression as in Python, looked for in the text as it was typed, "
    "without regard to case if it begins with (?i). It takes time in proportion to the text, whatever the "
    "text is, and so it has no backreferences and no looking around. Of a long text only the first 100000 "
    "characters are looked at, and fewer for a large pattern. What (?P<name>...) captures is "
    '"{captures.name}" in the arguments of the rule, and route.captures in the record that its handler sees.',
    "any and all, each with a list of conditions, and not, with one condition, group conditions:",
    "\b\nwhen:\n  any:\n    - {auto.class: bounce}\n    - {subject: {contains: [urgent, dringend]}}\n  not: "
    '{from: "*@example.org"}',
    "The operators:",
)

HANDLERS = (
    "run names a program and its arguments. A program with a slash is relative to the folder of the rule "
    "file, one without is looked for on PATH. It must be there when route starts, and must not be writable"
    " by group or others. It reads the record as one line of JSON on standard input, and need not read it."
    " It works in the folder of the rule file, or in cwd. There is never a shell between, and nothing of a "
    "message is in its environment, which is PATH, LANG, HOME, XDG_CONFIG_HOME, XDG_STATE_HOME, "
    "MAILPIPE_CONFIG, MAILPIPE_ID and MAILPIPE_ATTEMPT.",
    'An argument that is exactly "{ref.id}" is the value of that member. It must be one text or number. '
    'A value that begins with "-", has control characters, is empty or longer than 4096 characters is '
    "refused, and the message "
    "has failed. Doubled braces stand for braces.",
    "Handlers can be run twice for one message: when the computer stops between the end of a handler and "
    "settle. MAILPIPE_ID is the same for the same message, and MAILPIPE_ATTEMPT counts from 1.",
    "After timeout seconds the handler and everything it has started are asked to end, and killed five "
    "seconds later. What it prints is read to its end; the first 4096 octets of each output are kept in "
    "the record.",
    "If a rule says continue, and its handler succeeds, the rules below it are tried as well. The last rule "
    "that is met gives the outcome; a handler that does not succeed ends the matter there. When the message "
    "comes again, all of them are run again.",
    "append names a JSON Lines file in the folder of the rule file, or below it, or anywhere by its "
    "absolute path. The record is added in one piece, and is on disk before the next stage hears of it.",
)

WEBHOOKS = (
    "post sends the record as JSON by HTTPS, signed with a secret that the receiver knows as well. It is a "
    "URL, or a mapping with the keys below. The certificate of the server must be good. Redirects are not "
    "followed. The name of the server is resolved once, and if one of its addresses is not for everybody "
    "(this computer, private networks, the services of a cloud) nothing is sent, unless the rule says "
    "private.",
    "Mailpipe-Signature: t=TIME,v1=HEX is the time in seconds since the epoch and the HMAC-SHA-256 of that "
    "time, a dot and the body. A receiver computes the same and refuses what differs or is older than some "
    "minutes. Idempotency-Key is the id of the record: the same for the same message.",
    "An answer of 2xx gives the outcome of the rule. 408, 425, 429, 503 and no answer at all are tried again "
    "for a moment, and then deferred; everything else is failed. At most 64 kB of the answer are read, and "
    "4096 characters are kept in the record.",
)

REPLIES = (
    "reply names a program that answers the message, such as a script of mailpipe render and mailpipe send."
    " It is run only if the message may be answered by a machine (RFC 3834): it has one sender, who is not "
    "ourselves and not proven false, no machine wrote it, and its sender has not asked for silence. A rule "
    "whose outcome is failed answers only if auth.verified or ref.verified is true. Replies are also "
    "counted, with the limits below, so that two machines cannot go on answering each other; with status "
    "0, or killed, the program counts as having answered. Why a reply was withheld is route.reply.withheld. "
    "A reply that fails changes the outcome only if the rule has no other handler.",
)

OUTCOMES = (
    "A handler that ends with status 0 gives the outcome of its rule, which is processed unless it says "
    "otherwise. Status 75 is deferred, and so is a handler that takes too long or is killed by a signal. "
    "Every other status is failed. After append, and without a handler, the outcome is that of the rule. A"
    " handler that cannot be started at all is no verdict: route ends, and the messages stay where they "
    "are.",
    "Of a webhook that does not answer, or answers 503, three times in a row nothing is asked for a minute. "
    "What would go there is deferred, and route ends with status 75. A message for which it was not even "
    "reached, or was busy, is not counted as attempted (route.blameless), so that no outage fails a message.",
    "A message that was handed out more often than --max-attempts and is still not settled has failed without"
    " being handled: it is one that ends whatever handles it.",
)
