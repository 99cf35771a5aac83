"""What an erasure did, for whoever has to prove it: kinds, counts and places, no words and no names. Pure values."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Removed:
    """So many of a kind, from one place: the database, or a file of the desk."""

    kind: str
    place: str
    count: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """One erasure, or what one would do.

    Attributes:
        tombstone_id: of the line in ``erased.jsonl``; None: nothing was done, this is a preview.
        at_utc: ISO 8601; when it was asked for.
        customer: keyed hash of the customer's id; None where conversations were named.
        flagged_bundles: trained on a dataset that had their words; a star marks the live one.
        replies_to_read: replies that began as corrections of their conversations and that people approved.
        same_contact: other conversations that left the same address, of which nobody has proven anything.
        improving: a training runs now; its bundle carries the flag if its dataset had their words.
        purged: how the database's files were cleaned; empty where that is still to come.
    """

    tombstone_id: str | None
    at_utc: str
    customer: str | None
    conversations: int
    removed: tuple[Removed, ...]
    flagged_bundles: tuple[str, ...] = ()
    replies_to_read: tuple[str, ...] = ()
    same_contact: int = 0
    improving: bool = False
    purged: str = ""

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {"frontdesk_erasure_certificate": 1, **asdict(self), "next_steps": self._next_steps()}

    def as_text(self) -> str:
        """The same for people, one thing a line."""
        done = self.tombstone_id is not None
        lines = [f"Certificate of erasure {self.tombstone_id}" if done else "Nothing has been erased. This would go:"]
        lines.append(f"Time: {self.at_utc}")
        if self.customer:
            lines.append(f"Customer (HMAC-SHA256 of the id): {self.customer}")
        lines += [f"Conversations: {self.conversations}", "Removed:" if done else "Would be removed:"]
        lines += [f"  {row.count:>6}  {row.kind}  ({row.place})" for row in self.removed] or ["  nothing"]
        if self.purged:
            lines.append(f"Database: {self.purged}")
        lines += _list("Bundles that are flagged" if done else "Bundles that would be flagged", self.flagged_bundles)
        lines += [f"Next: {step}" for step in self._next_steps()]
        return "\n".join(lines)

    def _next_steps(self) -> list[str]:
        steps = []
        if self.flagged_bundles or self.improving:
            steps.append("run `frontdesk improve`: the flagged bundles were trained on words that are gone now")
        if self.improving:
            steps.append("a run of improve is under way: run `frontdesk erase --again` when it has ended")
        if self.replies_to_read:
            ids = ", ".join(self.replies_to_read)
            steps.append(f"read these approved replies, which began as corrections of their conversations: {ids}")
        if self.same_contact:
            steps.append(
                f"{self.same_contact} further conversations left the same e-mail address without signing in; "
                "if they are the same person, run `frontdesk erase --contact ADDRESS`"
            )
        steps.append("backups made before still hold the rows; a restored one loses them when the desk starts")
        return steps


def _list(title: str, names: Sequence[str]) -> list[str]:
    return [f"{title}: {', '.join(names)}"] if names else []
