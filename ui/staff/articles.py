"""The console's articles: search, edit, preview, publish, history, removal. Agents read, reviewers change.

Knows no SQL and cuts no text itself. A text that a person published outlives the file that it came from: the folder
watcher leaves it alone until somebody says here that the file is to be followed again.
"""

import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import gradio

from bot.articles import BY_FOLDER, follow_file
from bot.storage.records import Article, ArticleVersion, StaffMember, StaffRole
from bot.worker import INDEX_KNOWLEDGE
from retrieval.documents import read_article
from ui.staff.acts import acts_script, number_of, page_load, text_of
from ui.staff.article_view import (
    ListedArticle,
    Origin,
    render_articles,
    render_changes,
    render_head,
    render_history,
    render_passages,
)
from ui.staff.caller import StaffError, member_of, told
from ui.staff.going_live import going_live
from ui.staff.pieces import found, nothing
from ui.staff.services import StaffServices

ALL, FROM_FILES, DETACHED, REMOVED = "All", "From files", "File not followed", "Removed"
_NO_SLUG = re.compile(r"[^\w]+")
Editor = tuple[Any, ...]
"""New values of the editor's components, in the order of ``editor`` in `build_articles`."""


@dataclass(frozen=True, slots=True)
class OpenArticle:
    """The article in the editor, as it was when it was opened."""

    document_id: str
    version: int
    media_type: str
    source_uri: str


class ArticlesPart:
    """One method an event; each asks first who calls."""

    def __init__(self, services: StaffServices) -> None:
        self.services = services
        self.articles = services.store.articles

    def refresh(self, words: str, which: str, opened: OpenArticle | None, request: gradio.Request) -> str:
        """The list for a search."""
        member_of(request, self.services)
        return self._list(words, which, opened)

    def open(self, words: str, which: str, request: gradio.Request, event: gradio.EventData) -> Editor:
        """Put an article into the editor."""
        member = member_of(request, self.services)
        return self._opened(text_of(event, "id"), words, which, member)

    def new(self, words: str, which: str, request: gradio.Request) -> Editor:
        """Empty the editor for a new article."""
        member_of(request, self.services, StaffRole.REVIEWER)
        hidden = gradio.update(visible=False)
        return None, self._list(words, which, None), render_head(None), "", "", "", "", "", hidden, hidden, hidden

    def preview(self, opened: OpenArticle | None, title: str, body: str, request: gradio.Request) -> str:
        """The passages that the text in the editor would be cut into."""
        member_of(request, self.services)
        article = _written(opened, title, body)
        passages = read_article(
            article.body,
            article.media_type,
            document_id=article.document_id,
            title=article.title,
            source_uri=article.source_uri,
        )
        return render_passages(passages)

    def publish(
        self, opened: OpenArticle | None, title: str, body: str, words: str, which: str, request: gradio.Request
    ) -> tuple[Any, ...]:
        """Write a new version; whether there is one to index comes last."""
        member = member_of(request, self.services, StaffRole.REVIEWER)
        article = _written(opened, title, body)
        known = opened.version if opened else 0
        version = self.articles.put(article, by=member.name, version=known)
        changed = version != known
        if changed:
            self._record(member, "publish_article", article.document_id, version=version)
        return *self._opened(article.document_id, words, which, member), changed

    def remove(self, opened: OpenArticle | None, words: str, which: str, request: gradio.Request) -> tuple[Any, ...]:
        """Take the open article from customers."""
        member = member_of(request, self.services, StaffRole.REVIEWER)
        if opened is None:
            raise StaffError("Open an article first.")
        self.articles.remove(opened.document_id, by=member.name, version=opened.version)
        self._record(member, "remove_article", opened.document_id)
        return *self._opened(opened.document_id, words, which, member), True

    def ask(self, request: gradio.Request) -> Any:
        """Offer the button that really removes."""
        member_of(request, self.services, StaffRole.REVIEWER)
        return gradio.update(visible=True)

    def follow(self, opened: OpenArticle | None, words: str, which: str, request: gradio.Request) -> tuple[Any, ...]:
        """Let the open article say what its file says again."""
        member = member_of(request, self.services, StaffRole.REVIEWER)
        folders = self.services.desk.knowledge_folders(self.services.settings)
        if opened is None or not follow_file(self.services.store, folders, opened.document_id):
            raise StaffError("No file of the knowledge folder holds this article any more.")
        self._record(member, "follow_article_file", opened.document_id)
        return *self._opened(opened.document_id, words, which, member), True

    def compare(self, opened: OpenArticle | None, request: gradio.Request, event: gradio.EventData) -> str:
        """What one version changed."""
        member_of(request, self.services)
        history = self.articles.history(opened.document_id) if opened else []
        return render_changes(history, number_of(event, "version"))

    def restore(
        self, opened: OpenArticle | None, request: gradio.Request, event: gradio.EventData
    ) -> tuple[str, str, str]:
        """Put the text of an old version into the editor; nothing is published."""
        member_of(request, self.services, StaffRole.REVIEWER)
        number = number_of(event, "version")
        for version in self.articles.history(opened.document_id) if opened else []:
            if version.version == number:
                words = f"The text of version {number} is in the editor. Publish it to make it count."
                return version.article.title, version.article.body, nothing(words)
        raise StaffError("There is no such version.")

    async def go_live(self, changed: bool, request: gradio.Request) -> AsyncIterator[str]:
        """Index what was just published, and say how far that is."""
        member_of(request, self.services, StaffRole.REVIEWER)
        if not changed:
            yield nothing("The text is as it was, so nothing had to be published.")
            return
        async for standing in going_live(self.services, INDEX_KNOWLEDGE):
            yield standing

    def _opened(self, document_id: str, words: str, which: str, member: StaffMember) -> Editor:
        history = self.articles.history(document_id)
        newest = history[-1]
        article = newest.article
        opened = OpenArticle(document_id, newest.version, article.media_type, article.source_uri)
        origin = _origin(newest, {document_id} if any(one.changed_by == BY_FOLDER for one in history) else set())
        may = member.role.includes(StaffRole.REVIEWER)
        return (
            opened,
            self._list(words, which, opened),
            render_head(ListedArticle(newest, origin)),
            article.title,
            article.body,
            render_history(history),
            "",
            "",
            gradio.update(visible=may and origin is Origin.DETACHED),
            gradio.update(visible=may and not newest.removed),
            gradio.update(visible=False),
        )

    def _list(self, words: str, which: str, opened: OpenArticle | None) -> str:
        versions = self.articles.removed() if which == REMOVED else self.articles.current()
        of_files = self.articles.touched_by(BY_FOLDER)
        listed = [
            ListedArticle(version, _origin(version, of_files))
            for version in versions
            if found(words, (version.article.title, version.article.document_id, version.article.body))
        ]
        wanted = {FROM_FILES: Origin.FILE, DETACHED: Origin.DETACHED}.get(which)
        shown = [one for one in listed if wanted in {None, one.origin}]
        shown.sort(key=lambda one: one.version.changed_utc, reverse=True)
        return render_articles(shown, opened.document_id if opened else None)

    def _record(self, member: StaffMember, action: str, document_id: str, **detail: int) -> None:
        self.services.store.audit.record(member.name, action, subject=document_id, detail=detail)


