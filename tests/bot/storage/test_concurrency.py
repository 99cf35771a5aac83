"""The same call from many threads and processes at once."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bot.storage.store import Store

ROOT = Path(__file__).parents[3]
APPEND_TWENTY = """
import sys
from bot.storage.store import Store
url, conversation_id, name = sys.argv[1:]
with Store.open(url, busy_timeout_s=60) as store:
    for number in range(20):
        store.conversations.append_customer(conversation_id, f"{name} {number}", f"{name}-{number}")
        store.conversations.append_customer(conversation_id, "from all", f"shared-{number}")
"""
TAKE_ALL = """
import sys
from bot.storage.store import Store
with Store.open(sys.argv[1], busy_timeout_s=60) as store:
    while (job := store.jobs.take()) is not None:
        print(job.job_id)
        store.jobs.finish(job.job_id)
"""


def run_at_once(script: str, calls: list[list[str]]) -> list[str]:
    running = [
        subprocess.Popen([sys.executable, "-c", script, *call], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for call in calls
    ]
    outputs = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0] * len(calls)
    return outputs


def test_fifty_posts_of_one_client_id_make_one_row_and_fifty_equal_answers(store: Store, conversation_id: str) -> None:
    with ThreadPoolExecutor(50) as pool:
        answers = list(
            pool.map(lambda _: store.conversations.append_customer(conversation_id, "Hello", "m1"), range(50))
        )
    assert all(answer == answers[0] for answer in answers)
    assert [answer.created for answer in answers].count(True) == 1
    assert store.conversations.messages_after(conversation_id, 0) == [answers[0]]


def test_many_messages_at_once_get_a_strict_order_without_gaps(store: Store, conversation_id: str) -> None:
    names = [f"m{number}" for number in range(60)]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda name: store.conversations.append_customer(conversation_id, name, name), names))
    assert sorted(answer.sequence for answer in answers) == list(range(1, 61))
    logged = store.conversations.messages_after(conversation_id, 0)
    assert [message.sequence for message in logged] == list(range(1, 61))
    assert {message.sequence: message.message.text for message in logged} == {
        answer.sequence: name for answer, name in zip(answers, names, strict=True)
    }


def test_replies_raced_to_one_message_leave_one(
    store: Store, conversation_id: str, make_reply: Callable[..., Any], make_evidence: Callable[..., Any]
) -> None:
    store.conversations.append_customer(conversation_id, "How long?", "m1")

    def answer(number: int) -> object:
        return store.conversations.append_reply(
            conversation_id, make_reply(f"Answer {number}"), make_evidence(), answers=1
        )

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(answer, range(20)))
    assert all(given == answers[0] for given in answers)
    assert len(store.conversations.messages_after(conversation_id, 0)) == 2


def test_processes_share_a_conversation_without_gap_or_double(store: Store, url: str, conversation_id: str) -> None:
    run_at_once(APPEND_TWENTY, [[url, conversation_id, name] for name in ("a", "b", "c")])
    logged = store.conversations.messages_after(conversation_id, 0)
    assert [message.sequence for message in logged] == list(range(1, 81))
    written = [message.message.text for message in logged]
    for name in ("a", "b", "c"):
        own = [text for text in written if text.startswith(name + " ")]
        assert own == [f"{name} {number}" for number in range(20)]
    assert written.count("from all") == 20


def test_processes_never_take_the_same_job(store: Store, url: str) -> None:
    enqueued = [store.jobs.enqueue("index") for _ in range(30)]
    outputs = run_at_once(TAKE_ALL, [[url]] * 3)
    assert sorted(int(line) for output in outputs for line in output.split()) == enqueued
