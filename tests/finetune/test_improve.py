"""One command from reviews to a verdict, on a real desk with a tiny base model."""

import csv
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.bootstrap import Services, open_services
from bot.bundle import load_bundle
from bot.dataset_files import conversations_in
from bot.errors import DeskError
from bot.improvement import Run, RunState
from bot.reviewing import save_opinion
from bot.reviews import Opinion, Verdict
from finetune import improve as module
from finetune.errors import FinetuneError
from finetune.improve import NOTHING_NEW, SAME_DATA, Request, improve
from finetune.reviewed import EVER
from tests.conftest import TINY_INTENTS

LABELS = list(TINY_INTENTS)
# Live knows these by heart, so a candidate that learnt wrong labels cannot pass for better.
GOLDEN = {intent: texts[:3] for intent, texts in TINY_INTENTS.items()}


@pytest.fixture
def services(published_desk: object, tmp_path: Path) -> Iterator[Services]:
    directory = Path(shutil.copytree(published_desk.directory, tmp_path / "desk"))  # type: ignore[attr-defined]
    with (directory / "desk.toml").open("a") as file:
        file.write("\n[improve]\ngolden_share = 0\ngolden_least_rows = 10\n")
    with open_services(directory) as opened:
        yield opened


def fill(services: Services, base: Path, intents: Mapping[str, Sequence[str]]) -> None:
    folder = services.desk.directory / "training"
    folder.mkdir()
    for name, rows in (("intents", intents), ("golden", GOLDEN)):
        with (folder / f"{name}.csv").open("w", newline="") as file:
            pairs = [(text, intent) for intent, texts in rows.items() for text in texts]
            csv.writer(file).writerows([("text", "intent"), *pairs])
    (folder / "recipe.toml").write_text(f'name = "tiny"\nbase_model = "{base}"\nencoder = "frozen"\nmax_tokens = 32\n')


def review_one(services: Services, intent: str | None = None) -> str:
    started = services.store.conversations.start(channel="web", locale="en", customer_id="anna")
    reply = services.assistant.reply(started.conversation_id, "where is my parcel, I am anna@example.com", "m1")
    assert reply is not None
    opinion = Opinion(Verdict.CORRECTED, intent) if intent else Opinion(Verdict.APPROVED)
    save_opinion(services.store, started.conversation_id, reply.sequence, opinion, reviewer="rae")
    return started.conversation_id


def run(services: Services, **options: object) -> Run:
    request = Request(by="eve", **options)  # type: ignore[arg-type]
    return improve(services.desk, services.settings, services.store, request, lambda _: None)


def test_without_new_reviews_nothing_is_trained(services: Services, tiny_base: Path) -> None:
    fill(services, tiny_base, TINY_INTENTS)
    done = run(services)
    assert (done.state, done.reason) == (RunState.NOTHING_NEW, NOTHING_NEW)
    assert not (services.desk.directory / "datasets").exists()


def test_a_bundle_of_spoilt_labels_is_held_back_and_the_live_one_stays(services: Services, tiny_base: Path) -> None:
    spoilt = {LABELS[place - 1]: texts for place, texts in enumerate(TINY_INTENTS.values())}
    fill(services, tiny_base, spoilt)
    here, live = review_one(services), services.desk.live()
    done = run(services)
    assert done.state is RunState.HELD
    failed = {gate.name for gate in done.gates if not gate.passed}
    assert "golden_set" in failed
    assert "golden_set" in (done.reason or "")
    assert services.desk.live() == live
    assert done.bundle_version is not None
    manifest = load_bundle(services.desk.bundle_directory(done.bundle_version)).manifest
    assert (manifest.dataset, manifest.parent) == (done.dataset_version, live.bundle)
    dataset = services.desk.directory / "datasets" / str(done.dataset_version)
    assert conversations_in(dataset) == {here}
    assert "anna@example.com" not in "".join(path.read_text() for path in dataset.iterdir())
    assert list((services.desk.directory / "work").iterdir()) == []
    assert done.figures["new_reviews"] == 1
    assert "golden_set | **failed**" in (services.desk.directory / "reports" / f"improve-{done.run_id}.md").read_text()
    assert run(services).reason == NOTHING_NEW


def test_a_run_that_was_stopped_says_so_and_the_next_takes_its_bundle(
    services: Services, tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(services, tiny_base, TINY_INTENTS)
    review_one(services)

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module, "prepare_bundle", stopped)
        with pytest.raises(KeyboardInterrupt):
            run(services)
    (first,) = services.store.runs.newest()
    assert (first.state, first.bundle_version) == (RunState.FAILED, None)
    lines: list[str] = []
    done = improve(services.desk, services.settings, services.store, Request("eve", publish=False), lines.append)
    assert any("made this bundle already" in line for line in lines)
    assert done.dataset_version == first.dataset_version
    assert done.state is RunState.HELD
    assert services.store.runs.get(first.run_id).state is RunState.FAILED


def test_what_cannot_be_trained_fails_with_the_reason_on_record(services: Services) -> None:
    review_one(services)
    with pytest.raises(FinetuneError, match="only one class"):
        run(services)
    (failed,) = services.store.runs.newest()
    assert failed.state is RunState.FAILED
    assert "only one class" in (failed.reason or "")


def test_a_second_run_is_refused_at_once_and_leaves_no_trace(services: Services) -> None:
    with services.desk.improving(), pytest.raises(DeskError, match="is being improved by process"):
        run(services)
    assert services.store.runs.newest() == []


def test_the_very_rows_of_the_live_bundle_are_not_trained_again(services: Services, tiny_base: Path) -> None:
    fill(services, tiny_base, TINY_INTENTS)
    with (services.desk.directory / "desk.toml").open("a") as file:
        file.write("replay_risky_share = 1\ninjection_failures = 90\nlatency_ratio = 1000\n")
        file.write(
            "golden_points_lost = 100\nsignificance = 0\nreplay_points_lost = 100\nout_of_scope_points_lost = 100\n"
        )
    settings = services.desk.settings()
    review_one(services)
    first = improve(services.desk, settings, services.store, Request("eve"), lambda _: None)
    assert first.state is RunState.PUBLISHED, first.reason
    (review,) = services.store.reviews.since(EVER)
    save_opinion(services.store, review.conversation_id, review.sequence, review.opinion, reviewer=review.reviewer)
    again = improve(services.desk, settings, services.store, Request("eve"), lambda _: None)
    assert (again.state, again.reason) == (RunState.NOTHING_NEW, SAME_DATA)


def test_somebody_who_is_erased_while_a_run_collects_is_not_in_its_dataset(
    services: Services, tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(services, tiny_base, TINY_INTENTS)
    here, collect = review_one(services), module.collect_reviewed

    def collected_before(*parts: Any) -> Any:
        collected = collect(*parts)
        services.delivery.erase(here)
        return collected

    monkeypatch.setattr(module, "collect_reviewed", collected_before)
    monkeypatch.setattr(module, "train", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(services)
    (dataset,) = (services.desk.directory / "datasets").iterdir()
    assert conversations_in(dataset) == set()
    assert "parcel" not in (dataset / "dialogues.jsonl").read_text()


def test_an_error_that_nobody_foresaw_ends_the_run_too(
    services: Services, tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(services, tiny_base, TINY_INTENTS)
    review_one(services)

    def out_of_memory(*_: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(module, "train", out_of_memory)
    with pytest.raises(RuntimeError):
        run(services)
    (failed,) = services.store.runs.newest()
    assert (failed.state, failed.reason) == (RunState.FAILED, "RuntimeError: see what the command said")
