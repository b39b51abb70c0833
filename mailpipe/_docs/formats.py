"""Computes section 5 of the manual: the record, the configuration, the rules."""

from collections.abc import Iterable

import msgspec

from mailpipe import __version__
from mailpipe._docs import meanings
from mailpipe._docs.examples import CONFIG, MORE_RULES, RECORD, RULES, VOCABULARY
from mailpipe._docs.members import JMAP, OWN, Member
from mailpipe._docs.roff import bold, inline, italic, literal, page, paragraph, prose, tagged
from mailpipe._docs.rulestext import CONDITIONS, HANDLERS, OUTCOMES, REPLIES, WEBHOOKS
from mailpipe._docs.structs import keys, summary
from mailpipe.config import Account, Config, Database, Folders, KeyPair, Secret, Server, Smime, Track, Trust
from mailpipe.route.checks import Operators
from mailpipe.route.ruletypes import Limits, Post, ReplyLimits, Rule, RuleFile

Section = tuple[str, list[str]]

# What people write where the type says less: rules are read as text, and turned into these later.
_WRITTEN = {
    (Operators, "exists"): "true or false",
    (Operators, "minimum"): "number or date",
    (Operators, "maximum"): "number or date",
    (Operators, "not"): "check",
    (Operators, "count"): "number or check",
    (Rule, "when"): "mapping of paths to checks",
}
_NOT_WRITTEN = {(Account, "name")}


def record_page() -> str:
    """mailpipe-record(5)."""
    about = (
        "What flows between the stages of mailpipe is one JSON object per line: the record of one message. "
        "It grows as it travels: a stage adds members and keeps every member that it does not know. "
        "Two members are dropped when they are used up, because they are large: raw by parse and by send.",
        "A record is an Email object of JMAP (RFC 8621 section 4) with a few members of mailpipe's own. "
        "A member that has nothing to say is left out or null.",
    )
    reading = (
        meanings.READING,
        "NaN and Infinity are refused. 1.10 stays 1.10, and an integer stays exact whatever its size. A lone "
        "surrogate is replaced by U+FFFD, and a line longer than 64 MiB is an error.",
    )
    sections: list[Section] = [
        ("DESCRIPTION", prose(about)),
        ("READING AND WRITING", prose(reading)),
        ("MEMBERS OF JMAP", _members(JMAP)),
        ("MEMBERS OF MAILPIPE", _members(member for member in OWN if member.by)),
        ("RESERVED MEMBERS", _reserved(member for member in OWN if not member.by)),
        ("EXAMPLES", ["A record on its way back, shortened and folded:", *literal(RECORD)]),
        ("SEE ALSO", _see_also("mailpipe(1)", "mailpipe-parse(1)", "mailpipe-rules(5)")),
    ]
    return page("mailpipe-record", 5, __version__, "what flows between the stages of mailpipe", sections)


def _members(members: Iterable[Member]) -> list[str]:
    return tagged((f"{bold(one.name)} ({inline(one.type)})", _member(one)) for one in members)


def _member(member: Member) -> list[str]:
    by = f"By {', '.join(member.by)}." if len(member.by) < 7 else "By any stage."
    return [*paragraph(member.brief), *(paragraph(member.more) if member.more else []), by]


def _reserved(members: Iterable[Member]) -> list[str]:
    listed = tagged((bold(one.name), paragraph(one.brief)) for one in members)
    return (
        ["Names that stages of this version do not write, but that have their meaning:", *listed]
        if listed
        else []
    )


def config_page() -> str:
    """mailpipe-config(5)."""
    about = (
        "One YAML file holds what is the same in every run: the domain, and the accounts. The options of a "
        "command come before it. A key that is not known is an error.",
        "The file is $XDG_CONFIG_HOME/mailpipe/config.yaml, or the one that --config or MAILPIPE_CONFIG "
        "names. A file that belongs to somebody else, or that everybody may write, is refused. Names of "
        "files in it are relative to its folder.",
    )
    parts: dict[str, type[msgspec.Struct]] = {
        "AN ACCOUNT": Account,
        "A SERVER": Server,
        "FOLDERS": Folders,
        "TRUST": Trust,
        "SMIME": Smime,
        "SMIME: A KEY PAIR": KeyPair,
        "TRACKING": Track,
        "A DATABASE": Database,
        "A SECRET": Secret,
    }
    sections: list[Section] = [
        ("DESCRIPTION", prose(about)),
        ("THE FILE", _keys(Config)),
        *((title, [*paragraph(summary(struct)), *_keys(struct)]) for title, struct in parts.items()),
        ("EXAMPLES", literal(CONFIG)),
        ("SEE ALSO", _see_also("mailpipe(1)", "mailpipe-send(1)", "mailpipe-fetch(1)", "mailpipe-settle(1)")),
    ]
    return page("mailpipe-config", 5, __version__, "the configuration of mailpipe", sections)


def rules_page() -> str:
    """mailpipe-rules(5)."""
    about = (
        "A rule file says what is done with each parsed message. It is YAML: a list of rules, in order. "
        "The first rule whose conditions all hold is the only one that counts, unless it says continue; a "
        "message that no rule fits has failed.",
        "Every value is the text that is typed: NO, 0123 and 1.10 stay what they are. A key that is not "
        "known, a key that is written twice, a tag or an alias is an error, and `mailpipe route --check` "
        "finds it.",
    )
    sections: list[Section] = [
        ("DESCRIPTION", prose(about)),
        ("THE FILE", _keys(RuleFile)),
        ("A RULE", _keys(Rule)),
        ("CONDITIONS", [*prose(CONDITIONS), *_keys(Operators)]),
        ("HANDLERS", prose(HANDLERS)),
        ("WEBHOOKS", [*prose(WEBHOOKS), *_keys(Post)]),
        ("REPLIES", [*prose(REPLIES), *_keys(ReplyLimits)]),
        ("LIMITS", [*paragraph(summary(Limits)), *_keys(Limits)]),
        ("OUTCOMES", prose(OUTCOMES)),
        (
            "EXAMPLES",
            [
                *("Rules:", *literal(RULES), "The vocabulary they name:", *literal(VOCABULARY)),
                *("A webhook, an answer, a capture, and a rule that goes on:", *literal(MORE_RULES)),
            ],
        ),
        ("SEE ALSO", _see_also("mailpipe-route(1)", "mailpipe-settle(1)", "mailpipe-record(5)")),
    ]
    return page("mailpipe-rules", 5, __version__, "which handler gets which message", sections)


def _keys(struct: type[msgspec.Struct]) -> list[str]:
    return tagged(
        (
            f"{bold(key.name)}: {italic(_WRITTEN.get((struct, key.name), key.type))}",
            [*paragraph(key.meaning), *([f"Otherwise: {inline(key.default)}."] if key.default else [])],
        )
        for key in keys(struct)
        if (struct, key.name) not in _NOT_WRITTEN
    )


def _see_also(*pages: str) -> list[str]:
    return [inline(name + ("," if name != pages[-1] else "")) for name in pages]
