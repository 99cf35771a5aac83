"""Replies worth proposing, from what agents wrote. Knows no files, no models and no approval.

An agent's turn that answers a customer is masked and loses its greeting and signature; equal and nearly equal ones
become one proposal.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot.compose import variables_of
from bot.risks import risks_of
from bot.values import Role
from finetune.cleaning import comparable
from finetune.dialogues import Dialogue
from finetune.duplicates import LEAK_SIMILARITY, NearDuplicates
from finetune.filler import is_filler
from finetune.masking import Masking, contacts_in, greeted_names, mask, signed_names
from finetune.outcomes import reply_weight
from finetune.replies_file import MinedReply
from finetune.turns import Turn, turns_of

SMALL_LOG_DIALOGUES = 1_000
"""In a smaller log every reply is proposed; in a larger one a reply must have been given twice."""

_COMPANY_CONTACT_CONVERSATIONS = 3
_AGENT_CONVERSATIONS = 3
_GOOD_WEIGHT = 1.0
_COMMON_SHARE = 0.25


@dataclass(slots=True)
class MiningReport:
    """What became of the agents' turns."""

    dialogues: int = 0
    answers: int = 0
    empty: int = 0
    rare: int = 0
    proposed: int = 0

    def summary(self) -> list[str]:
        """Lines for a person, without any text of the log."""
        return [
            f"{self.answers} agents' answers in {self.dialogues} dialogues, {self.proposed} replies proposed",
            f"dropped {self.empty} empty answers and {self.rare} replies given too rarely",
        ]


@dataclass(slots=True)
class _Tally:
    """What is known of one wording."""

    count: int = 0
    weights: float = 0.0
    intents: Counter[str] = field(default_factory=Counter)

    @property
    def worth(self) -> tuple[float, int]:
        return self.weights, self.count

    def add(self, other: "_Tally") -> None:
        self.count += other.count
        self.weights += other.weights
        self.intents += other.intents


def mine_replies(
    dialogues: Iterable[Dialogue], *, min_frequency: int | None = None, report: MiningReport | None = None
) -> tuple[MinedReply, ...]:
    """Propose replies, most frequent first.

    A reply is kept when it was given ``min_frequency`` times, or when it answered a labelled turn with a mean weight of
    1 or more. Texts that answer nothing are kept with the risk ``filler``, so that no bulk approval takes them.

    Args:
        dialogues: historical ones, read once.
        min_frequency: by default 1 for logs below ``SMALL_LOG_DIALOGUES`` dialogues, else 2.
        report: is told what became of the answers.
    """
    report = report if report is not None else MiningReport()
    spoken, known = _gathered(dialogues, report)
    least = min_frequency or (1 if report.dialogues < SMALL_LOG_DIALOGUES else 2)
    wordings = _masked(spoken, known, report)
    replies = []
    for members in _clustered(wordings):
        total = _Tally()
        for member in members:
            total.add(wordings[member])
        if total.count >= least or (total.intents and total.weights / total.count >= _GOOD_WEIGHT):
            replies.append(_proposal(_central(members, wordings), total, known))
        else:
            report.rare += 1
    report.proposed = len(replies)
    return tuple(sorted(replies, key=lambda reply: (-reply.frequency, -reply.weight, reply.reply_id)))


def reply_id_of(text: str) -> str:
    """A stable name for a mined text: 16 hex digits of the SHA-256 of its comparable form."""
    return hashlib.sha256(comparable(text).encode("utf-8")).hexdigest()[:16]


def _gathered(dialogues: Iterable[Dialogue], report: MiningReport) -> tuple[dict[str, _Tally], Masking]:
    spoken: defaultdict[str, _Tally] = defaultdict(_Tally)
    names: set[str] = set()
    contacts: Counter[str] = Counter()
    signed: Counter[str] = Counter()
    for dialogue in dialogues:
        report.dialogues += 1
        turns = turns_of(dialogue)
        agents = [turn.text for turn in turns if turn.role is Role.AGENT]
        names.update(name for text in agents for name in greeted_names(text))
        contacts.update({contact for text in agents for contact in contacts_in(text)})
        signed.update({name for text in agents for name in signed_names(text)})
        for text, tally in _answers(turns):
            report.answers += 1
            spoken[text].add(tally)
    company = {contact for contact, count in contacts.items() if count >= _COMPANY_CONTACT_CONVERSATIONS}
    agents_known = {name for name, count in signed.items() if count >= _AGENT_CONVERSATIONS}
    return spoken, Masking(names, company, agents_known)


def _answers(turns: Sequence[Turn]) -> Iterable[tuple[str, _Tally]]:
    for place, turn in enumerate(turns):
        if turn.role is Role.AGENT and place and turns[place - 1].role is Role.CUSTOMER:
            yield turn.text, _Tally(1, reply_weight(turns, place), Counter(turns[place - 1].intents))


def _masked(spoken: dict[str, _Tally], known: Masking, report: MiningReport) -> dict[str, _Tally]:
    """Tallies by masked text; of texts that differ only in case or punctuation the most frequent one stands."""
    forms: defaultdict[str, Counter[str]] = defaultdict(Counter)
    tallies: defaultdict[str, _Tally] = defaultdict(_Tally)
    for text, tally in spoken.items():
        masked = mask(text, known)
        form = comparable(masked)
        if not any(character.isalnum() for character in _without_variables(masked)):
            report.empty += tally.count
            continue
        forms[form][masked] += tally.count
        tallies[form].add(tally)
    return {texts.most_common(1)[0][0]: tallies[form] for form, texts in forms.items()}


def _clustered(wordings: dict[str, _Tally]) -> Iterable[list[str]]:
    """Groups of nearly equal texts; the worthiest text founds a group, lesser ones join the first that they fit."""
    founders: NearDuplicates[str] = NearDuplicates(LEAK_SIMILARITY)
    clusters: dict[str, list[str]] = {}
    for text in sorted(wordings, key=lambda text: (wordings[text].worth, text), reverse=True):
        near = founders.find(text)
        if near:
            clusters[near[0]].append(text)
        else:
            founders.add(text, text)
            clusters[text] = [text]
    return clusters.values()


def _central(members: Sequence[str], wordings: dict[str, _Tally]) -> str:
    """The text to propose: of the wordings that count, the one with the fewest variables, each of which must be filled.

    A wording that hardly anybody used does not count: it may hold a name that masking did not know.
    """
    most = max(wordings[text].weights for text in members)
    common = [text for text in members if wordings[text].weights >= _COMMON_SHARE * most]
    return min(common, key=lambda text: (len(variables_of(text)), -wordings[text].weights))


def _proposal(text: str, total: _Tally, known: Masking) -> MinedReply:
    risky = risks_of(text, known.contacts) + (("filler",) if is_filler(text) else ())
    return MinedReply(
        reply_id=reply_id_of(text),
        text=text,
        intents=tuple(intent for intent, _ in total.intents.most_common()),
        frequency=total.count,
        weight=round(total.weights / total.count, 3),
        variables=variables_of(text),
        risky=risky,
    )


def _without_variables(text: str) -> str:
    for name in variables_of(text):
        text = text.replace(f"{{{name}}}", "")
    return text
