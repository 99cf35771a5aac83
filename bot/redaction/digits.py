"""Runs of digits and what they are: accounts, cards, identity numbers, telephone numbers, or just long.

A run is cut into groups at its white space, and the longest row of groups that is something wins. Libraries are asked
about the first runs of a text only; in a longer text, which no person writes, a run is hidden unasked.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import regex  # type: ignore[import-untyped]

from bot.redaction.checksums import is_account, is_card, is_personal, is_social_security
from bot.redaction.phones import is_dialled, looks_dialled
from bot.redaction.values import Finding, Kind
from bot.redaction.words import ACCOUNT_WORDS, CARD_WORDS, IDENTITY_WORDS, PHONE_WORDS, UNITS_OF_AMOUNTS

MOST_ASKED = 200
"""Rows of groups of one text about which libraries are asked."""

_RUN = regex.compile(
    r"(?<![A-Za-z0-9_À-ɏ.\-])(?<!\d[,/:])(?<![$€£¥₹]\s?)(?:\(?\+|\()?+\s?+"
    r"\d(?:(?:\.(?=\d)|[ \t\u00a0]?+[()/\-–]{0,2}+[ \t\u00a0]?+)\d)*+"
    r"(?:[ \t]?+(?:x|ext\.?|extension|#|DW)[ \t]?+\d{1,6}+)?+",
    regex.IGNORECASE,
)
_GROUP = regex.compile(r"[^ \t\u00a0]++")
_GROUPS_MOST = 8
_LONG, _SHORT, _LONGEST = 9, 7, 20
_SURE = 13
"""Digits from which on a check digit is no accident of one of many countries' schemes."""
_DATE = regex.compile(
    r"(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d{2}))(?:\s+\d{1,2}(?:[.]\d{2})?)?"
    r"|(?:19|20)\d{2}\s?[-–/]\s?(?:19|20)?\d{2}"
)
_GROUPED_AMOUNT = regex.compile(r"[1-9]\d{0,2}(?:([. \u00a0])\d{3})(?:\1\d{3})*")
_UNIT = regex.compile(rf"\s?(?:[$€£¥₹%]|{UNITS_OF_AMOUNTS}\b)", regex.IGNORECASE)
_CALL, _IDENTITY, _ACCOUNT, _CARD = (
    regex.compile(rf"{words}[^\d\n]{{0,20}}$", regex.IGNORECASE)
    for words in (PHONE_WORDS, IDENTITY_WORDS, ACCOUNT_WORDS, CARD_WORDS)
)
_NEAR = 40
_NAMED_LEAST = 4
_IBAN = regex.compile(r"(?<!\w)[A-Za-z]{2}\d{2}(?:[ \t\u00a0-]?+[A-Za-z0-9]){11,30}+")
_IBAN_SHAPE = regex.compile(
    r"[A-Z]{2}\d{2}(?:[A-Z]{0,4}\d{8,26}|(?:[ \u00a0-][A-Z0-9]{4}){2,7}(?:[ \u00a0-][A-Z0-9]{1,3})?)(?![A-Za-z0-9])"
)
_BIC = regex.compile(
    r"(?i:\b(?:bic|swift)(?:\s?/\s?(?:bic|swift))?(?:[ -]code)?)(?:\s(?:is|lautet|es|est))?[\s:]{0,3}"
    r"(?P<bic>[A-Za-z]{6}[A-Za-z0-9]{2}(?:[A-Za-z0-9]{3})?)\b"
)
_EXTENSION = regex.compile(r"[ \t]?+(?:x|ext\.?|extension|#|DW)[ \t]?+\d{1,6}+$", regex.IGNORECASE)
_SEPARATOR = regex.compile(r"\D++")
_GROUP_LEAST = 3
_MIXED_DIGITS = 5
_TOKEN = regex.compile(r"(?<![\w./@=-])[A-Za-z0-9]{9,64}+(?![\w@-])")


def accounts(text: str) -> Iterator[Finding]:
    """IBANs, with or without spaces, and BICs that are called so."""
    for asked, found in enumerate(_IBAN.finditer(text), 1):
        length = _account_length(found.group()) if asked <= MOST_ASKED else 0
        if not length and (shaped := _IBAN_SHAPE.match(found.group())):
            length = shaped.end()  # mistyped, or not asked: nothing else is written so
        if length:
            yield _finding(text, found.start(), found.start() + length, Kind.ACCOUNT)
    for found in _BIC.finditer(text):
        yield _finding(text, found.start("bic"), found.end("bic"), Kind.ACCOUNT)


def mixed(text: str) -> Iterator[Finding]:
    """Words of letters and digits: identity numbers by their check character, others where five digits are in them."""
    asked = 0
    for found in _TOKEN.finditer(text):
        word = found.group()
        digits = sum(character.isdigit() for character in word)
        if digits == len(word) or digits < _MIXED_DIGITS:
            continue
        asked += 1
        personal = asked <= MOST_ASKED and is_personal(word)
        yield _finding(text, found.start(), found.end(), Kind.ID if personal else Kind.NUMBER)


