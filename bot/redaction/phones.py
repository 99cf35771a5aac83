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
def is_phone(written: str, digits: str, regions: tuple[str, ...]) -> bool:
    """A telephone number by its country's code, by its country's plan, or by how it is grouped.

    Numbers are mistyped and plans change, so a shape that only telephone numbers have is enough.

    Args:
        written: as in the text, from the first sign or digit to the last digit.
        digits: its digits.
        regions: countries whose plans are asked for numbers without a country's code.
    """
    if not _DIGITS_LEAST <= len(digits) <= _DIGITS_MOST:
        return False
    if _INTERNATIONAL.match(written):
        return len(digits) > _DIGITS_LEAST
    if len(digits) == _DIGITS_LEAST:
        return bool(_LOCAL.fullmatch(written))
    if _SHAPES.fullmatch(written):
        return True
    if len(digits) > _NATIONAL_MOST and digits[0] != "0":
        return False
    return any(_in_plan(written, region) for region in regions)


def _in_plan(written: str, region: str) -> bool:
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(number)
