"""Numbers that prove themselves by check digits: cards, accounts, numbers of persons and companies. Knows no text.

Only schemes with a check digit, or with a form that nothing else has, are asked. Schemes of bare digits never decide
*whether* a number is hidden (nine digits are enough for that), only what its placeholder is called.
"""

import re
from types import ModuleType

from stdnum import iban, luhn
from stdnum.au import tfn
from stdnum.be import nn
from stdnum.br import cnpj, cpf
from stdnum.ca import sin
from stdnum.ch import ssn as ahv
from stdnum.cn import ric
from stdnum.de import idnr
from stdnum.dk import cpr
from stdnum.es import cif, dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.ie import pps
from stdnum.in_ import aadhaar, pan
from stdnum.it import codicefiscale
from stdnum.mx import curp
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.pt import cc, nif
from stdnum.se import personnummer
from stdnum.tr import tckimlik
from stdnum.us import ssn

_LETTERED = (codicefiscale, curp, cc, dni, nie, cif, pps, hetu, pan, ric)
_DIGITS = (
    idnr, nir, nn, ahv, personnummer, cpr, fodselsnummer, pesel, bsn, nif, cpf, cnpj, nhs, sin, tfn, aadhaar, ric,
    tckimlik,
)  # fmt: skip
_LONGEST = 24
"""Characters of the longest number with its separators; some schemes fail on thousands of digits."""
_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|(?:2131|1800)\d{11}|3[05689]\d{12,17}|[56]\d{11,18}"
)
"""How the numbers of card issuers begin, and how long they are (ISO/IEC 7812)."""
_IBAN_CHARACTERS = range(15, 35)


def is_card(digits: str) -> bool:
    """A payment card's number: its length, its issuer's first digits, and the check of ISO/IEC 7812 (Luhn)."""
    return bool(_ISSUERS.fullmatch(digits)) and len(set(digits)) > 1 and bool(luhn.is_valid(digits))


def is_account(compact: str) -> bool:
    """An IBAN (ISO 13616) without spaces; the bank's own check digits within it are not looked at."""
    return len(compact) in _IBAN_CHARACTERS and bool(iban.is_valid(compact, check_country=False))


def is_personal(written: str) -> bool:
    """A tax or identity number of a country whose numbers carry check digits, as it was written."""
    if len(written) > _LONGEST:
        return False
    schemes = _LETTERED if any(character.isalpha() for character in written) else _DIGITS
    return any(_valid(scheme, written) for scheme in schemes)


def is_social_security(written: str) -> bool:
    """A social security number of the United States with its two hyphens, which nothing else is written with."""
    return len(written) <= _LONGEST and bool(ssn.is_valid(written))


def _valid(scheme: ModuleType, written: str) -> bool:
    return bool(scheme.is_valid(written))
