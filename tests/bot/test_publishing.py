"""A bundle is prepared unseen, then goes live with what changed meanwhile; on a desk with real, tiny models."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot import publishing
from bot.bootstrap import Services
from bot.desk import Desk
from bot.errors import BundleError, DeskError, LiveChangedError
from bot.live import load_models
from bot.publishing import go_live, live_encoder, prepare_bundle, publish_bundle, publish_knowledge, publish_replies
from bot.rollback import roll_back
from bot.storage.records import ProposedReply
from bot.values import Versions
from bot.worker import INDEX_KNOWLEDGE, Worker

RETURNED = "knowledge/returns.md"


def untold(_done: int, _total: int) -> None: ...


@pytest.fixture
def second(bundle_copy: Path) -> Path:
    """Another bundle: the same models under another version."""
    path = bundle_copy / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": "second"}))
    return bundle_copy


def edit(desk: Desk, text: str) -> None:
    (desk.directory / "knowledge" / "news.md").write_text(f"# News\n\n{text}\n", encoding="utf-8")


def texts(services: Services) -> str:
    services.live.follow()
    retriever = services.live.current().retriever
    assert retriever is not None
    return " ".join(passage.text for passage in retriever.passages)


def test_prepared_bundle_can_be_loaded_and_is_not_live(services: Services, desk: Desk, second: Path) -> None:
    before = desk.live()
    prepared = prepare_bundle(desk, services.settings, services.store, second, untold)
    assert prepared.versions.bundle == "second"
    assert desk.live() == before
    assert not services.live.follow()
    candidate = load_models(desk, services.settings, prepared.versions)
    assert candidate.degraded is None
    assert candidate.replies is not None


def test_go_live_takes_what_changed_since_it_was_prepared_and_encodes_only_that(
    services: Services, desk: Desk, second: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = prepare_bundle(desk, services.settings, services.store, second, untold)
    edit(desk, "We open on Sundays, too.")
    services.store.replies.propose([ProposedReply("r-new", "We are glad that it fits.", ("greeting",), 3)])
    services.store.replies.approve(["r-new"], by="Ana")
    encoded: list[str] = []
    encode = prepared.encoder.encode
    monkeypatch.setattr(prepared.encoder, "encode", lambda given: encoded.extend(given) or encode(given))
    versions = go_live(desk, services.settings, services.store, prepared)
    assert desk.live() == versions
    assert "Sundays" in texts(services)
    live = services.live.current()
    assert live.replies is not None
    assert "r-new" in {reply.reply_id for reply in live.replies.replies}
    assert [text for text in encoded if "glad" in text] == ["We are glad that it fits."]
    assert all("Sundays" in text or "glad" in text or "News" in text for text in encoded)


def test_nothing_changed_so_go_live_makes_no_second_snapshot(services: Services, desk: Desk, second: Path) -> None:
    prepared = prepare_bundle(desk, services.settings, services.store, second, untold)
    assert go_live(desk, services.settings, services.store, prepared) == prepared.versions
    states = len(desk.history())
    assert publish_knowledge(desk, services.settings, services.store, prepared.encoder, untold) == prepared.versions
    assert publish_replies(desk, services.settings, services.store, prepared.encoder) == prepared.versions
    assert publish_bundle(desk, services.settings, services.store, second, untold) == prepared.versions
    assert len(desk.history()) == states


def test_a_damaged_snapshot_is_built_anew(services: Services, desk: Desk, second: Path) -> None:
    prepared = prepare_bundle(desk, services.settings, services.store, second, untold)
    assert prepared.versions.knowledge
    assert prepared.versions.replies
    (desk.knowledge_directory(prepared.versions.knowledge) / "passages.jsonl").write_text("")
    (desk.replies_directory(prepared.versions.replies) / "replies.jsonl").write_text("")
    versions = go_live(desk, services.settings, services.store, prepared)
    assert versions.knowledge != prepared.versions.knowledge
    assert versions.replies != prepared.versions.replies
    assert services.live.follow()


def test_tampered_bundle_is_not_published_and_the_old_one_stays_live(
    services: Services, desk: Desk, second: Path
) -> None:
    before = desk.live()
    (second / "calibration.json").write_text("{}")
    with pytest.raises(BundleError, match=r"calibration\.json"):
        publish_bundle(desk, services.settings, services.store, second, untold)
    assert desk.live() == before
    assert "second" not in desk.bundles()


def test_knowledge_is_not_indexed_with_the_encoder_of_a_bundle_that_was_replaced(
    services: Services, desk: Desk, second: Path
) -> None:
    old = live_encoder(desk, services.settings)
    publish_bundle(desk, services.settings, services.store, second, untold)
    edit(desk, "We open on Sundays, too.")
    worker = Worker(desk, services.settings, services.store)
    worker.watch_folders()
    with pytest.raises(LiveChangedError, match="second"):
        publish_knowledge(desk, services.settings, services.store, old, untold)
    assert worker.run_once()  # opens the new one
    assert "Sundays" in texts(services)


def test_rollback_does_not_wait_for_an_index_and_the_worker_indexes_again_with_the_right_encoder(
    services: Services, desk: Desk, second: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = desk.live().bundle
    publish_bundle(desk, services.settings, services.store, second, untold)
    edit(desk, "We open on Sundays, too.")
    build, rolled_back = publishing.build_snapshot, threading.Event()

    def slow_build(*given: object, **named: object) -> object:
        if not rolled_back.is_set():
            assert desk.roll_back().bundle == first
            rolled_back.set()
        return build(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(publishing, "build_snapshot", slow_build)
    worker = Worker(desk, services.settings, services.store)
    assert worker.run_once()
    assert desk.live().bundle == first
    assert "Sundays" in texts(services)
    assert services.live.current().degraded is None
    assert [job.state.value for job in services.store.jobs.status() if job.kind == INDEX_KNOWLEDGE] == ["done"]


def test_rollback_sends_no_reply_that_was_withdrawn_since_and_the_worker_brings_the_rest_up_to_date(
    services: Services, desk: Desk, second: Path
) -> None:
    first = desk.live()
    publish_bundle(desk, services.settings, services.store, second, untold)
    replies = services.store.replies
    replies.propose([ProposedReply("r-new", "We are glad that it fits.", ("greeting",), 3)])
    replies.approve(["r-new"], by="Ana")
    gone = replies.approved()[0]
    replies.withdraw([gone.reply_id], by="Ana")
    edit(desk, "We open on Sundays, too.")
    versions = roll_back(desk, services.store)
    assert (versions.bundle, versions.knowledge) == (first.bundle, first.knowledge)
    services.live.follow()
    assert services.live.current().versions == versions
    assert gone.reply_id not in live_replies(services)
    assert "r-new" not in live_replies(services)
    worker = Worker(desk, services.settings, services.store)
    while worker.run_once():
        pass
    assert "Sundays" in texts(services)
    assert live_replies(services) == {reply.reply_id for reply in replies.approved()}
    assert desk.live().bundle == first.bundle
    assert services.live.current().degraded is None
    with pytest.raises(DeskError, match="no earlier state of bundle nonsense"):
        roll_back(desk, services.store, "nonsense")
    assert roll_back(desk, services.store, "second").bundle == "second"


def test_rollback_over_a_damaged_reply_snapshot_still_goes_back(services: Services, desk: Desk, second: Path) -> None:
    first = desk.live()
    assert first.replies
    publish_bundle(desk, services.settings, services.store, second, untold)
    (desk.replies_directory(first.replies) / "replies.jsonl").write_text("")
    assert roll_back(desk, services.store).replies is None
    assert services.live.follow()


def test_bundles_swapped_under_load_fail_no_turn_and_each_reply_is_of_one_published_state(
    services: Services, desk: Desk, second: Path
) -> None:
    stop, first = threading.Event(), desk.live().bundle

    def keep_asking() -> list[Versions | None]:
        answers = []
        while not stop.is_set():
            conversation = services.store.conversations.start(channel="web", locale="en").conversation_id
            answer = services.assistant.reply(conversation, "where is my order", "m1")
            assert answer is not None
            answers.append(answer.versions)
        return answers

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(keep_asking) for _ in range(4)]
        try:
            publish_bundle(desk, services.settings, services.store, second, untold)
            for _ in range(4):
                assert services.live.follow()
                time.sleep(0.1)
                roll_back(desk, services.store)
            assert services.live.follow()
        finally:
            stop.set()
        seen = {versions for future in asking for versions in future.result()}
    assert {versions.bundle for versions in seen if versions} == {"second", first}
    assert seen <= {state.versions for state in desk.history()}


def live_replies(services: Services) -> set[str]:
    services.live.follow()
    replies = services.live.current().replies
    return {reply.reply_id for reply in replies.replies} if replies else set()
