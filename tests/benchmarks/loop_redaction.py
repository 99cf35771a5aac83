"""Part `redaction` of `scripts/bench loop`: values by Faker in STAR's customer turns.

How it is counted. A value is *recalled* when none of its letters and digits stays outside the findings, whatever they
are called. A finding is *precise* when all its letters and digits belong to one inserted value; a finding in STAR's own
words is precise only where it is an account number, PIN or code that some wizard of STAR looked up, else it counts as
wrong. So one that takes a word too much is wrong, and so is a true phone number that STAR's people made up.
Names are counted apart, without titles: STAR is full of names, so a name in its own words is right when wizards looked
all of it up.

How locales were used. Rules were written with `DEVELOPMENT` and fold 1. Of `CHECKED` only figures were looked at at
first, three times; `SECOND` was then a hold-out that was run once and gave a recall of .933 (addresses .483). After it
address rules were made anew with the values of all three in sight, so figures of `CHECKED` and `SECOND` are too good;
they are called ``redaction_checked_*``. `MEASURED` was chosen before that work and run once, when the rules were
finished; no value of it was looked at. Frames are English; words of its languages were written from general knowledge.
A type for which Faker has no form of a locale's own (phones of en_PH, addresses of lt_LT) is left out there; that was
set when the first run stopped at it, before it gave any figure. No measured locale has identity numbers.
"""

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import regex
from faker import Faker

from bot.redaction.redactor import find
from bot.redaction.values import NAMES, Kind, RedactionRules
from bot.values import Role
from finetune.history.json_lines import json_records
from finetune.history.report import ImportReport
from finetune.history.star import read_star
from tests.benchmarks.workplace import Workplace

DEVELOPMENT = ("en_US", "en_IN", "de_DE", "fr_FR", "es_MX", "nl_BE", "pt_BR", "da_DK")
CHECKED = ("en_GB", "en_AU", "en_CA", "de_AT", "fr_CH", "es_ES", "it_IT", "nl_NL", "pt_PT", "sv_SE", "pl_PL")
SECOND = ("en_IE", "en_NZ", "fr_CA", "de_CH", "es_AR", "es_CL", "es_CO", "no_NO")
MEASURED = ("cs_CZ", "fi_FI", "hr_HR", "hu_HU", "id_ID", "ro_RO", "sk_SK", "sl_SI", "en_PH", "lt_LT")
CHECKED_IDS = {
    "en_US",
    "fr_FR",
    "nl_BE",
    "pt_BR",
    "da_DK",
    "en_CA",
    "es_ES",
    "it_IT",
    "nl_NL",
    "sv_SE",
    "pl_PL",
    "fr_CH",
}
"""Locales whose identity numbers Faker makes with check digits, or with a form of their own."""
RULES = RedactionRules(order_patterns=(r"\bTT-\d{6}\b", r"\b[A-Z]{2}\d{3}[A-Z]{2}\b"))
"""A desk that says how its order and booking numbers look."""
SEED = 20261124
_EACH = 30
_SMOKE_EACH = 2
_LOOKED_UP = {"AccountNumber", "PIN", "Code"}
_NAMED = ("Name",)
_FRAMES = ("{} ", "It is {}. ", "Please use {} for that. ", "You have {} on file, right? ", "{}, thanks. ", "- {}\n")
_TYPED_FRAMES: Mapping[str, tuple[str, ...]] = {
    "email": ("My e-mail is {}. ", "write to {} please. "),
    "phone": ("My phone number is {}. ", "Call me at {}. ", "tel: {} "),
    "card": ("My card number is {}. ", "charge it to {} again. "),
    "account": ("My IBAN is {}. ", "Refund it to {}, please. "),
    "id": ("My tax number is {}. ", "ID: {} "),
    "address": ("I live at {}. ", "Send it to {}. ", "My address is {}. "),
    "ip": ("My IP is {}. ", "I come from {} here. "),
    "link": ("The link {} does not work. ", "I opened {} "),
    "order": ("Order {} is late. ", "my booking number is {}. ", "where is {}? "),
    "name": (
        "My name is {}. ",
        "Hi, this is {} speaking. ",
        "I'm {}. ",
        "Dear {},\n",
        "Hello {}! ",
        "under the name {}. ",
    ),
}
_ALNUM = regex.compile(r"[\p{L}\p{N}]")


