"""Replies: who proposed, approved, edited and withdrew which text when. Knows no vectors and does no mining."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from bot.errors import ChangedMeanwhileError, ReplyNotFoundError
from bot.storage.database import Database
from bot.storage.inputs import storable_key, storable_text
from bot.storage.records import Approval, Clock, ProposedReply, StoredReply
from bot.storage.tables import ReplyRow, ReplyVersionRow
from bot.storage.upsert import insert_missing
from bot.values import ApprovedReply, ReplyState

MINER = "mined"


class Replies:
    """The truth of replies. A reply has versions; at most one of them is approved."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def propose(self, replies: Sequence[ProposedReply], *, by: str = MINER) -> int:
        """Add replies that wait for a person.

        A known reply gets a new version only for a text that it never had, so that mining the same log again undoes
        nobody's edit or withdrawal.

        Returns:
            How many texts were new.

        Raises:
            InvalidTextError: a text, id or name cannot be stored; none was added.
        """
        author = storable_key(by, "name")
        written = {storable_key(reply.reply_id, "reply id"): _storable(reply) for reply in replies}

        def work(session: Session) -> int:
            return sum(self._propose(session, written[reply_id], author) for reply_id in sorted(written))

        return self._database.write(work)

    def approve(self, reply_ids: Sequence[str] | None, *, by: str, version: int | None = None) -> Approval:
        """Let the newest versions of replies reach customers, under a person's name.

        Replies that hold amounts, dates or promises are approved only by id, one in a call: None and a list of
        several are bulk and hold them back, so that no file and no "all" can let one through. A version
        approved earlier makes way for the newer one. What is approved already keeps its name and date.

        Args:
            reply_ids: one reply, several, or None for all that are proposed.
            by: the person's name.
            version: the one that the person has read, of a single reply; None: whatever is the newest.

        Raises:
            ReplyNotFoundError: an id is unknown; none was approved.
            ChangedMeanwhileError: the newest version is not ``version``; nothing was approved.
            InvalidTextError: the name is blank.
        """
        name = storable_key(by, "name")

        def work(session: Session) -> Approval:
            ids = _proposed_ids(session) if reply_ids is None else sorted(set(reply_ids))
            one_by_id = reply_ids is not None and len(ids) == 1
            approved: list[str] = []
            held: dict[str, tuple[str, ...]] = {}
            for reply_id in ids:
                newest = _newest(session, reply_id, known=version)
                if newest.state == ReplyState.WITHDRAWN:
                    held[reply_id] = ("withdrawn",)
                elif newest.state == ReplyState.PROPOSED and newest.risky and not one_by_id:
                    held[reply_id] = tuple(newest.risky)
                elif newest.state == ReplyState.PROPOSED:
                    self._approve(session, newest, name)
                    approved.append(reply_id)
            return Approval(tuple(approved), held)

        return self._database.write(work)

    def withdraw(self, reply_ids: Sequence[str], *, by: str) -> int:
        """Take replies from customers, all versions of each; to bring one back, `edit` and approve it.

        Returns:
            How many replies were not withdrawn before.

        Raises:
            ReplyNotFoundError: an id is unknown; none was withdrawn.
        """
        name = storable_key(by, "name")

        def work(session: Session) -> int:
            count = 0
            for reply_id in sorted(set(reply_ids)):
                _head(session, reply_id)
                live = [row for row in _versions(session, reply_id) if row.state != ReplyState.WITHDRAWN]
                now = self._clock()
                for row in live:
                    _withdraw(row, name, now)
                count += bool(live)
            return count

        return self._database.write(work)

    def edit(
        self,
        reply_id: str,
        text: str,
        *,
        by: str,
        risky: Sequence[str] = (),
        intents: Sequence[str] | None = None,
        version: int | None = None,
    ) -> StoredReply:
        """Write a new version, which is proposed again; an approved older one stays live until it is approved.

        ``risky`` says why the new text must not be approved in bulk, as in `ProposedReply`; ``intents=None`` keeps
        those of the version before. ``version`` is the newest one that the author has read; None: whatever it is.

        Returns:
            The new version, or the newest one as it is where nothing would change.

        Raises:
            ReplyNotFoundError: the id is unknown.
            ChangedMeanwhileError: the newest version is not ``version``; nothing was written.
            InvalidTextError: the text cannot be stored.
        """
        author, written = storable_key(by, "name"), storable_text(text, "reply")

        def work(session: Session) -> StoredReply:
            head = _head(session, reply_id)
            newest = _newest(session, reply_id, known=version)
            kept = tuple(newest.intents if intents is None else intents)
            same = (newest.text, tuple(newest.intents)) == (written, kept)
            if same and newest.state != ReplyState.WITHDRAWN:
                return _stored(newest)
            edited = ProposedReply(reply_id, written, kept, newest.frequency, tuple(risky))
            return _stored(self._add_version(session, head, edited, author))

        return self._database.write(work)

    def approved(self) -> list[ApprovedReply]:
        """Give what may reach customers now, by id."""
        rows = self.in_state(ReplyState.APPROVED)
        return [
            ApprovedReply(
                reply_id=row.reply_id,
                version=row.version,
                text=row.text,
                intents=row.intents,
                approved_by=row.approved_by,
                approved_utc=row.approved_utc,
                frequency=row.frequency,
            )
            for row in rows
            if row.approved_by is not None and row.approved_utc is not None
        ]

    def proposed(self) -> list[StoredReply]:
        """Give what waits for a person, the most frequent first."""
        return sorted(self.in_state(ReplyState.PROPOSED), key=lambda reply: -reply.frequency)

    def get(self, reply_id: str, version: int) -> StoredReply:
        """Give one version, whatever its state, with the name and date of its approval if it ever was.

        Raises:
            ReplyNotFoundError: there is no such version.
        """
        row = self._database.read(lambda session: session.get(ReplyVersionRow, (reply_id, version)))
        if row is None:
            raise ReplyNotFoundError(f"there is no version {version} of reply {reply_id}")
        return _stored(row)

    def history(self, reply_id: str) -> list[StoredReply]:
        """Give all versions, oldest first.

        Raises:
            ReplyNotFoundError: the id is unknown.
        """
        rows = self._database.read(lambda session: _versions(session, reply_id))
        if not rows:
            raise _unknown(reply_id)
        return [_stored(row) for row in rows]

    def in_state(self, state: ReplyState) -> list[StoredReply]:
        """Give the versions that are in a state, by reply; of withdrawn replies the newest, if nothing else is left."""
        statement = select(ReplyVersionRow).where(ReplyVersionRow.state == state.value)
        if state is ReplyState.WITHDRAWN:
            other = aliased(ReplyVersionRow)
            lives = select(other.version).where(other.reply_id == ReplyVersionRow.reply_id, other.state != state.value)
            newest = and_(ReplyRow.reply_id == ReplyVersionRow.reply_id, ReplyRow.version == ReplyVersionRow.version)
            statement = statement.join(ReplyRow, newest).where(~lives.exists())
        ordered = statement.order_by(ReplyVersionRow.reply_id)
        return [_stored(row) for row in self._database.read(lambda session: list(session.scalars(ordered)))]

    def _propose(self, session: Session, reply: ProposedReply, author: str) -> bool:
        insert_missing(session, ReplyRow, [{"reply_id": reply.reply_id, "version": 0}])
        head = _head(session, reply.reply_id)
        if reply.text in {row.text for row in _versions(session, reply.reply_id)}:
            return False
        self._add_version(session, head, reply, author)
        return True

    def _add_version(self, session: Session, head: ReplyRow, reply: ProposedReply, author: str) -> ReplyVersionRow:
        for row in _versions(session, head.reply_id):
            if row.state == ReplyState.PROPOSED:
                _withdraw(row, author, self._clock())
        head.version += 1
        row = ReplyVersionRow(
            reply_id=head.reply_id,
            version=head.version,
            text=reply.text,
            intents=list(reply.intents),
            frequency=reply.frequency,
            risky=list(reply.risky),
            state=ReplyState.PROPOSED.value,
            created_by=author,
            created_utc=self._clock(),
        )
        session.add(row)
        session.flush()
        return row

    def _approve(self, session: Session, newest: ReplyVersionRow, name: str) -> None:
        now = self._clock()
        for row in _versions(session, newest.reply_id):
            if row.state == ReplyState.APPROVED:
                _withdraw(row, name, now)
        newest.state, newest.approved_by, newest.approved_utc = ReplyState.APPROVED.value, name, now


