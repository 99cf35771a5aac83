"""Puts placeholders into the texts of one conversation. The one door of this package; pure.

Kinds are looked for in a fixed order, the surest first; what one kind took the next one does not see. Placeholders and
the ``{variables}`` of reply templates are left alone. The search is repeated until it finds nothing, so that redacting
a redacted text changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import regex  # type: ignore[import-untyped]

from bot.redaction.addresses import postal
from bot.redaction.contacts import addresses_of_machines, emails, links
from bot.redaction.digits import accounts, mixed, numbers
from bot.redaction.names import known_names, name_parts, spoken_names
from bot.redaction.orders import orders
from bot.redaction.values import NAMES, Finding, Kind, Participants, Redacted, RedactionRules

PLACEHOLDER = regex.compile(rf"\[(?P<kind>{'|'.join(Kind)})_(?P<number>\d{{1,9}})\]")
"""A placeholder in a text."""

_KEPT = regex.compile(rf"{PLACEHOLDER.pattern}|\{{\w+\}}")
_BLANK = "\ue000"
"""Stands for characters that are taken; of the private use area, so that no pattern takes it for a letter or a gap."""
_NOTHING = Participants()
_RULES = RedactionRules()


class ConversationRedactor:
    """Redacts one conversation's texts; a value that comes again gets the number that it had."""

    def __init__(self, known: Participants = _NOTHING, rules: RedactionRules = _RULES) -> None:
        self._known = known
        self._rules = rules
        self._numbers: dict[tuple[Kind, str], int] = {}
        self._last: Counter[Kind] = Counter()
        self._told: list[str] = []
        self.counts: Counter[Kind] = Counter()

    def listen(self, text: str) -> None:
        """Learn from a text before any is redacted: names that it gives, and numbers that placeholders in it have.

        A name that is given in the third message is then hidden in the first one too.
        """
        for found in PLACEHOLDER.finditer(text):
            kind = Kind(found["kind"])
            self._last[kind] = max(self._last[kind], int(found["number"]))
        for finding in spoken_names(text):
            self._meet(text[finding.start : finding.end])

    def redact(self, text: str) -> str:
        """The text with placeholders.

        Raises:
            RedactionError: a pattern of the desk cannot be used.
        """
        self.listen(text)
        people = replace(self._known, customers=(*self._known.customers, *self._told))
        while found := find(text, people, self._rules):
            text = self._replaced(text, found)
        return text

    def _replaced(self, text: str, found: Sequence[Finding]) -> str:
        pieces, end = [], 0
        for finding in found:
            pieces += [text[end : finding.start], f"[{finding.kind}_{self._number(finding)}]"]
            end = finding.end
            self.counts[finding.kind] += 1
        return "".join([*pieces, text[end:]])

    def _number(self, finding: Finding) -> int:
        known = (finding.kind, self._person(finding.key) if finding.kind is Kind.NAME else finding.key)
        if known not in self._numbers:
            self._last[finding.kind] += 1
            self._numbers[known] = self._last[finding.kind]
        return self._numbers[known]

    def _meet(self, name: str) -> None:
        """Remember a name that somebody gave, unless it is one that is known."""
        parts = set(name_parts(name))
        agents = {part for agent in self._known.agents for part in name_parts(agent)}
        if parts and not parts <= agents and name not in self._told:
            self._told.append(name)

    def _person(self, name: str) -> str:
        """The first known person of whom this is the name or a part of it; a longer name of theirs means them too."""
        parts = {*name_parts(name)} or {name}
        for person in (*self._known.customers, *self._told):
            if parts & {*name_parts(person)}:
                return person.casefold()
        return name


def redact(texts: Sequence[str], known: Participants = _NOTHING, rules: RedactionRules = _RULES) -> Redacted:
    """Redact the texts of one conversation, in their order.

    Raises:
        RedactionError: a pattern of the desk cannot be used; no text went on unredacted.
    """
    redactor = ConversationRedactor(known, rules)
    for text in texts:
        redactor.listen(text)
    return Redacted(tuple(redactor.redact(text) for text in texts), dict(redactor.counts))


def find(
    text: str, known: Participants = _NOTHING, rules: RedactionRules = _RULES, kinds: Iterable[Kind] = Kind
) -> tuple[Finding, ...]:
    """Values of these kinds that stand in a text, from left to right; none overlaps another.

    Raises:
        RedactionError: a pattern of the desk cannot be used.
    """
    wanted = frozenset(kinds)
    kept = str(_KEPT.sub(lambda found: _BLANK * (found.end() - found.start()), text))
    for contact in filter(None, rules.contacts):
        kept = kept.replace(contact, _BLANK * len(contact))
    free = list(kept)
    taken: list[Finding] = []
    for finder in _finders(known, rules, wanted):
        for finding in sorted(finder("".join(free)), key=lambda finding: (finding.start, -finding.end)):
            span = slice(finding.start, finding.end)
            if finding.end > finding.start and _BLANK not in free[span] and finding.kind in wanted:
                taken.append(finding)
                free[span] = _BLANK * (finding.end - finding.start)
    return tuple(sorted(taken, key=lambda finding: finding.start))


_Finder = Callable[[str], Iterator[Finding]]


def _finders(known: Participants, rules: RedactionRules, wanted: frozenset[Kind]) -> Iterator[_Finder]:
    finders: tuple[tuple[set[Kind], _Finder], ...] = (
        ({Kind.LINK}, links),
        ({Kind.EMAIL}, emails),
        ({Kind.IP}, addresses_of_machines),
        ({Kind.ACCOUNT}, accounts),
        ({Kind.ORDER}, lambda text: orders(text, rules.order_patterns)),
        ({Kind.ADDRESS}, postal),
        ({Kind.ACCOUNT, Kind.CARD, Kind.ID, Kind.PHONE, Kind.NUMBER}, lambda text: numbers(text, rules.regions)),
        ({Kind.ID, Kind.NUMBER}, mixed),
        (set(NAMES), lambda text: known_names(text, known)),
        ({Kind.NAME}, spoken_names),
    )
    return (finder for kinds, finder in finders if kinds & wanted)