@dataclass(slots=True)
class Tally:
    """What became of one type's values, and of the findings in their texts."""

    values: int = 0
    hidden: int = 0
    typed: int = 0
    findings: int = 0
    right: int = 0

    def add(self, other: "Tally") -> None:
        """Take the other's counts too."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def recall(self) -> float:
        """Share of the values that are hidden."""
        return self.hidden / self.values if self.values else 0.0

    @property
    def precision(self) -> float:
        """Share of the findings that are right."""
        return self.right / self.findings if self.findings else 1.0


@dataclass(frozen=True, slots=True)
class Star:
    """Customer turns of some folds, and what wizards of all folds looked up."""

    turns: tuple[str, ...]
    numbers: frozenset[str]
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """All tallies.

    Attributes:
        kinds: by type of the inserted value.
        locales: by locale, names apart.
        own: findings in STAR's own words that are no names; values are not known there.
        own_names: the same of names.
    """

    kinds: dict[str, Tally] = field(default_factory=dict)
    locales: dict[str, Tally] = field(default_factory=dict)
    own: Tally = field(default_factory=Tally)
    own_names: Tally = field(default_factory=Tally)


def measure(place: Workplace) -> dict[str, float]:
    """Recall and precision on fold 0 with the measured locales, without names, by type, and of names."""
    star = read_turns(place.source("dialogues/star/dialogues.jsonl.gz"), folds={0})
    each = _SMOKE_EACH if place.smoke else _EACH
    checked = figures(judge(star, (*CHECKED, *SECOND), each))
    renamed = {name.replace("redaction_", "redaction_checked_", 1): value for name, value in checked.items()}
    return figures(judge(star, MEASURED, each)) | renamed


def figures(outcome: Outcome) -> dict[str, float]:
    """The metrics of an outcome."""
    surest = Tally()
    for name, tally in outcome.kinds.items():
        if name != "name":
            surest.add(tally)
    surest.add(outcome.own)
    names = Tally()
    names.add(outcome.kinds["name"])
    names.add(outcome.own_names)
    found = {
        "redaction_recall": surest.recall,
        "redaction_precision": surest.precision,
        "redaction_name_recall": names.recall,
        "redaction_name_precision": names.precision,
        "redaction_values": float(surest.values),
        "redaction_own_findings": float(outcome.own.findings),
        "redaction_own_unconfirmed": float(outcome.own.findings - outcome.own.right),
    }
    for name, tally in outcome.kinds.items():
        found[f"redaction_recall_{name}"] = tally.recall
        found[f"redaction_precision_{name}"] = tally.precision
        found[f"redaction_typed_{name}"] = tally.typed / tally.values
    return found | {f"redaction_recall_in_{locale}": tally.recall for locale, tally in outcome.locales.items()}


def read_turns(path: Path, folds: set[int]) -> Star:
    """Read STAR: the customer turns of these folds, and the numbers and names that wizards looked up in any."""
    turns = [
        message.text
        for dialogue in read_star(path, ImportReport())
        if int(hashlib.md5(dialogue.conversation_id.encode(), usedforsecurity=False).hexdigest(), 16) % 5 in folds
        for message in dialogue.messages
        if message.role is Role.CUSTOMER
    ]
    numbers: set[str] = set()
    names: set[str] = set()
    for slot, value in _looked_up(path):
        if slot in _LOOKED_UP:
            numbers.add("".join(_ALNUM.findall(value)).casefold())
        elif slot.endswith(_NAMED):
            names.update(word.casefold() for word in value.split())
    return Star(tuple(turns), frozenset(numbers), frozenset(names))


def _looked_up(path: Path) -> Iterator[tuple[str, str]]:
    for _, row in json_records(path, ImportReport()):
        for event in row.get("Events", []):
            for constraint in event.get("Constraints") or ():
                for slot, value in constraint.items():
                    for written in regex.findall(r'"([^"]+)"', str(value)) or [str(value)]:
                        yield slot, written


def values_of(locale: str, each: int) -> Iterator[tuple[str, Kind, str]]:
    """(type, kind, value) of one locale, by Faker with a fixed seed."""
    fake = Faker(locale)
    fake.seed_instance(SEED)
    makers: dict[str, tuple[Kind, Callable[[], str]]] = {
        "email": (Kind.EMAIL, fake.email),
        "phone": (Kind.PHONE, lambda: str(fake.phone_number())),
        "card": (Kind.CARD, lambda: _grouped(fake.credit_card_number(), fake.boolean())),
        "account": (Kind.ACCOUNT, lambda: _grouped(fake.iban(), fake.boolean())),
        "address": (Kind.ADDRESS, lambda: fake.street_address() if fake.boolean() else fake.address()),
        "ip": (Kind.IP, lambda: fake.ipv4() if fake.boolean() else fake.ipv6()),
        "link": (Kind.LINK, lambda: f"{fake.url()}{fake.uri_path()}?{fake.random_element(_SECRETS)}={fake.md5()}"),
        "order": (
            Kind.ORDER,
            lambda: fake.bothify(fake.random_element(("TT-######", "??###??")), "ABCDEFGHKLMNPRSTUVWXYZ"),
        ),
        "name": (Kind.NAME, lambda: f"{fake.first_name()} {fake.last_name()}"),
    }
    if locale in CHECKED_IDS:
        makers["id"] = (Kind.ID, fake.ssn)
    for name, (kind, make) in makers.items():
        if name in _LOCAL and not _has_own(fake, locale, _LOCAL[name]):
            continue
        for _ in range(each):
            yield name, kind, " ".join(make().split())


def _has_own(fake: Faker, locale: str, maker: str) -> bool:
    """Whether Faker knows this locale's form; it gives that of the United States, or none, where it does not."""
    made_by = getattr(getattr(fake, maker, None), "__self__", None)
    return type(made_by).__module__.endswith(locale)


