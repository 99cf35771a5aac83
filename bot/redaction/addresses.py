"""Lines of postal addresses, by the words that streets are called, by postcodes, and by what introduces them.

A place without a number is no address, except a French street.
"""

from collections.abc import Iterator

import regex  # type: ignore[import-untyped]

from bot.redaction.values import Finding, Kind
from bot.redaction.words import (
    CAPITAL_COMPOUND_STREETS,
    COMPOUND_STREETS,
    NAME_LAST_STREETS,
    NO_RING,
    NO_STREETS,
    NUMBER_FIRST_STREETS,
    PARTICLES,
    SENTENCE_STARTS,
    STREETS,
    UNITS,
    USUAL_STREETS,
)

_GAP = r"[ \t\u00a0]"
_CAP = r"(?:\p{Lu}\p{L}{0,3}\.(?!\w)|\p{Lu}[\p{L}\p{M}'’-]*+)"
_HOUSE = rf"\d{{1,5}}+(?:{_GAP}?[-/–]{_GAP}?\d{{1,4}}+)?(?:{_GAP}?[A-Ha-h]|{_GAP}(?:bis|ter))?(?!\w)"
_NOT_BEFORE = r"(?<![\w.,$€£#:-])"
_POSTCODE = (
    r"(?:[A-Z]{1,2}\d[A-Z\d]?[ ]?\d[A-Z]{2}|[A-Z]\d[A-Z][ ]?\d[A-Z]\d|\d{4}[ ]?[A-Z]{2}(?!\w)|\d{2}-\d{3}|"
    r"\d{3}[ ]\d{2}|(?:[A-Z]{1,2}-)?\d{4,6}(?:-\d{3,4})?)(?!\w)"
)
_UNIT = rf"(?:(?:(?i:{UNITS})\.?[ ]?#?|#[ ]?)[\w/-]{{1,7}}(?!\w))"
_NAME = (
    rf"(?:(?:{PARTICLES}{_GAP}|[dl]['’]){{0,4}}+(?:\p{{L}}{{1,4}}\.(?!\w)|[\p{{L}}\d][\p{{L}}\d'’-]*+))"
    rf"(?:{_GAP}(?:{PARTICLES}{_GAP}){{0,3}}{_CAP}){{0,4}}+"
)
_PLACE_WORD = rf"(?!(?:{SENTENCE_STARTS})\b){_CAP}"
_CITY = (
    rf"{_PLACE_WORD}(?:[ -](?:{PARTICLES}[ -]){{0,3}}{_PLACE_WORD}){{0,3}}"
    r"(?:[ ](?:los|las|de|del|da|do|la)[ ]\p{Ll}{3,9}\b|(?:[ ][\p{L}'’]++){1,2}(?=[ ]\([A-Z]{2}\)))?"
)
_STATE = r"(?:,?[ ](?:(?:[/-][ ])?[A-Z]{2,5}\.?(?!\w)|\([A-Z]{2}\)))"
_BREAK = rf"(?:{_GAP}?,?{_GAP}?\n{_GAP}?|{_GAP}?,{_GAP}?)"
_ENDS = rf"(?={_GAP}?(?:[.,;:!?)\n]|$))"
_TAIL = (
    rf"(?:(?:{_BREAK}|{_GAP}(?:-{_GAP})?)(?:{_UNIT}|{_POSTCODE}(?:{_GAP}{_CITY}{_STATE}?)?"
    rf"|{_CITY}{_STATE}?(?:,?{_GAP}|-|(?<=-)){_POSTCODE}(?:{_GAP}{_CITY}{_STATE})?)|{_BREAK}{_CITY}{_STATE}?{_ENDS}){{0,6}}"
)
PATTERNS = tuple(
    regex.compile(form)
    for form in (
        # 12 Long Meadow Lane, Flat 3
        rf"{_NOT_BEFORE}{_HOUSE},?{_GAP}(?:(?:{_CAP}|\d{{1,3}}(?:st|nd|rd|th)){_GAP}){{1,4}}?(?i:{STREETS})\b\.?"
        rf"(?:{_GAP}(?:[NSEW]{{1,2}}|North|South|East|West)\b)?{_TAIL}",
        # 12 main street
        rf"{_NOT_BEFORE}{_HOUSE},?{_GAP}(?:(?!{NO_STREETS}\b)\p{{L}}[\w'’-]*+{_GAP}){{1,3}}?(?i:{USUAL_STREETS})\b\.?{_TAIL}",
        # 12, rue de la Paix
        rf"{_NOT_BEFORE}{_HOUSE},?{_GAP}(?i:{NUMBER_FIRST_STREETS}){_GAP}{_NAME}{_TAIL}",
        # rue de la Paix, of which no other word is said
        rf"(?<![\w'’.-])(?:(?:[Rr]ue|[Cc]hemin|[Ii]mpasse|[Rr]uelle){_GAP}|(?:[Bb]oulevard|[Aa]venue){_GAP}(?=d))"
        rf"(?:(?:de|du|des|la|le|les){_GAP}|[dl]['’]){{0,3}}"
        rf"{_CAP}(?:{_GAP}(?:{PARTICLES}{_GAP}){{0,3}}{_PLACE_WORD}){{0,4}}+{_TAIL}",
        # Calle de la Luna, n.º 12
        rf"(?<![\w'’.-])(?:{NAME_LAST_STREETS}|An der|Auf dem|In der){_GAP}{_NAME},?{_GAP}?"
        rf"(?:(?:n[.º°o]{{0,2}}|num\.?|nr\.?){_GAP}?)?(?:{_HOUSE}|[Ss]/?[Nn](?!\w))(?:{_GAP}\d{{3}}(?!\w))?{_TAIL}",
        # Hauptstraße 5
        rf"(?<![\w'’.-])(?!{NO_RING}\b)(?:{_CAP}{_GAP})?(?:\p{{L}}[\p{{L}}'’.-]{{0,30}}?(?i:{COMPOUND_STREETS})|"
        rf"\p{{Lu}}[\p{{L}}'’.-]{{1,30}}?(?i:{CAPITAL_COMPOUND_STREETS})),?{_GAP}{_HOUSE}{_TAIL}",
        # Berliner Straße 5
        rf"(?<![\w'’.-])(?:{_CAP}{_GAP}){{1,2}}(?:[Ss]tra(?:ß|ss)e|[Ww]eg|[Aa]llee|[Gg]asse|[Pp]latz){_GAP}"
        rf"{_HOUSE}{_TAIL}",
        # Lindenhof 5, 1234 Dorf
        rf"(?<![\w'’.-])(?:{_CAP}{_GAP}){{1,4}}+{_HOUSE}(?:,?\s\n?){_POSTCODE}{_GAP}{_CITY}{_TAIL}",
        # Springfield, IL 62704
        rf"(?<![\w'’.-]){_CITY},{_GAP}[A-Z]{{2}}{_GAP}\d{{5}}(?:-\d{{4}})?(?!\w)",
        # SW1A 1AA
        r"(?<!\w)[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}(?!\w)",
        rf"(?<!\w)(?i:p\.?{_GAP}?o\.?{_GAP}?box|post office box|postfach|postbus|casella postale|apartado)"
        rf"{_GAP}\d{{1,6}}(?!\w){_TAIL}",
        rf"(?<!\w)(?:US[A-Z]{{1,3}}{_GAP}{_CAP}|PSC{_GAP}\d{{1,5}}|Unit{_GAP}\d{{1,5}})(?:,?{_GAP}Box{_GAP}\d{{1,5}})?,?"
        rf"\s{{1,2}}[AFD]PO,?{_GAP}[A-Z]{{2}}{_GAP}\d{{5}}",
        # my address is ...
        r"(?i:\b(?:address(?:\s(?:is|as|was|to)|\s?:)|liv(?:e|es|ing)\s(?:at|in)|(?:ship|send|deliver|forward|mail)(?:ed)?\s"
        r"(?:(?:it|this|them|that|everything)\s)?to|moved\sto|pick(?:ed)?\s(?:me\s)?up\s(?:at|from)|located\sat|"
        r"(?:adresse|anschrift|dirección|indirizzo|adres|endereço|morada|adress|adresen)\s?(?:ist|lautet|est|es|is|è|é|är|:)|"
        r"wohne\sin|vivo\sen|habite|abito\sin|woon\s(?:op|in))\s?:?\s?|地址[是为]?\s?[:：]?\s?)"
        rf"(?P<place>(?:(?:{PARTICLES}{_GAP}){{0,4}}+(?:{_PLACE_WORD}|[A-Z]{{0,2}}-?\d[\w/-]*+|\([A-Z]{{2}}\)|#\d++|"
        r"[dl]['’]\p{Lu}[\p{L}'’-]*+)(?:[ ]?,?[ \t\u00a0]?+(?:-[ ])?+)){1,20}+)",
    )
)
_UNIT_BEFORE = regex.compile(
    rf"(?<!\w)(?:{_UNIT}{_GAP}?[,/]?{_GAP}?\n?|(?i:(?:h|house|plot|door)\.?{_GAP}?no)\.?{_GAP}?)$"
)
_UNIT_LONGEST = 24


def postal(text: str) -> Iterator[Finding]:
    """Addresses with a number in them."""
    for pattern in PATTERNS:
        for found in pattern.finditer(text):
            start, end = found.span("place" if pattern.groups else 0)
            if pattern.groups and not any(character.isdigit() for character in text[start:end]):
                continue
            before = _UNIT_BEFORE.search(text, max(0, start - _UNIT_LONGEST), start)
            yield _finding(text, before.start() if before else start, end)


def _finding(text: str, start: int, end: int) -> Finding:
    value = text[start:end].rstrip(" \t\u00a0\n,.-")
    return Finding(start, start + len(value), Kind.ADDRESS, " ".join(value.casefold().replace(",", " ").split()))
