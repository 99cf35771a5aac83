"""What of an agent's text belongs to one customer only. Knows no dialogues.

Names, order and booking numbers, e-mail addresses and phone numbers become variables such as ``{order_id}``; amounts,
dates, promises and other long numbers are left in the text, and `bot.risks` names them. Values are found by
`bot.redaction`; in a log that was redacted before, placeholders become the same variables.
"""

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass

from bot.redaction.redactor import PLACEHOLDER, find
from bot.redaction.values import Kind, RedactionRules

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
_VARIABLES = {
    Kind.EMAIL: "{email}",
    Kind.PHONE: "{phone}",
    Kind.ORDER: "{order_id}",
    Kind.AGENT: "{agent_name}",
    Kind.NAME: "{customer_name}",
}
"""What a redacted value, or one that is found here, becomes."""
_SAID_BY_AGENT = re.compile(
    r"(?i:\b(?:my name is|my name['’]s|this is|you['’]re (?:chatting|speaking) with))\s+(?=\[NAME_\d+\])\[NAME(?=_)"
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
    for finding in find(text, kinds=(Kind.EMAIL, Kind.PHONE)):
        yield text[finding.start : finding.end]


def mask(text: str, known: Masking) -> str:
    """The text with ``{customer_name}``, ``{agent_name}``, ``{order_id}``, ``{email}`` and ``{phone}`` in place of
    what belongs to one conversation.
    """  # noqa: D205 - the first sentence does not fit one line
    text = _MENTIONS.sub("", text)
    text = _SAID_BY_AGENT.sub(lambda found: found[0].replace("[NAME", "[AGENT"), text)
    text = str(PLACEHOLDER.sub(lambda found: _VARIABLES.get(Kind(found["kind"]), found[0]), text))
    text = _with_variables(text, known.contacts)
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


def _with_variables(text: str, contacts: Set[str]) -> str:
    pieces, end = [], 0
    rules = RedactionRules(contacts=tuple(sorted(contacts, key=len, reverse=True)))
    for finding in find(text, rules=rules, kinds=(Kind.EMAIL, Kind.PHONE, Kind.ORDER)):
        pieces += [text[end : finding.start], _VARIABLES[finding.kind]]
        end = finding.end
    return "".join([*pieces, text[end:]])


def _greeting(found: re.Match[str]) -> str:
    first = found["name"].split()[0]
    return found[0] if first.casefold() in _NO_NAMES else _replaced(found, "name", "{customer_name}")


def _called(found: re.Match[str], names: Set[str]) -> str:
    group = "last" if found["last"] else "first"
    return _replaced(found, group, "{customer_name}") if found[group] in names else found[0]


def _replaced(found: re.Match[str], group: str, variable: str) -> str:
    start, end = found.start(group) - found.start(), found.end(group) - found.start()
    return found[0][:start] + variable + found[0][end:]
