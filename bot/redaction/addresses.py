"""Lines of postal addresses: by how they are built, by the words that streets are called, and by what introduces them.

A street needs a number or what only an address has, such as a postcode with a town; a French street does not, nor does
what follows "my address is".
"""

from collections.abc import Iterator
from typing import Any

import regex  # type: ignore[import-untyped]

from bot.redaction.streets import (
    CAPITAL_COMPOUND_STREETS,
    CAPITAL_STREETS,
    CAPITAL_STREETS_BEFORE,
    COMPOUND_STREETS,
    FLOORS,
    GOES_ON,
    MONTHS,
    NAME_LAST_STREETS,
    NO_COMPOUND,
    NO_COUNTED,
    NO_HEADS,
    NO_STREETS,
    NUMBER_FIRST_STREETS,
    PARTICLES,
    REGIONS,
    SENTENCE_STARTS,
    SLAVIC_ENDS,
    STREETS,
    STREETS_AFTER,
    STREETS_BEFORE,
    STRONG_UNITS,
    UNITS,
    USUAL_STREETS,
)
from bot.redaction.values import Finding, Kind

_GAP = r"[ \t\u00a0]"
_CAP = r"(?:(?:\p{Lu}\.){2,4}|\p{Lu}\p{L}{0,3}\.(?!\w)|\p{Lu}[\p{L}\p{M}'’–-]*+(?!(?<!-)\d))"
_NUMBER = rf"\d{{1,5}}+[A-Za-z]?(?:{_GAP}?[-/–]{_GAP}?\d{{1,4}}+[A-Za-z]?)?"
_FIRST = rf"{_NUMBER}(?!\w)(?:{_GAP}(?:bis|ter)(?!\w))?"
_HOUSE = rf"{_NUMBER}(?:{_GAP}?/?[A-Ha-h](?:{_GAP}?\d{{1,3}}(?!\d))?+(?![\w:])|{_GAP}(?:bis|ter))?(?!\w)"
_NOT_BEFORE = r"(?<![\w.,$€£#:-])"
_BEGIN = r"(?<![\w'’.-])"
_POSTCODE = (
    r"(?:[A-Z]{1,2}\d[A-Z\d]?[ ]?\d[A-Z]{2}|[A-Z]\d[A-Z][ ]?\d[A-Z]\d|[A-Z]\d[\dW][ ]?[A-Z\d]{4}|"
    r"\d{4}[ ]?[A-Z]{2}(?!\w)|\d{2}-\d{3}|\d{3}[ ]\d{2}|(?:[A-Z]{1,2}-)?\d{4,8}(?:-\d{3,5})?)(?!\w)"
)
_VALUE = r"(?:\d\w{0,6}(?:[/-](?:\d\w{0,3}|[A-Z](?!\w)))?|[A-Z]{1,2}\d{0,4}|[IVX]{1,4})(?!\w)"
_MARK = rf"(?:(?i:n[.º°o]{{0,2}}|num\.?|n[ru]o?\.?|č\.(?:p\.)?|št\.|br\.|kbr\.|hausnr\.?)(?:{_GAP}?:)?{_GAP}?|#{_GAP}?)"
_UNIT = (
    rf"(?:(?:(?i:\L<units>)(?:\.{_GAP}?|:?{_GAP})(?i:no\.?{_GAP}?)?[#]?|#[ ]?){_VALUE}"
    rf"|(?i:(?:\d{{1,3}}(?:st|nd|rd|th|[.º°ªᵉ]|er|e|ème)?|[IVX]{{1,4}}\.?|ground|upper|fszt\.?){_GAP}(?:{FLOORS}))(?!\w)"
    rf"|(?i:fszt|ptr)\.?(?!\w))"
)
_WORD = rf"(?!{_MARK}\d)(?!(?i:\L<units>)\.?{_GAP}#?\d)(?!\L<starts>\b(?!\.){_GAP}*+(?!\d)){_CAP}"
_DATED = rf"\d{{1,2}}\.{_GAP}?\p{{L}}[\p{{L}}]*+"
_NAME = (
    rf"(?:(?:{PARTICLES}{_GAP}|[dl]['’]){{0,4}}+(?:(?:\p{{Lu}}\.){{2,4}}|\p{{L}}{{1,4}}\.(?!\w)|{_DATED}|"
    rf"[\p{{L}}\d][\p{{L}}\dª'’-]*+))"
    rf"(?:{_GAP}(?:{PARTICLES}{_GAP}){{0,3}}{_WORD}){{0,5}}+(?:{_GAP}-(?:sur|sous|la|le)-{_CAP})?"
)
_LOWER = rf"(?!(?:\L<goes_on>|{PARTICLES})\b)\p{{Ll}}[\p{{Ll}}'’-]++"
_FREE_NAME = (
    rf"(?:{_DATED}|(?:{PARTICLES}{_GAP}){{0,2}}+(?:{_CAP}|{_LOWER}|\d{{1,3}}[A-Z]?(?!\w)))"
    rf"(?:{_GAP}(?:(?:{PARTICLES}{_GAP}){{0,2}}{_WORD}|{_LOWER})){{0,4}}?"
)
_PLACE_WORD = rf"(?!\L<starts>\b){_CAP}"
_CITY = (
    rf"{_PLACE_WORD}(?:(?:[ ]-|--|[ -])(?:{PARTICLES}[ -]){{0,3}}{_PLACE_WORD}){{0,5}}+"
    rf"(?:[ ]-(?:sur|sous|la|le)-{_CAP})?"
    rf"(?:[ ](?:los|las|de|del|da|do|la)[ ]\p{{Ll}}{{3,9}}\b|(?:[ ][\p{{L}}'’]++){{1,2}}(?=[ ]\([A-Z]{{2}}\)))?"
    rf"(?:[ ]\d{{1,2}}(?!\w)(?!{_GAP}\p{{L}}))?"
)
_STATE = r"(?:,?[ ](?:(?:[/-][ ])?[A-Z]{2,5}\.?(?!\w)|\([A-Z]{2}\)))"
_BREAK = rf"(?:{_GAP}?,?{_GAP}?\n{_GAP}?|{_GAP}?,{_GAP}?)"
_ENDS = rf"(?={_GAP}?(?:[.,;:!?)\n]|$)|{_GAP}(?:\L<goes_on>|\L<starts>)\b|{_GAP}\d{{1,2}}{_GAP}\p{{Ll}})"
_SIDE = (
    rf"(?:{_GAP}(?:[NSEW]{{1,2}}|North|South|East|West|Norte|Sur|Este|Oeste|Nord|Sud|Est|Ouest|"
    r"Extension|Ext\.?)(?![\w.°º]))"
)
_TAIL = (
    rf"(?:(?:{_BREAK}|{_GAP}(?:[-–/]{_GAP})?|(?<=\.)|{_GAP}?/{_GAP}?"
    rf"|\.{_GAP}(?=(?:[IVX]{{1,4}}|\d{{1,2}})\.?{_GAP}{FLOORS}(?!\w)))(?:{_UNIT}|{_POSTCODE}"
    rf"(?:,?{_GAP}(?:{PARTICLES}{_GAP}){{0,2}}{_CITY}{_STATE}?)?"
    rf"|{_CITY}{_STATE}?(?:(?:,?{_GAP}|-|(?<=-)){_POSTCODE}(?:{_GAP}(?:{PARTICLES}{_GAP}){{0,2}}{_CITY}{_STATE})?"
    rf"|{_ENDS}))){{0,10}}"
)
_STREET_SOON = r"(?=[^\d\n]{0,70}?(?:\d|[Ss]/?[Nn](?!\w)))"
_NUMBER_SOON = r"(?=[^\d\n]{0,60}+\d)"
"""A look ahead that costs little where no number is."""
_PROOF_SOON = (
    rf"(?=\D{{0,60}}+(?:(?<=[A-Z])\d|\d{{3}}|\d\d-\d{{3}})|[ \t\u00a0,\n]{{1,5}}+(?:(?i:\L<strong>)|Of\.)"
    rf"|[^,\n]{{0,30}}+,{_GAP}(?i:\L<regions>))"
)
_PROOF = (
    rf"{_PROOF_SOON}"
    rf"(?:{_BREAK}|{_GAP}(?:[-–/]{_GAP})?)(?:(?:(?i:\L<strong>)(?:\.{_GAP}?|{_GAP})|Of\.{_GAP})#?{_VALUE}"
    rf"|(?:{_CITY},?{_BREAK}){{0,2}}(?:{_POSTCODE}{_GAP}{_CITY}"
    rf"|{_CITY}{_STATE}?(?:,?{_GAP}|-|(?<=-))\d{{4,8}}(?!\w)|{_CITY},{_GAP}(?i:\L<regions>){_GAP}(?:{PARTICLES}{_GAP}){{0,3}}{_CITY}))"
)
"""What follows a street only."""
_HEAD = r"(?!\L<no_heads>\b)"
_LATIN = r"(?:avenida|av\.|calle|cl\.|carrera|cra\.|kra\.|diagonal|transversal|de|del|la|los|las|bis|sur|este)(?!\w)"
_HEADS = rf"(?=\p{{Lu}}){_NUMBER_SOON}{_HEAD}{_CAP}(?:{_GAP}{_CAP}){{0,3}}+,?{_GAP}"
_LISTS = {
    "before": STREETS_BEFORE,
    "capital": CAPITAL_STREETS_BEFORE,
    "after": STREETS_AFTER,
    "months": MONTHS,
    "units": UNITS,
    "strong": STRONG_UNITS,
    "starts": SENTENCE_STARTS,
    "goes_on": GOES_ON,
    "no_heads": NO_HEADS | SENTENCE_STARTS,
    "streets": STREETS,
    "capital_streets": CAPITAL_STREETS,
    "no_streets": NO_STREETS,
    "first": NUMBER_FIRST_STREETS,
    "no_counted": NO_COUNTED,
    "regions": REGIONS,
    "usual": USUAL_STREETS,
}