_LOCAL = {"phone": "phone_number", "address": "street_address"}
"""Types whose form is a country's own, and Faker's maker of them."""
_SECRETS = ("token", "sig", "key", "session")


def _grouped(number: str, spaced: bool) -> str:
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4)) if spaced else number


def judge(star: Star, locales: Sequence[str], each: int) -> Outcome:
    """Insert, redact and count."""
    chance = random.Random(SEED)
    outcome = Outcome(locales={locale: Tally() for locale in locales})
    for locale in locales:
        for name, kind, value in values_of(locale, each):
            turn = chance.choice(star.turns)
            frame = chance.choice((*_TYPED_FRAMES[name], *(() if name == "name" else _FRAMES)))
            before, behind = frame.split("{}")
            text = before + value + behind + turn
            tally = _judged(text, len(before), len(before) + len(value), kind)
            outcome.kinds.setdefault(name, Tally()).add(tally)
            if kind is not Kind.NAME:
                outcome.locales[locale].add(tally)
    for turn in star.turns:
        for finding in find(turn, rules=RULES):
            tally = outcome.own_names if finding.kind in NAMES else outcome.own
            tally.findings += 1
            tally.right += _is_confirmed(turn[finding.start : finding.end], finding.kind, star)
    return outcome


def _judged(text: str, start: int, end: int, kind: Kind) -> Tally:
    """Of one inserted value; findings that do not touch it are judged where STAR's own words are."""
    findings = find(text, rules=RULES)
    touching = [finding for finding in findings if finding.start < end and finding.end > start]
    bare = [at for at in _places(text, start, end) if not any(one.start <= at < one.end for one in touching)]
    counted = [finding for finding in touching if (finding.kind in NAMES) == (kind is Kind.NAME)]
    right = sum(not _places(text, one.start, start) and not _places(text, end, one.end) for one in counted)
    typed = any(finding.kind is kind for finding in touching)
    return Tally(1, not bare, typed, len(counted), right)


def _places(text: str, start: int, end: int) -> list[int]:
    """Where letters and digits are between two places."""
    return [at for at in range(start, end) if _ALNUM.match(text[at])]


def _is_confirmed(value: str, kind: Kind, star: Star) -> bool:
    if kind in NAMES:
        return all(word.casefold() in star.names for word in value.split())
    return "".join(_ALNUM.findall(value)).casefold() in star.numbers
