"""Whether a run of digits is a telephone number. Knows no text around it."""

from functools import lru_cache

import phonenumbers
import regex  # type: ignore[import-untyped]

_DIGITS_LEAST, _DIGITS_MOST = 7, 15
_NATIONAL_MOST = 11
_INTERNATIONAL = regex.compile(r"\+|00\d|\(\+|\(00")
_LOCAL = regex.compile(r"\d{3}[-. ]\d{4}|\d{3}[-. ]\d{2}[-. ]\d{2}|0\d{1,4}[-/. )]{1,2}\d{4,8}")
_SHAPES = regex.compile(
    r"\(?\d{3}\)?[-. ]{0,2}\d{3}[-. ]\d{4}"  # North America, and many after it
    r"|\(0?\d{1,5}\)[-. /]{0,2}\d[\d\-. /]*+"  # an area in brackets
    r"|0\d{0,5}[-. /()]++\d[\d\-. /()]*+"  # a trunk zero and a gap
)


@lru_cache(maxsize=4096)
def is_dialled(written: str, digits: str, regions: tuple[str, ...]) -> bool:
    """A telephone number that its country's plan has.

    Args:
        written: as in the text, from the first sign or digit to the last digit.
        digits: its digits.
        regions: countries whose plans are asked for numbers without a country's code.
    """
    if not _DIGITS_LEAST < len(digits) <= _DIGITS_MOST:
        return False
    if _INTERNATIONAL.match(written):
        return _in_plan(regex.sub(r"^\(?00", "+", written), None)
    if len(digits) > _NATIONAL_MOST and digits[0] != "0":
        return False
    return any(_in_plan(written, region) for region in regions)


def looks_dialled(written: str, digits: str) -> bool:
    """Written as only telephone numbers are, whatever the plans say: numbers are mistyped, and plans change."""
    if not _DIGITS_LEAST <= len(digits) <= _DIGITS_MOST:
        return False
    if _INTERNATIONAL.match(written):
        return len(digits) > _DIGITS_LEAST
    return bool((_LOCAL if len(digits) == _DIGITS_LEAST else _SHAPES).fullmatch(written))


def _in_plan(written: str, region: str | None) -> bool:
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(number)
