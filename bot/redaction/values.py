"""What is looked for, what is known beforehand, and what comes out. Knows no pattern.

A placeholder is a plain English word with a number in square brackets. A WordPiece tokenizer reads ``[EMAIL_1]`` as
five pieces, one of them the word "email", which the base model knows already; an address of e-mail takes ten pieces
that mean nothing. Braces would be a variable of a reply template, angle brackets a tag.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a placeholder stands for; the value is its word.

    ``ID``: a number of a person or company at an authority, with its check digits. ``NUMBER``: nine or more digits,
    or letters and digits mixed, that nobody writes unless they name one person, thing or account.
    """

    EMAIL = "EMAIL"
    LINK = "LINK"
    IP = "IP"
    ACCOUNT = "ACCOUNT"
    CARD = "CARD"
    ID = "ID"
    PHONE = "PHONE"
    ORDER = "ORDER"
    ADDRESS = "ADDRESS"
    NUMBER = "NUMBER"
    AGENT = "AGENT"
    NAME = "NAME"


NAMES = frozenset({Kind.NAME, Kind.AGENT})
"""Kinds that no pattern knows for sure."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A value in a text.

    Attributes:
        start: first character.
        end: the character behind the last one.
        key: equal for spellings of one value, such as a phone number with and without spaces.
    """

    start: int
    end: int
    kind: Kind
    key: str


@dataclass(frozen=True, slots=True)
class Participants:
    """Names of a conversation's own people, where they are known.

    Attributes:
        customers: full names, first names or both.
        agents: of the staff who wrote in it; the bot's own name is none.
    """

    customers: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RedactionRules:
    """What a desk says about its own numbers.

    Attributes:
        order_patterns: regular expressions of order and booking numbers; group 1 or all of a match is the number.
        contacts: e-mail addresses, phone numbers and links of the company itself, which stay.
        regions: ISO 3166 codes of countries whose phone numbers customers write without the country's code.
    """

    order_patterns: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ("US", "GB", "DE", "FR")


@dataclass(frozen=True, slots=True)
class Redacted:
    """Texts with placeholders.

    Attributes:
        texts: as many as were given, in their order.
        counts: how many placeholders were put in, by kind; without those that were there before.
    """

    texts: tuple[str, ...]
    counts: Mapping[Kind, int]