def numbers(text: str, regions: tuple[str, ...]) -> Iterator[Finding]:
    """Cards, identity numbers, telephone numbers, accounts that are called so, and other long numbers."""
    asked = 0
    for found in _RUN.finditer(text):
        if len(_digits(found.group())) < _NAMED_LEAST:
            continue
        groups = [(found.start() + part.start(), found.start() + part.end()) for part in _GROUP.finditer(found.group())]
        first = 0
        while first < len(groups):
            if asked >= MOST_ASKED:
                yield from _unasked(text, groups[first][0], found.end())
                break
            row, kind = _longest(text, groups[first : first + _GROUPS_MOST], regions)
            asked += min(len(groups) - first, _GROUPS_MOST) - row + 1
            if kind is not None:
                yield _finding(text, groups[first][0], groups[first + row - 1][1], kind)
            first += max(row, 1)


def _longest(text: str, groups: Sequence[tuple[int, int]], regions: tuple[str, ...]) -> tuple[int, Kind | None]:
    """How many of the groups, from the first on, are something together, and what; (0, None): none is.

    What proves itself goes before what only looks like something: two numbers in a row stay two.
    """
    for judge in (_proven, _likely):
        for last in range(len(groups), 0, -1):
            kind = judge(text, groups[0][0], groups[last - 1][1], regions)
            if kind is not None:
                return last, kind
    return 0, None


def _unasked(text: str, start: int, end: int) -> Iterator[Finding]:
    if len(_digits(text[start:end])) >= _SHORT:
        yield _finding(text, start, end, Kind.NUMBER)


def _proven(text: str, start: int, end: int, regions: tuple[str, ...]) -> Kind | None:
    """What one row of groups proves to be by its check digits or by a country's plan."""
    number = _EXTENSION.sub("", text[start:end])
    digits = _digits(number)
    if len(digits) < _SHORT or _is_no_name(text, number, end):
        return None
    if is_card(digits):
        return Kind.CARD
    if (is_social_security(number) and "-" in number) or (len(digits) >= _SURE and is_personal(number)):
        return Kind.ID
    return Kind.PHONE if is_dialled(number, digits, regions) else None


def _likely(text: str, start: int, end: int, regions: tuple[str, ...]) -> Kind | None:  # noqa: ARG001 - as `_proven`
    """What one row of groups seems to be, by the words before it, its form and its length."""
    number = _EXTENSION.sub("", text[start:end])
    digits = _digits(number)
    if not _NAMED_LEAST <= len(digits) <= _LONGEST or _is_no_name(text, number, end):
        return _long(number, digits) if len(digits) > _LONGEST and number.isdigit() else None
    before = text[max(0, start - _NEAR) : start]
    if _CARD.search(before) and len(digits) > _LONG:
        return Kind.CARD
    for words, kind in ((_IDENTITY, Kind.ID), (_ACCOUNT, Kind.ACCOUNT)):
        if words.search(before) and " " not in number:
            return kind
    if len(digits) >= _SHORT and (looks_dialled(number, digits) or _CALL.search(before)):
        return Kind.PHONE
    return _long(number, digits)


def _is_no_name(text: str, number: str, end: int) -> bool:
    """Dates and amounts."""
    return bool(_DATE.fullmatch(number)) or _is_amount(text, number, end)


def _long(number: str, digits: str) -> Kind | None:
    groups = _SEPARATOR.split(number)
    if len(digits) < _LONG or max(len(group) for group in groups) < _GROUP_LEAST:
        return None
    return Kind.ID if is_personal(number) else Kind.NUMBER


def _is_amount(text: str, number: str, end: int) -> bool:
    return bool(_UNIT.match(text, end)) and (number.isdigit() or bool(_GROUPED_AMOUNT.fullmatch(number)))


def _account_length(written: str) -> int:
    """How many characters from the beginning are an IBAN; 0: none. Words may follow it."""
    ends = [place for place, (one, two) in enumerate(pairwise(written + " "), 1) if one.isalnum() and not two.isalnum()]
    return next((end for end in reversed(ends) if is_account(_compact(written[:end]))), 0)


def _finding(text: str, start: int, end: int, kind: Kind) -> Finding:
    written = text[start:end]
    return Finding(start, end, kind, _compact(written).upper() if kind is not Kind.PHONE else _phone_key(written))


def _phone_key(written: str) -> str:
    """Digits without the trunk zeros: 00 and + are the same."""
    return _digits(_EXTENSION.sub("", written).replace("(0)", "")).lstrip("0")


def _compact(written: str) -> str:
    return "".join(character for character in written if character.isalnum())


def _digits(written: str) -> str:
    return "".join(character for character in written if character.isdigit())
