"""Compares what customers were told with what the log holds. Knows no server and no HTTP."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import text

from bot.storage.store import Store
from bot.values import Role
from tests.benchmarks.retrying_customer import RetryingCustomer

_UNSETTLED = text(
    "SELECT count(*) FROM messages JOIN conversations USING (conversation_id) WHERE role = 'customer' "
    "AND answered_by IS NULL AND NOT reply_failed AND owner = 'bot'"
)
_GIVEN_UP = text("SELECT count(*) FROM messages WHERE reply_failed")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What went wrong, as counts.

    Attributes:
        messages: acknowledged ones.
        lost: acknowledged and not in the log at the acknowledged place.
        doubled: more than once in the log.
        reordered: pairs of neighbours in the log in another order than sent, and sequences with a hole.
        unanswered: neither answered nor marked as failed.
        failed: marked as failed; their customer may send them again.
        stream_faults: gaps and repeats in what the streams brought.
        wrong: answers that nothing explains.
    """

    messages: int
    lost: int
    doubled: int
    reordered: int
    unanswered: int
    failed: int
    stream_faults: int
    wrong: int

    @property
    def faults(self) -> int:
        """All that must be 0."""
        return self.lost + self.doubled + self.reordered + self.unanswered + self.stream_faults + self.wrong

    def metrics(self, prefix: str) -> dict[str, float]:
        """The counts as metrics."""
        return {f"{prefix}_{name}": float(getattr(self, name)) for name in self.__slots__}


def check_log(database_url: str, customers: Sequence[RetryingCustomer]) -> Verdict:
    """Reads the log and judges; to be called when all is settled."""
    with Store.open(database_url) as store:
        counts = [_counts(store, customer) for customer in customers]
        unanswered = store._database.read(lambda session: session.execute(_UNSETTLED).scalar_one())
        failed = store._database.read(lambda session: session.execute(_GIVEN_UP).scalar_one())
    added = {name: sum(count[name] for count in counts) for name in counts[0]}
    return Verdict(unanswered=unanswered, failed=failed, **added)


def _counts(store: Store, customer: RetryingCustomer) -> Mapping[str, int]:
    log = store.conversations.messages_after(customer.conversation_id, 0)
    said = [(one.sequence, one.message.text) for one in log if one.message.role is Role.CUSTOMER]
    asked = [(sequence, words) for sequence, words in said if words.startswith(f"{customer.name} ")]
    numbers = [int(words.split(":")[0].rpartition(" ")[2]) for _, words in asked]
    told = {(sequence, customer.text(number)) for number, sequence in customer.acknowledged.items()}
    holes = sum(after.sequence != before.sequence + 1 for before, after in pairwise(log))
    missing = max(0, len(log) - len(customer.seen)) if customer.seen else 0
    return {
        "messages": len(customer.acknowledged),
        "lost": len(told - set(asked)),
        "doubled": sum(count - 1 for count in Counter(numbers).values()),
        "reordered": sum(after < before for before, after in pairwise(numbers)) + holes,
        "stream_faults": missing + sum(new != old + 1 for old, new in pairwise([0, *customer.seen])),
        "wrong": len(customer.wrong),
    }