def build_articles(services: StaffServices) -> None:
    """Lay out the part and wire its events; called inside its tab."""
    part = ArticlesPart(services)
    opened, changed = gradio.State(None), gradio.State(False)
    with gradio.Row(elem_classes="st-columns"):
        with gradio.Column(scale=2, min_width=300):
            words = gradio.Textbox(label="Search articles", placeholder="Words of title or text", max_lines=1)
            which = gradio.Dropdown([ALL, FROM_FILES, DETACHED, REMOVED], value=ALL, label="Show")
            new = gradio.Button("New article", size="sm", elem_id="st-article-new")
            listing = gradio.HTML("", js_on_load=acts_script("open"), apply_default_css=False, elem_id="st-articles")
        with gradio.Column(scale=3, min_width=320):
            head = gradio.HTML(render_head(None), js_on_load=None, apply_default_css=False)
            title = gradio.Textbox(label="Title", max_lines=1, elem_id="st-article-title")
            body = gradio.Textbox(label="Text (Markdown)", lines=12, max_lines=30, elem_id="st-article-body")
            with gradio.Row():
                publish = gradio.Button("Publish", variant="primary", elem_id="st-article-publish")
                preview = gradio.Button("Preview passages", elem_id="st-article-preview")
                follow = gradio.Button("Follow the file again", visible=False)
                remove = gradio.Button("Remove…", visible=False, elem_id="st-article-remove")
                sure = gradio.Button("Yes, remove it", variant="stop", visible=False, elem_id="st-article-sure")
            live = gradio.HTML("", js_on_load=None, apply_default_css=False, elem_id="st-article-live")
            cut = gradio.HTML("", js_on_load=None, apply_default_css=False, elem_id="st-article-cut")
            with gradio.Accordion("History", open=False, elem_id="st-article-history"):
                history = gradio.HTML("", js_on_load=acts_script("compare", "restore"), apply_default_css=False)
                changes = gradio.HTML("", js_on_load=None, apply_default_css=False, elem_id="st-article-changes")
    hush: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    where, editor = [words, which], [opened, listing, head, title, body, history, cut, changes, follow, remove, sure]
    listed = told(part.refresh), [words, which, opened], listing
    page_load()(*listed, **hush)
    gradio.on([words.change, which.change], *listed, trigger_mode="always_last", **hush)
    listing.open(told(part.open), where, editor, **hush)
    new.click(told(part.new), where, editor, **hush)
    preview.click(told(part.preview), [opened, title, body], cut, **hush)
    history.compare(told(part.compare), opened, changes, **hush)
    history.restore(told(part.restore), opened, [title, body, live], **hush)
    remove.click(told(part.ask), None, sure, **hush)
    saving = (
        publish.click(told(part.publish), [opened, title, body, *where], [*editor, changed], **hush),
        sure.click(told(part.remove), [opened, *where], [*editor, changed], **hush),
        follow.click(told(part.follow), [opened, *where], [*editor, changed], **hush),
    )
    for saved in saving:
        saved.success(part.go_live, changed, live, **hush)


def _origin(version: ArticleVersion, of_files: set[str]) -> Origin:
    if version.changed_by == BY_FOLDER:
        return Origin.FILE
    return Origin.DETACHED if version.article.document_id in of_files else Origin.CONSOLE


def _written(opened: OpenArticle | None, title: str, body: str) -> Article:
    name = " ".join(title.split())
    if opened is not None:
        return Article(opened.document_id, name, body, opened.source_uri, opened.media_type)
    if not name:
        raise StaffError("Give the article a title.")
    slug = _NO_SLUG.sub("-", name.casefold()).strip("-")[:80] or secrets.token_hex(4)
    return Article(f"console/{slug}", name, body, f"console/{slug}", "text/markdown")
