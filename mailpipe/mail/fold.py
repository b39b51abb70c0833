"""Folds names and words to one spelling: without case, accents, width, punctuation and spaces.

``Plate number``, ``plate_number``, ``PLATE-NUMBER`` and fullwidth letters are one key; ``Terminé`` and
``TERMINE`` are one word.  Folded text is for comparing only, it is never shown or stored.
"""

import unicodedata
from functools import lru_cache

# Letters that NFKD leaves alone although people leave out the stroke or the ligature.
_LETTERS = str.maketrans(
    {
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "ø": "o",
        "ı": "i",
        "ħ": "h",
        "ŧ": "t",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "°": "o",  # N° is No
        "ی": "ي",  # Persian and Arabic keyboards
        "ک": "ك",
        "ـ": "",  # Arabic tatweel only stretches a word
    }
)
# Marks that are accents or points have these combining classes; the others (vowel signs of Devanagari,
# tones of Thai, voicing of kana, ...) are letters of their script and tell words apart.
_ACCENTS = frozenset([1, *range(10, 37), *range(200, 241)])
_SELECTORS = frozenset(["\u034f", *map(chr, range(0xFE00, 0xFE10))])  # choose a glyph, not a letter


class _Plain(dict[int, int | str | None]):
    """What becomes of each letter, found out when it is first met; scripts of many signs are not kept."""

    def __missing__(self, code: int) -> int | None:
        char = chr(code)
        is_accent = char in _SELECTORS or unicodedata.combining(char) in _ACCENTS
        result = None if is_accent else code
        if code < _MANY_SIGNS:
            self[code] = result
        return result


_MANY_SIGNS = 0x3000  # from here on: ideographs and syllables
_PLAIN = _Plain(_LETTERS)
_ASCII = {number: chr(number).lower() if chr(number).isalnum() else None for number in range(128)}

_LONGEST = 200  # characters; a longer text is not a name, and is not worth remembering


def plain(text: str) -> str:
    """Lower case without accents, ligatures and width; punctuation and spaces stay."""
    if text.isascii():
        return text.lower()
    # Twice: case folding may give new letters to decompose, and İ folds to i with a dot above.
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", decomposed.translate(_PLAIN))


def fold(text: str) -> str:
    """The text to compare by; never empty unless the text is blank.

    A text of symbols alone (``✓``, ``--``) has nothing left to compare by: it stands for itself.
    """
    return _remembered(text) if len(text) <= _LONGEST else _folded(text)


def _folded(text: str) -> str:
    if text.isascii():
        return text.translate(_ASCII) or "".join(text.split())
    lowered = plain(text)
    kept = "".join(char for char in lowered if unicodedata.category(char)[0] in "LNM")
    return kept or "".join(lowered.split()) or "".join(text.split())


_remembered = lru_cache(maxsize=4096)(_folded)
