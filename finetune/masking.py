"""What of an agent's text belongs to one customer only. Knows no dialogues.

Names, order and booking numbers, e-mail addresses and phone numbers become variables such as ``{order_id}``; amounts,
dates, promises and other long numbers are left in the text, and `bot.risks` names them.
"""

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass

_NAME = r"[A-Z][a-zà-öø-ÿ]+(?:[-'’][A-Z]?[a-zà-öø-ÿ]+)?"
_NO_NAMES = frozenset(
    {
        "there", "all", "everyone", "team", "folks", "guys", "again", "sir", "madam", "maam", "friend", "friends",
        "you", "we", "i", "it", "this", "that", "the", "please", "thanks", "thank", "sorry", "how", "what", "when",
        "where", "why", "who", "yes", "no", "unfortunately", "your", "our", "my", "me", "for", "to", "and", "if",
        "so", "just", "welcome", "happy", "good", "great", "customer", "support", "have", "are", "is", "was", "can",
        "could", "would", "will", "may", "as", "at", "in", "on", "let", "us", "from", "hello", "hi", "hey",
    }
)  # fmt: skip
_MENTIONS = re.compile(r"^(?:\s*\.?@\w+[\s,:]*)+|@\d+\b")
_GREETED = re.compile(
    rf"(?i:\b(?:hi|hello|hey|hiya|dear|good (?:morning|afternoon|evening|day)|welcome|thanks|thank you|sorry)\b)"
    rf"(?:\s+there)?,?\s+(?P<name>{_NAME}(?:\s{_NAME}){{0,2}})(?=\s*[,.!?;:–—-]|\s*$)"
)
_SIGNED = re.compile(rf"(?<=[.!?])\s+(?P<name>{_NAME})[.!]?\s*$")
_PERSONAL_GREETING = re.compile(
    r"^(?i:hi|hello|hey|hiya|dear|good (?:morning|afternoon|evening|day))(?:\s+there)?"
    r"(?:,?\s*\{customer_name\})?\s*[,.!:;–—-]+\s*(?=\w)"
)
_TITLED = re.compile(
    rf"\b(?:Mr|Mrs|Ms|Miss|Dr|Herr|Frau|Mme)\.?\s+{_NAME}(?:\s{_NAME})?|[\u4e00-\u9fff]{{1,2}}(?:先生|女士|小姐)"
)
_CALLED = re.compile(rf"(?:,\s*(?P<last>{_NAME})(?=\s*[.!?]|\s*$))|(?:(?:^|(?<=[.!?]\s))(?P<first>{_NAME}),\s)")
_INTRODUCED = re.compile(
    rf"(?i:\b(?:my name is|my name['’]s|you['’]re (?:chatting|speaking) with))\s+(?P<name>{_NAME})"
)
_EMAIL = re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,63})+\b")
_NUMBERS = re.compile(r"(?<![\w.-])[+(]?\d[\d\s().-]{5,20}\d(?![\w-])")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}")
_ORDER = re.compile(
    r"(?i:\b(?:order|booking|confirmation|reservation|reference|case|ticket|claim|tracking|invoice|record locator|pnr)"
    r"(?:\s+(?:number|no\.?|id|code|ref))?\s*(?:is\s+|[:#]\s*)*)(?P<id>(?=[A-Z0-9-]*\d)[A-Z0-9-]{4,20})\b"
    r"|(?P<bare>(?<=#)\d{4,15}\b|\b[A-Z]{1,3}-?\d{5,12}\b)"
)


@dataclass(frozen=True, slots=True)
class Masking:
    """What is known from the whole log.

    Attributes:
        names: first names that agents greeted somebody by.
        agents: first names that several conversations' agents signed with.
        contacts: e-mail addresses and phone numbers of the company itself, which stay in the text.
    """

    names: Set[str]
    contacts: Set[str]
    agents: Set[str] = frozenset()


def greeted_names(text: str) -> Iterator[str]:
    """First names by which this text greets somebody."""
    for found in _GREETED.finditer(text):
        first = found["name"].split()[0]
        if first.casefold() not in _NO_NAMES:
            yield first


def signed_names(text: str) -> Iterator[str]:
    """The name that stands alone behind the last sentence, as in "See you soon. Kim"."""
    found = _SIGNED.search(text)
    if found and found["name"].casefold() not in _NO_NAMES:
        yield found["name"]


def contacts_in(text: str) -> Iterator[str]:
    """E-mail addresses and phone numbers in this text."""
    yield from (found.group() for found in _EMAIL.finditer(text))
    yield from (found.group() for found in _NUMBERS.finditer(text) if _is_phone(found.group()))


def mask(text: str, known: Masking) -> str:
    """The text with ``{customer_name}``, ``{agent_name}``, ``{order_id}``, ``{email}`` and ``{phone}`` in place of
    what belongs to one conversation.
    """  # noqa: D205 - the first sentence does not fit one line
    text = _MENTIONS.sub("", text)
    text = _EMAIL.sub(lambda found: found[0] if found[0] in known.contacts else "{email}", text)
    text = _ORDER.sub(_order, text)
    text = _NUMBERS.sub(lambda found: _phone(found[0], known.contacts), text)
    text = _INTRODUCED.sub(lambda found: _replaced(found, "name", "{agent_name}"), text)
    text = _TITLED.sub("{customer_name}", text)
    text = _GREETED.sub(_greeting, text)
    text = _CALLED.sub(lambda found: _called(found, known.names), text).strip()
    return _without_frame(text, known.agents)


def _without_frame(text: str, agents: Set[str]) -> str:
    """The text without a personal greeting at its start and an agent's name at its end: the page has its own."""
    while (signed := _SIGNED.search(text)) and signed["name"] in agents:
        text = text[: signed.start()]
    rest = _PERSONAL_GREETING.sub("", text, count=1)
    return rest[:1].upper() + rest[1:] if rest != text else text


def _is_phone(numbers: str) -> bool:
    digits = sum(character.isdigit() for character in numbers)
    return 7 <= digits <= 15 and (numbers[0] == "+" or digits < len(numbers)) and not _DATE.search(numbers)


def _phone(numbers: str, contacts: Set[str]) -> str:
    return "{phone}" if numbers not in contacts and _is_phone(numbers) else numbers


def _order(found: re.Match[str]) -> str:
    return _replaced(found, "id" if found["id"] else "bare", "{order_id}")


def _greeting(found: re.Match[str]) -> str:
    first = found["name"].split()[0]
    return found[0] if first.casefold() in _NO_NAMES else _replaced(found, "name", "{customer_name}")


def _called(found: re.Match[str], names: Set[str]) -> str:
    group = "last" if found["last"] else "first"
    return _replaced(found, group, "{customer_name}") if found[group] in names else found[0]


def _replaced(found: re.Match[str], group: str, variable: str) -> str:
    start, end = found.start(group) - found.start(), found.end(group) - found.start()
    return found[0][:start] + variable + found[0][end:]
