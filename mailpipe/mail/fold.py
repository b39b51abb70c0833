"""Folds names and words to one spelling: without case, accents, width, punctuation and spaces.

``Plate number``, ``plate_number``, ``PLATE-NUMBER`` and fullwidth letters are one key; ``Terminé`` and
``TERMINE`` are one word.  Folded text is for comparing only, it is never shown or stored.
"""

import unicodedata
from functools import lru_cache

# Letters that have no decomposition in Unicode although people type their base letter instead.
_PLAIN = str.maketrans(
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
        "ĸ": "k",
        "ŋ": "n",
    }
)
_ASCII = {number: chr(number).lower() if chr(number).isalnum() else None for number in range(128)}

# Marks that are accents or points have these combining classes; the others (vowel signs of Devanagari,
# tones of Thai, voicing of kana, ...) are letters of their script and tell words apart.
_ACCENTS = frozenset([1, *range(10, 37), *range(200, 241)])
_SELECTORS = frozenset(["\u034f", *map(chr, range(0xFE00, 0xFE10))])  # choose a glyph, not a letter


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """The text to compare by; never empty unless the text is blank.

    A text of symbols alone (``✓``, ``--``) has nothing left to compare by: it stands for itself.
    """
    folded = text.translate(_ASCII) if text.isascii() else _fold_unicode(text)
    return folded or _symbols(text)


def _symbols(text: str) -> str:
    symbols = "".join(unicodedata.normalize("NFKC", text).split())
    return "".join(char for char in symbols if char not in _SELECTORS) or symbols


def _fold_unicode(text: str) -> str:
    # Twice: case folding may give new decomposable letters, and İ folds to i and a dot above.
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = "".join(char for char in decomposed.translate(_PLAIN) if _is_told_apart(char))
    return unicodedata.normalize("NFC", kept)


def _is_told_apart(char: str) -> bool:
    category = unicodedata.category(char)[0]
    if category == "M":
        return char not in _SELECTORS and unicodedata.combining(char) not in _ACCENTS
    return category in "LN"