def _compiled(form: str) -> Any:
    return regex.compile(form, ignore_unused=True, **_LISTS)


PATTERNS = tuple(
    _compiled(form)
    for form in (
        # 12 Long Meadow Lane, Flat 3
        rf"{_NOT_BEFORE}{_FIRST},?{_GAP}(?!\L<no_counted>\b)(?:(?:{_CAP}|\d{{1,3}}(?:st|nd|rd|th)){_GAP}){{1,4}}?"
        rf"(?:(?i:\L<streets>)|\L<capital_streets>(?!{_GAP}(?:to|from|at|for)\b))\b\.?{_SIDE}?{_TAIL}",
        # Flat 3, Long Meadow, Leeds; Flat 16 Gardner Rest
        rf"{_BEGIN}(?=[\p{{L}}\d#]){_UNIT}(?:{_BREAK}|{_GAP})(?:{_CAP}{_GAP}){{1,4}}?(?=\p{{L}})"
        rf"(?:(?i:\L<streets>)|\L<capital_streets>(?!{_GAP}(?:to|from|at|for)\b))\b\.?{_SIDE}?{_TAIL}",
        # 12 main street
        rf"{_NOT_BEFORE}{_FIRST},?{_GAP}(?:(?!\L<no_streets>\b)\p{{L}}[\w'’-]*+{_GAP}){{1,3}}?(?i:\L<usual>)\b\.?"
        rf"{_SIDE}?{_TAIL}",
        # 12, rue de la Paix
        rf"{_NOT_BEFORE}{_HOUSE},?{_GAP}(?i:\L<first>){_GAP}{_NAME}{_TAIL}",
        # rue de la Paix, of which no other word is said
        rf"(?<![\w'’.-])(?:(?:[Rr]ue|[Cc]hemin|[Ii]mpasse|[Rr]uelle){_GAP}|(?:[Bb]oulevard|[Aa]venue){_GAP}(?=d))"
        rf"(?:(?:de|du|des|la|le|les){_GAP}|[dl]['’]){{0,3}}"
        rf"{_CAP}(?:{_GAP}(?:{PARTICLES}{_GAP}){{0,3}}{_PLACE_WORD}){{0,4}}+{_TAIL}",
        # Calle de la Luna, n.º 12
        rf"{_BEGIN}(?=\p{{L}})(?:{NAME_LAST_STREETS}|An der|Auf dem|In der){_GAP}{_STREET_SOON}{_NAME},?{_GAP}?"
        rf"{_MARK}?(?:{_HOUSE}|[Ss]/?[Nn](?!\w)|\d{{5}}-?\d{{3}}(?!\w)){_SIDE}?(?:{_GAP}\d{{3}}(?!\w))?{_TAIL}",
        # Jl. Kenanga No. 12; ulica kralja Petra 5
        rf"{_BEGIN}(?=\p{{L}})(?:(?i:\L<before>)|\L<capital>)(?:(?<=\.){_GAP}?|(?<!\.){_GAP}){_STREET_SOON}{_FREE_NAME},?{_GAP}"
        rf"{_MARK}?(?:{_HOUSE}|[Ss]/?[Nn](?!\w)){_SIDE}?{_TAIL}",
        # Kossuth utca 12; Gül Sokak No: 5
        rf"{_BEGIN}(?=\p{{Lu}}){_NUMBER_SOON}{_HEAD}(?:{_CAP}{_GAP}){{1,4}}?(?=\p{{L}})(?i:\L<after>),?{_GAP}?{_MARK}?{_HOUSE}{_TAIL}",
        # Calle 12 # 34-56
        rf"{_BEGIN}(?=[^#°º\n]{{0,60}}+[#°º]){_HEAD}(?:{_CAP}|{_LATIN})(?:{_GAP}(?:{_CAP}|{_LATIN}|\d{{1,3}}[A-Z]{{0,2}}ª?(?!\w))){{1,5}}{_GAP}?(?:#|[Nn][°º])"
        rf"{_GAP}?\d{{1,3}}[A-Z]{{0,2}}{_GAP}?[-–]{_GAP}?\d{{1,3}}(?!\w){_SIDE}?{_TAIL}",
        # Ruta 5 Sur, km 12
        rf"{_BEGIN}(?:Ruta|Route|Carretera|Autopista|Rodovia|Estrada|Strada|Via|Highway|Camino)(?:{_GAP}[\w-]++){{1,4}}?"
        rf",?{_GAP}[Kk]m\.?{_GAP}\d{{1,4}}(?:[.,]\d{{1,3}})?(?!\w){_TAIL}",
        # Hauptstraße 5
        rf"{_BEGIN}(?=\p{{L}}){_NUMBER_SOON}(?!{NO_COMPOUND}\b)(?:{_CAP}{_GAP})?(?:\p{{L}}[\p{{L}}'’.-]{{2,40}}+(?<=[\p{{L}}.-](?i:{COMPOUND_STREETS}))|"
        rf"(?!{NO_COMPOUND}\b)\p{{Lu}}[\p{{L}}'’.-]{{3,40}}+(?<=[\p{{L}}.-]{{2}}(?i:{CAPITAL_COMPOUND_STREETS}))),?{_GAP}{_HOUSE}{_TAIL}",
        # Lidická 12
        rf"{_BEGIN}(?=\p{{Lu}}){_NUMBER_SOON}{_HEAD}(?:{_CAP}{_GAP}){{0,2}}(?!{NO_COMPOUND}\b)\p{{Lu}}\p{{L}}{{2,20}}{SLAVIC_ENDS}{_GAP}{_HOUSE}{_TAIL}",
        # 1. svibnja 5
        rf"{_NOT_BEFORE}\d{{1,2}}\.{_GAP}?\L<months>{_GAP}(?!\d{{4}}){_HOUSE}{_TAIL}",
        # Los Naranjos 64
        rf"{_BEGIN}(?!Los Angeles|Las Vegas)L[ao]s{_GAP}{_CAP},?{_GAP}(?!19|20\d\d){_HOUSE}{_TAIL}",
        # Lindenhof 5, 1234 Dorf
        rf"{_BEGIN}{_HEADS}{_MARK}?{_HOUSE}{_PROOF}{_TAIL}",
        # 12 Lindenhof, 1234 Dorf
        rf"{_NOT_BEFORE}{_FIRST}(?=\D{{0,60}}+(?:(?<=[A-Z])\d|\d{{3}}|\d\d-\d{{3}})),?{_GAP}(?!\L<no_counted>\b){_HEAD}{_CAP}(?:{_GAP}{_CAP}){{0,2}}{_PROOF}{_TAIL}",
        # Springfield, IL 62704
        rf"{_BEGIN}{_CITY},{_GAP}[A-Z]{{2}}{_GAP}\d{{5}}(?:-\d{{4}})?(?!\w)",
        # SW1A 1AA
        r"(?<!\w)[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}(?!\w)",
        rf"(?<!\w)(?i:p\.?{_GAP}?o\.?{_GAP}?box|post office box|postfach|postbus|casella postale|apartado)"
        rf"{_GAP}\d{{1,6}}(?!\w){_TAIL}",
        rf"(?<!\w)(?:US[A-Z]{{1,3}}{_GAP}{_CAP}|PSC{_GAP}\d{{1,5}}|Unit{_GAP}\d{{1,5}})(?:,?{_GAP}Box{_GAP}\d{{1,5}})?,?"
        rf"\s{{1,2}}[AFD]PO,?{_GAP}[A-Z]{{2}}{_GAP}\d{{5}}",
        # my address is ...
        r"(?i:\b(?:(?P<sure>address(?:\s(?:is|as|was|to)|\s?:)|liv(?:e|es|ing)\sat|"
        r"(?:adresse|anschrift|dirección|indirizzo|adres|endereço|morada|adress|adresen|adresa|naslov|alamat|cím|adresă|osoite)"
        r"\s?(?:ist|lautet|est|es|is|è|é|är|je|on|:))|liv(?:e|es|ing)\sin|(?:ship|send|deliver|forward|mail)(?:ed)?\s"
        r"(?:(?:it|this|them|that|everything)\s)?to|moved\sto|pick(?:ed)?\s(?:me\s)?up\s(?:at|from)|located\sat|"
        r"wohne\sin|vivo\sen|habite|abito\sin|woon\s(?:op|in)|bydlím|mieszkam|lakom)\s?:?\s?|地址[是为]?\s?[:：]?\s?)"
        rf"(?P<place>(?:(?:{PARTICLES}{_GAP}){{0,4}}+(?:{_UNIT}|(?i:\L<after>)(?={_GAP}{_MARK}?\d)|(?i:\L<before>)(?={_GAP}?\w)"
        rf"|{_PLACE_WORD}|{_MARK}\d[\w/-]*+|{_LOWER}(?={_GAP}{_MARK}?\d{{1,4}}+{_ENDS})"
        rf"|[A-Z]{{0,2}}-?\d[\w/-]*+[ªº.]?(?!{_GAP}(?:{_LOWER}))|\([A-Z]{{2}}\)|#{_GAP}?\d++"
        rf"|[dl]['’]\p{{Lu}}[\p{{L}}'’-]*+)(?:[ ]?[,/]?[ \t\u00a0\n]?+(?:-[ ]?)?+)){{1,24}}+)",
    )
)
_UNIT_BEFORE = _compiled(
    rf"(?<!\w)(?:{_UNIT}{_GAP}?[,/]?{_GAP}?\n?|(?i:(?:h|house|plot|door)\.?{_GAP}?no)\.?{_GAP}?"
    rf"|(?:[A-Z]{{1,2}}-)?(?:\d{{4,6}}|\d{{3}}[ ]\d{{2}}){_GAP}{_CITY}{_BREAK}|{_CITY}{_GAP}(?:{_POSTCODE}){_BREAK}"
    rf"|(?:{_CAP}{_GAP}){{1,3}}(?:Building|Bldg\.?|Towers?|House|Court|Condominium|Residences?|Apartments?){_BREAK}){{1,4}}$"
)
_UNIT_LONGEST = 60
_WORDS_LEAST = 2


def postal(text: str) -> Iterator[Finding]:
    """Addresses with a number in them, and places that are said to be somebody's address."""
    for pattern in PATTERNS:
        for found in pattern.finditer(text):
            start, end = found.span("place" if pattern.groups else 0)
            if pattern.groups and not _is_place(text[start:end], bool(found["sure"])):
                continue
            before = _UNIT_BEFORE.search(text, max(0, start - _UNIT_LONGEST), start)
            yield _finding(text, before.start() if before else start, end)


def _is_place(introduced: str, sure: bool) -> bool:
    """Whether what follows an introduction is an address: without a number only where nothing else is introduced so."""
    return any(map(str.isdigit, introduced)) or (sure and len(introduced.split()) >= _WORDS_LEAST)


def _finding(text: str, start: int, end: int) -> Finding:
    value = text[start:end].rstrip(" \t\u00a0\n,.-/")
    return Finding(start, start + len(value), Kind.ADDRESS, " ".join(value.casefold().replace(",", " ").split()))
