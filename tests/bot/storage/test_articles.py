from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import ArticleNotFoundError, InvalidTextError
from bot.storage.records import Article
from bot.storage.store import Store

SHIPPING = Article("shipping", "Shipping", "Two days.", "docs/shipping.md", "text/markdown")


def test_unchanged_article_keeps_its_version(store: Store) -> None:
    assert store.articles.put(SHIPPING, by="Ann") == 1
    assert store.articles.put(SHIPPING, by="Bob") == 1
    assert len(store.articles.history("shipping")) == 1


def test_change_makes_a_version_with_name_and_date(store: Store, clock: Any) -> None:
    store.articles.put(SHIPPING, by="Ann")
    clock.advance(hours=1)
    changed = replace(SHIPPING, body="Three days.")
    assert store.articles.put(changed, by="Bob") == 2
    (current,) = store.articles.current()
    assert (current.article, current.version, current.changed_by, current.changed_utc) == (changed, 2, "Bob", clock.now)
    assert [version.article.body for version in store.articles.history("shipping")] == ["Two days.", "Three days."]


def test_removed_article_is_not_current_and_may_come_back(store: Store) -> None:
    store.articles.put(SHIPPING, by="Ann")
    store.articles.remove("shipping", by="Bob")
    assert store.articles.current() == []
    with pytest.raises(ArticleNotFoundError):
        store.articles.remove("shipping", by="Bob")
    assert store.articles.put(SHIPPING, by="Ann") == 3
    assert [(version.removed, version.changed_by) for version in store.articles.history("shipping")] == [
        (False, "Ann"),
        (True, "Bob"),
        (False, "Ann"),
    ]


def test_unknown_article_is_an_error(store: Store) -> None:
    with pytest.raises(ArticleNotFoundError):
        store.articles.history("nothing")
    with pytest.raises(ArticleNotFoundError):
        store.articles.remove("nothing", by="Ann")


@pytest.mark.parametrize("change", [{"body": " "}, {"body": "\0"}, {"title": "\ud800"}, {"document_id": ""}])
def test_article_that_cannot_be_stored_is_refused(store: Store, change: dict[str, str]) -> None:
    with pytest.raises(InvalidTextError):
        store.articles.put(replace(SHIPPING, **change), by="Ann")
    assert store.articles.current() == []


def test_writers_at_once_get_versions_without_gaps(store: Store) -> None:
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda n: store.articles.put(replace(SHIPPING, body=f"{n} days"), by="Ann"), range(20)))
    assert [version.version for version in store.articles.history("shipping")] == list(range(1, 21))


def test_removed_articles_are_listed_with_their_last_text(store: Store) -> None:
    store.articles.put(SHIPPING, by="Ann")
    assert store.articles.removed() == []
    store.articles.remove("shipping", by="Bob")
    (removed,) = store.articles.removed()
    assert (removed.article, removed.changed_by, store.articles.current()) == (SHIPPING, "Bob", [])
