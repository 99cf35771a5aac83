"""Knowledge articles: who wrote which text when. Knows no passages and no index."""

import unicodedata
from dataclasses import replace

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from bot.errors import ArticleNotFoundError, ChangedMeanwhileError
from bot.storage.database import Database
from bot.storage.inputs import storable_key, storable_text
from bot.storage.records import Article, ArticleVersion, Clock
from bot.storage.tables import ArticleRow, ArticleVersionRow
from bot.storage.upsert import insert_missing

MAX_BODY_CHARACTERS = 10_000_000


class Articles:
    """The truth of articles. Every change is a new version; nothing is overwritten."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def put(self, article: Article, *, by: str, version: int | None = None, yielding: bool = False) -> int:
        """Write an article, new or changed.

        Args:
            article: what it says from now on.
            by: who says so.
            version: the newest version that the writer knows, 0 for a new article; None: write whatever it is.
            yielding: leave an article alone whose newest version is somebody else's.

        Returns:
            Its version; where nothing changed, the one that it has already.

        Raises:
            InvalidTextError: a text, the id or the name cannot be stored.
            ChangedMeanwhileError: somebody wrote a newer version than ``version``; nothing was written.
        """
        author, written = storable_key(by, "name"), _storable(article)

        def work(session: Session) -> int:
            insert_missing(session, ArticleRow, [{"document_id": written.document_id, "version": 0}])
            head = _head(session, written.document_id)
            newest = session.get(ArticleVersionRow, (head.document_id, head.version))
            _refuse_stale(head, newest, version)
            if yielding and newest is not None and newest.changed_by != author:
                return head.version
            if newest is None or newest.removed or _stored(newest).article != written:
                self._add_version(session, head, written, author, removed=False)
            return head.version

        return self._database.write(work)

    def remove(self, document_id: str, *, by: str, version: int | None = None, yielding: bool = False) -> None:
        """Take an article out of what is current; its history stays. For ``version`` and ``yielding`` see `put`.

        Raises:
            ArticleNotFoundError: there is none, or it is removed already.
            ChangedMeanwhileError: somebody wrote a newer version than ``version``; nothing was removed.
        """
        author = storable_key(by, "name")

        def work(session: Session) -> None:
            head = _head(session, document_id)
            newest = session.get_one(ArticleVersionRow, (document_id, head.version))
            if newest.removed:
                raise _unknown(document_id)
            _refuse_stale(head, newest, version)
            if yielding and newest.changed_by != author:
                return
            self._add_version(session, head, _stored(newest).article, author, removed=True)

        self._database.write(work)

    def current(self) -> list[ArticleVersion]:
        """Give the newest version of each article that is not removed, by id."""
        return self._newest(removed=False)

    def removed(self) -> list[ArticleVersion]:
        """Give the removal of each article that is removed now, by id, with its last text."""
        return self._newest(removed=True)

    def history(self, document_id: str) -> list[ArticleVersion]:
        """Give all versions of an article, oldest first, removals included.

        Raises:
            ArticleNotFoundError: the id is unknown.
        """
        statement = select(ArticleVersionRow).where(ArticleVersionRow.document_id == document_id)
        ordered = statement.order_by(ArticleVersionRow.version)
        rows = self._database.read(lambda session: list(session.scalars(ordered)))
        if not rows:
            raise _unknown(document_id)
        return [_stored(row) for row in rows]

    def touched_by(self, author: str) -> set[str]:
        """Give the ids of all articles of which somebody wrote a version."""
        statement = select(ArticleVersionRow.document_id).where(ArticleVersionRow.changed_by == author).distinct()
        return set(self._database.read(lambda session: list(session.scalars(statement))))

    def _newest(self, *, removed: bool) -> list[ArticleVersion]:
        is_newest = and_(
            ArticleRow.document_id == ArticleVersionRow.document_id, ArticleRow.version == ArticleVersionRow.version
        )
        statement = select(ArticleVersionRow).join(ArticleRow, is_newest).where(ArticleVersionRow.removed == removed)
        ordered = statement.order_by(ArticleVersionRow.document_id)
        return [_stored(row) for row in self._database.read(lambda session: list(session.scalars(ordered)))]

    def _add_version(self, session: Session, head: ArticleRow, article: Article, author: str, *, removed: bool) -> None:
        head.version += 1
        session.add(
            ArticleVersionRow(
                document_id=article.document_id,
                version=head.version,
                title=article.title,
                body=article.body,
                source_uri=article.source_uri,
                media_type=article.media_type,
                removed=removed,
                changed_by=author,
                changed_utc=self._clock(),
            )
        )


def _storable(article: Article) -> Article:
    storable_key(article.document_id, "document id")
    storable_key(article.media_type, "media type")
    if article.title:
        storable_text(article.title, "title")
    if article.source_uri:
        storable_text(article.source_uri, "source")
    body = storable_text(article.body, "article", limit=MAX_BODY_CHARACTERS)
    return replace(article, title=unicodedata.normalize("NFC", article.title), body=body)


def _refuse_stale(head: ArticleRow, newest: ArticleVersionRow | None, known: int | None) -> None:
    if known is not None and known != head.version:
        who = f" by {newest.changed_by}" if newest is not None else ""
        raise ChangedMeanwhileError(
            f"article {head.document_id!r} was changed{who} meanwhile: open it again and look at its history"
        )


def _unknown(document_id: str) -> ArticleNotFoundError:
    return ArticleNotFoundError(f"there is no article {document_id!r}: look at the list of articles")


def _head(session: Session, document_id: str) -> ArticleRow:
    statement = select(ArticleRow).where(ArticleRow.document_id == document_id).with_for_update()
    row = session.scalars(statement).one_or_none()
    if row is None:
        raise _unknown(document_id)
    return row


def _stored(row: ArticleVersionRow) -> ArticleVersion:
    article = Article(row.document_id, row.title, row.body, row.source_uri, row.media_type)
    return ArticleVersion(article, row.version, row.removed, row.changed_by, row.changed_utc)