def _storable(reply: ProposedReply) -> ProposedReply:
    return replace(reply, text=storable_text(reply.text, "reply"))


def _unknown(reply_id: str) -> ReplyNotFoundError:
    return ReplyNotFoundError(f"there is no reply {reply_id!r}: propose it first")


def _head(session: Session, reply_id: str) -> ReplyRow:
    row = session.scalars(select(ReplyRow).where(ReplyRow.reply_id == reply_id).with_for_update()).one_or_none()
    if row is None:
        raise _unknown(reply_id)
    return row


def _newest(session: Session, reply_id: str, *, known: int | None) -> ReplyVersionRow:
    head = _head(session, reply_id)
    if known not in {None, head.version}:
        raise ChangedMeanwhileError(f"reply {reply_id!r} has version {head.version} meanwhile: read that one")
    is_newest = and_(ReplyVersionRow.reply_id == reply_id, ReplyVersionRow.version == head.version)
    return session.scalars(select(ReplyVersionRow).where(is_newest)).one()


def _versions(session: Session, reply_id: str) -> list[ReplyVersionRow]:
    statement = select(ReplyVersionRow).where(ReplyVersionRow.reply_id == reply_id)
    return list(session.scalars(statement.order_by(ReplyVersionRow.version)))


def _proposed_ids(session: Session) -> list[str]:
    proposed = select(ReplyVersionRow.reply_id).where(ReplyVersionRow.state == ReplyState.PROPOSED.value)
    return list(session.scalars(proposed.order_by(ReplyVersionRow.reply_id)))


def _withdraw(row: ReplyVersionRow, name: str, now: datetime) -> None:
    row.state, row.withdrawn_by, row.withdrawn_utc = ReplyState.WITHDRAWN.value, name, now


def _stored(row: ReplyVersionRow) -> StoredReply:
    return StoredReply(
        reply_id=row.reply_id,
        version=row.version,
        text=row.text,
        intents=tuple(row.intents),
        frequency=row.frequency,
        risky=tuple(row.risky),
        state=ReplyState(row.state),
        created_by=row.created_by,
        created_utc=row.created_utc,
        approved_by=row.approved_by,
        approved_utc=row.approved_utc,
        withdrawn_by=row.withdrawn_by,
        withdrawn_utc=row.withdrawn_utc,
    )
