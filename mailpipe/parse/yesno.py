"""Words for yes and for no, in many languages, for fields that a schema calls boolean.

They are only asked where a schema wants a boolean; a vocabulary goes before them.
"""

from functools import cache

from mailpipe.mail.fold import fold

_YES = """
true yes y yep yeah ok okay oui si sì sí sim ja jawohl jo já jah kyllä igen evet hai ano áno tak да так ναι
نعم بله כן हाँ हां হ্যাঁ ஆம் ใช่ có vâng はい 是 是的 对 예 네 はい ya iya opo da taip jā igaz jep vrai wahr vero
verdadero verdadeiro waar sant sand prawda правда истина bəli հա այո კი иә ndiyo ndio yebo
"""
_NO = """
false no n nope non nein nee nej não nao nei ei nem hayır hayir nie нет ні οχι όχι لا نه خیر לא नहीं না இல்லை
ไม่ ไม่ใช่ không いいえ 否 不 不是 不对 아니요 아니오 tidak bukan nu nė nē faux falsch falso onwaar falsk fałsz
ложь xeyr ոչ არა жоқ hapana hindi ne не
"""


@cache
def _words() -> dict[str, bool]:
    words = {fold(word): True for word in _YES.split()}
    for word in _NO.split():
        words[fold(word)] = False
    return words


def read(text: str) -> bool | None:
    """What a word says, whatever its case and punctuation; None if it is neither."""
    return _words().get(fold(text)) if len(text) <= 40 else None
