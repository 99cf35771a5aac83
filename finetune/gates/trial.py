"""What the gates look at: two bundles, rows to try them on, and the log. Knows no gate."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.assistant import Assistant
from bot.desk import Desk
from bot.improve_settings import ImproveSettings
from bot.improvement import GateResult
from bot.live import Models
from bot.settings import Settings
from bot.storage.records import Clock, LoggedMessage, utc_now
from bot.storage.store import Store
from bot.values import Evidence, Message, Reply, ReplySource, Role, Source
from finetune.gates.packs import injection_pack, out_of_scope_pack

Progress = Callable[[int, int], None]


def _untold(_done: int, _total: int) -> None:
    """Nobody waits."""


@dataclass(frozen=True, slots=True)
class GoldenRow:
    """A customer's turn whose right reading or answer is known, and that never trains.

    Attributes:
        text: what the customer said, as they wrote it.
        context: texts before it, oldest first.
        intent: the right one; None where only the answer is known.
        conversation_id: None for a row of ``golden.csv``, as are ``sequence``, ``customer`` and ``at_utc``.
        sequence: of the bot's message to it.
        at_utc: when the bot answered.
        reply_id: the approved reply that answers.
        passage_id: the passage that answers.
    """

    text: str
    context: tuple[str, ...] = ()
    intent: str | None = None
    conversation_id: str | None = None
    sequence: int | None = None
    customer: str | None = None
    at_utc: datetime | None = None
    reply_id: str | None = None
    passage_id: str | None = None


@dataclass(frozen=True)
class Trial:
    """One candidate on trial.

    Attributes:
        live: the bundle that customers have now; None: the desk has none yet.
        candidate: loaded from the desk, with snapshots of its own.
        golden: rows that none of the two has trained on.
        out_of_scope: messages that are none of the desk's business, and did not train.
        injections: messages that try to make a bot say what it must not.
        since_utc: what golden rows show is told apart before and after this time, the last run's.
        say: told (done, all) of what the gate at work has to read.
        clock: the present, from which the last days are counted.
    """

    desk: Desk
    settings: Settings
    store: Store
    run_id: int
    live: Models | None
    candidate: Models
    golden: Sequence[GoldenRow] = ()
    out_of_scope: Sequence[str] = field(default_factory=out_of_scope_pack)
    injections: Sequence[str] = field(default_factory=injection_pack)
    since_utc: datetime | None = None
    say: Progress = _untold
    clock: Clock = utc_now

    @property
    def thresholds(self) -> ImproveSettings:
        """The gates' settings."""
        return self.settings.improve

    def consider(self, messages: Sequence[LoggedMessage], models: Models, locale: str) -> tuple[Evidence, Reply]:
        """What a bundle makes of a turn, as it would in service; the log stays as it is."""
        assistant = Assistant(self.store, lambda: models, self.settings, self.clock)
        return assistant.consider(list(messages), models, locale, time.perf_counter())

    def ask(self, text: str, models: Models, locale: str = "en") -> tuple[Evidence, Reply]:
        """What a bundle makes of a text that begins a conversation."""
        return self.consider([LoggedMessage(1, Message(Role.CUSTOMER, text, self.clock()))], models, locale)


def nothing_live(name: str, figures: dict[str, float] | None = None, detail: str = "") -> GateResult:
    """The result of a comparison where the desk has no live bundle."""
    said = f"nothing to compare with: the desk has no live bundle yet{'; ' if detail else ''}{detail}"
    return GateResult(name, True, None, None, said, figures or {})


def source_id(source: Source) -> str:
    """The id of an approved reply or of a passage."""
    return source.reply_id if isinstance(source, ReplySource) else source.passage_id


def source_ids(reply: Reply) -> tuple[str, ...]:
    """Ids of what a reply is made of; empty where it is one of the desk's own sentences."""
    return tuple(map(source_id, reply.sources))
