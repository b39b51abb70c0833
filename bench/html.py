"""HTML to text: our reader beside BeautifulSoup's ``get_text`` on the same pages, in one process.

The pages are of three kinds: dense tables, as programs write them; answers of webmail; letters of Outlook.
"""

import random
import statistics
import time
from collections.abc import Callable

from bs4 import BeautifulSoup

from bench import corpus
from mailpipe.parse.htmltext import to_text

_OUTLOOK = (
    "<html><head><style><!-- p.MsoNormal, li.MsoNormal {margin:0cm; font-size:11.0pt;"
    'font-family:"Calibri",sans-serif;} a:link {color:#0563C1;} @page WordSection1 {size:612.0pt 792.0pt;}'
    "--></style></head><body lang=EN-GB link='#0563C1'><div class=WordSection1>"
)
_SPAN = "<span style='font-size:11.0pt;font-family:\"Calibri\",sans-serif;color:#1F497D'>"


def table(rng: random.Random, octets: int) -> str:
    """Rows of cells with a style each."""
    return corpus.html(rng, octets)


def webmail(rng: random.Random, octets: int) -> str:
    """Lines in div elements, and the question in a blockquote below."""
    lines = [f'<div>{prose(rng)}&nbsp;<a href="https://example.org/{n}">{n}</a></div>' for n in range(5)]
    while sum(map(len, lines)) < octets // 2:
        lines.append(f'<div style="font-family:Arial,sans-serif">{prose(rng)}</div><div><br></div>')
    half = "\n".join(lines)
    quote = '<blockquote class="quote" style="margin:0 0 0 .8ex;border-left:1px solid #ccc">'
    return f'<div dir="ltr">{half}</div><br>{quote}{half}</blockquote>'


def outlook(rng: random.Random, octets: int) -> str:
    """Paragraphs of spans with a style, an empty one between two."""
    paragraphs: list[str] = []
    while sum(map(len, paragraphs)) < octets:
        words = prose(rng).split(" ", 3)
        paragraphs.append(
            f"<p class=MsoNormal>{_SPAN}{words[0]} <b>{words[1]}</b> {words[-1]}<o:p></o:p></span></p>\n"
            f"<p class=MsoNormal>{_SPAN}<o:p>&nbsp;</o:p></span></p>\n"
        )
    return f"{_OUTLOOK}{''.join(paragraphs)}</div></body></html>"


def prose(rng: random.Random) -> str:
    """A sentence, wrapped as mail clients wrap."""
    words = rng.choices(corpus.WORDS, k=rng.randint(4, 24))
    return "\n".join(" ".join(words[n : n + 10]) for n in range(0, len(words), 10))


def by_soup(html: str) -> str:
    """What a script would do."""
    return BeautifulSoup(html, "html.parser").get_text()


def seconds(convert: Callable[[str], object], pages: list[str]) -> float:
    """Processor time for all pages."""
    began = time.process_time()
    for page in pages:
        convert(page)
    return time.process_time() - began


def main(count: int = 20, rounds: int = 5) -> None:
    """Print one ratio for each kind of page and one for all."""
    rng = random.Random(1)
    kinds = {
        kind: [kind(rng, rng.randint(5_000, 60_000)) for _ in range(count)]
        for kind in (table, webmail, outlook)
    }
    every = [page for pages in kinds.values() for page in pages]
    for title, pages in {**{kind.__name__: pages for kind, pages in kinds.items()}, "all": every}.items():
        pairs = [(seconds(to_text, pages), seconds(by_soup, pages)) for _ in range(rounds)]
        ratio = statistics.median(ours / theirs for ours, theirs in pairs)
        ours, theirs = min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)
        figures = f"{1e3 * ours / len(pages):.2f} ms / {1e3 * theirs / len(pages):.2f} ms a page"
        print(f"{f'HTML to text, {title}':34} {ratio:6.3f}  of bs4's get_text  ({figures})", flush=True)


if __name__ == "__main__":
    main()
