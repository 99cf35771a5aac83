"""Files of a knowledge base as articles of the desk, and articles as passages. Knows no vectors and no chats."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from bot.storage.records import Article
from bot.storage.store import Store
from retrieval.documents import ReadReport, document_files, read_article, read_passages
from retrieval.values import Passage

BY_FOLDER = "knowledge folder"
"""Who changed an article that came from a watched folder."""

_KEPT_AS_TEXT = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".txt": "text/plain",
    ".text": "text/plain",
}


@dataclass(frozen=True, slots=True)
class ArticleChanges:
    """What putting files changed.

    Attributes:
        changed: ids of new, changed or removed articles.
        present: ids of all articles that the files hold.
        problems: one line for each file or row that was left out.
        kept: ids of articles whose newest text is a person's, so that what the file says was not taken over.
    """

    changed: tuple[str, ...]
    present: tuple[str, ...]
    problems: tuple[str, ...]
    kept: tuple[str, ...] = ()


def put_articles(store: Store, paths: Sequence[Path], by: str, *, yielding: bool = False) -> ArticleChanges:
    """Write the articles of files and folders into the store; unchanged ones keep their version.

    ``yielding`` leaves those alone whose newest text, or removal, is somebody else's.
    """
    report = ReadReport()
    known = {version.article.document_id: version for version in store.articles.current()}
    changed: list[str] = []
    present: list[str] = []
    kept: list[str] = []
    for article in articles_in(paths, report):
        present.append(article.document_id)
        before = known.get(article.document_id)
        version = store.articles.put(article, by=by, yielding=yielding)
        if before is None or before.version != version:
            newest = store.articles.history(article.document_id)[-1]
            (changed if newest.changed_by == by else kept).append(article.document_id)
        elif before.changed_by != by and before.article != article:
            kept.append(article.document_id)
    return ArticleChanges(tuple(changed), tuple(present), tuple(map(str, report.problems)), tuple(kept))


def take_over_folders(store: Store, folders: Sequence[Path]) -> ArticleChanges:
    """Bring the store in step with a desk's knowledge folders; an article whose file is gone is removed.

    Articles that a person put, edited or removed otherwise are left alone, until `follow_file` gives them back.
    """
    changes = put_articles(store, [folder for folder in folders if folder.exists()], BY_FOLDER, yielding=True)
    gone = [
        version.article.document_id
        for version in store.articles.current()
        if version.changed_by == BY_FOLDER and version.article.document_id not in changes.present
    ]
    for document_id in gone:
        store.articles.remove(document_id, by=BY_FOLDER, yielding=True)
    return replace(changes, changed=(*changes.changed, *gone))


def follow_file(store: Store, folders: Sequence[Path], document_id: str) -> bool:
    """Let an article that a person edited say what its file says again, from now on; False where no file holds it."""
    for article in articles_in([folder for folder in folders if folder.exists()], ReadReport()):
        if article.document_id == document_id:
            newest = store.articles.history(document_id)[-1]
            if newest.changed_by != BY_FOLDER and newest.article == article and not newest.removed:
                # An equal text makes no version, and without one the watcher would go on leaving it alone.
                store.articles.remove(document_id, by=BY_FOLDER)
            store.articles.put(article, by=BY_FOLDER)
            return True
    return False


def articles_in(paths: Sequence[Path], report: ReadReport) -> Iterator[Article]:
    """Articles of files and folders: Markdown and plain text as they are, other formats as Markdown.

    An FAQ file gives one article for each question.
    """
    for path, source in document_files(paths, report):
        passages = list(read_passages([path], report))
        media_type = _KEPT_AS_TEXT.get(path.suffix.casefold())
        if passages and media_type:
            title = passages[0].title.split(" > ")[0]
            body = path.read_text(encoding="utf-8-sig", errors="replace")
            yield Article(source, title, body, source, media_type)
            continue
        for document_id, parts in groupby(passages, key=lambda passage: passage.document_id):
            yield _as_markdown(document_id.replace(path.name, source, 1), list(parts))


def current_passages(store: Store) -> list[Passage]:
    """Passages of the current articles, in the order of their ids."""
    passages: list[Passage] = []
    for version in store.articles.current():
        article = version.article
        passages += read_article(
            article.body,
            article.media_type,
            document_id=article.document_id,
            title=article.title,
            source_uri=article.source_uri,
        )
    return passages


def _as_markdown(document_id: str, passages: list[Passage]) -> Article:
    """An article whose sections have the headings that the passages were found under."""
    headings = [passage.title.split(" > ") for passage in passages]
    title = headings[0][0] if len(passages) > 1 else headings[0][-1]
    sections = (
        f"## {' > '.join(part for part in heading if part != title) or title}\n\n{passage.text}"
        for heading, passage in zip(headings, passages, strict=True)
    )
    return Article(document_id, title, "\n\n".join(sections), document_id, "text/markdown")
