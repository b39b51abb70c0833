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
    "any and all, each with a list of conditions, and not, with one condition, group conditions:",
    "\b\nwhen:\n  any:\n    - {auto.class: bounce}\n    - {subject: {contains: [urgent, dringend]}}\n  not: "
    '{from: "*@example.org"}',
    "The operators:",
)

HANDLERS = (
    "run names a program and its arguments. A program with a slash is relative to the folder of the rule "
    "file, one without is looked for on PATH. It must be there when route starts, and must not be writable"
    " by group or others. It reads the record as one line of JSON on standard input, and need not read it."
    " It works in the folder of the rule file. There is never a shell between, and nothing of a message is"
    " in its environment, which is PATH, LANG, HOME, XDG_CONFIG_HOME, XDG_STATE_HOME, MAILPIPE_CONFIG, "
    "MAILPIPE_ID and MAILPIPE_ATTEMPT.",
    'An argument that is exactly "{ref.id}" is the value of that member. It must be one text or number. '
    'A value that begins with "-", has control characters, is empty or longer than 4096 characters is '
    "refused, and the message "
    "has failed. Doubled braces stand for braces.",
    "Handlers can be run twice for one message: when the computer stops between the end of a handler and "
    "settle. MAILPIPE_ID is the same for the same message, and MAILPIPE_ATTEMPT counts from 1.",
    "After timeout seconds the handler and everything it has started are asked to end, and killed five "
    "seconds later. What it prints is read to its end; the first 4096 octets of each output are kept in "
    "the record.",
    "append names a JSON Lines file in the folder of the rule file, or below it, or anywhere by its "
    "absolute path. The record is added in one piece, and is on disk before the next stage hears of it.",
)

OUTCOMES = (
    "A handler that ends with status 0 gives the outcome of its rule, which is processed unless it says "
    "otherwise. Status 75 is deferred, and so is a handler that takes too long or is killed by a signal. "
    "Every other status is failed. After append, and without a handler, the outcome is that of the rule. A"
    " handler that cannot be started at all is no verdict: route ends, and the messages stay where they "
    "are.",
)
