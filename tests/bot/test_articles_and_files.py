"""Who wins where a file of the knowledge folder and a person say different things: nobody is silently undone."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.articles import BY_FOLDER, follow_file, take_over_folders
from bot.bootstrap import open_store
from bot.desk import Desk
from bot.errors import ChangedMeanwhileError
from bot.storage.records import ArticleVersion
from bot.storage.store import Store
from bot.worker import Worker

RETURNS = "knowledge/returns.md"


@pytest.fixture
def store(desk: Desk) -> Iterator[Store]:
    with open_store(desk, desk.settings()) as opened:
        yield opened


def newest(store: Store) -> ArticleVersion:
    return store.articles.history(RETURNS)[-1]


def folders(desk: Desk) -> list[Path]:
    return desk.knowledge_folders(desk.settings())


def edit(store: Store, body: str) -> None:
    before = newest(store)
    store.articles.put(replace(before.article, body=body), by="ann", version=before.version)


def test_an_edit_in_the_console_outlives_its_file_and_the_worker_says_so(
    desk: Desk, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    edit(store, "# Returns\n\nWithin 60 days.\n")
    (desk.directory / "knowledge" / "returns.md").write_text("# Returns\n\nWithin 10 days.\n")
    (desk.directory / "knowledge" / "boots.md").write_text("# Care of boots\n\nBrush them.\n")
    worker = Worker(desk, desk.settings(), store)
    worker.watch_folders()
    assert (newest(store).changed_by, "60 days" in newest(store).article.body) == ("ann", True)
    assert store.articles.history("knowledge/boots.md")[-1].article.body == "# Care of boots\n\nBrush them.\n"
    assert [record.message for record in caplog.records if RETURNS in record.message] == [
        f"{RETURNS}: changed by a person, so its file is not followed"
    ]


def test_a_file_is_followed_while_nobody_edits_its_article(desk: Desk, store: Store) -> None:
    (desk.directory / "knowledge" / "returns.md").write_text("# Returns\n\nWithin 10 days.\n")
    changes = take_over_folders(store, folders(desk))
    assert (changes.changed, changes.kept) == ((RETURNS,), ())
    assert (newest(store).changed_by, "10 days" in newest(store).article.body) == (BY_FOLDER, True)


def test_an_article_that_a_person_removed_stays_away(desk: Desk, store: Store) -> None:
    store.articles.remove(RETURNS, by="ann")
    changes = take_over_folders(store, folders(desk))
    assert (changes.changed, changes.kept) == ((), (RETURNS,))
    assert newest(store).removed


@pytest.mark.parametrize("removed", [True, False])
def test_a_file_is_followed_again_on_request(desk: Desk, store: Store, removed: bool) -> None:
    edit(store, "Another text")
    if removed:
        store.articles.remove(RETURNS, by="ann")
    assert follow_file(store, folders(desk), RETURNS)
    assert newest(store).changed_by == BY_FOLDER
    (desk.directory / "knowledge" / "returns.md").write_text("# Returns\n\nWithin 10 days.\n")
    assert take_over_folders(store, folders(desk)).changed == (RETURNS,)
    assert not follow_file(store, folders(desk), "knowledge/gone.md")


def test_a_file_is_followed_again_also_where_a_person_wrote_its_very_text(desk: Desk, store: Store) -> None:
    original = newest(store).article.body
    edit(store, "Another text")
    edit(store, original)
    assert newest(store).changed_by == "ann"
    assert follow_file(store, folders(desk), RETURNS)
    assert (newest(store).changed_by, newest(store).removed) == (BY_FOLDER, False)


def test_of_two_who_edit_the_same_version_the_second_is_told(store: Store) -> None:
    before = newest(store)
    barrier, refused = threading.Barrier(2), []

    def write(name: str) -> None:
        barrier.wait()
        try:
            store.articles.put(replace(before.article, body=f"By {name}"), by=name, version=before.version)
        except ChangedMeanwhileError as error:
            refused.append(str(error))

    writers = [threading.Thread(target=write, args=(name,)) for name in ("ann", "bob")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(refused) == 1
    assert newest(store).changed_by in refused[0]
    assert newest(store).version == before.version + 1
