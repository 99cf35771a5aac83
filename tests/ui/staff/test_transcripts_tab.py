"""The tab of transcripts and the export's routes, over HTTP, on a desk that answers."""

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from bot.storage.transcript_records import TranscriptFilter
from bot.storage.transcripts import EXPORT_PAGE

NO_FILTER = ["", None, None, "", "", None, None, "", "", "", "", "", ""]
ATTACK = "<img src=x onerror=alert(1)>&<script>alert(1)</script>"


def words(text: str) -> list[Any]:
    return [text, *NO_FILTER[1:]]


@pytest.fixture
def talk(staff_site: Any) -> Callable[..., str]:
    """Has a customer say something that the bot answers; gives the conversation's id."""

    def say(*texts: str) -> str:
        started = staff_site.store.conversations.start(channel="web", locale="en")
        for number, text in enumerate(texts):
            staff_site.services.assistant.reply(started.conversation_id, text, f"m{number}")
        return str(started.conversation_id)

    return say


def rows(seen: str) -> list[str]:
    return re.findall(r"data-conversation=\\*\"(\w+)", seen)


def test_list_and_conversation_show_what_was_said_and_thought(staff_site: Any, talk: Any) -> None:
    identifier = talk("zebrafish delivery where is my parcel")
    colleague = staff_site.colleague("ben")
    seen = colleague.fire("tr-find", "click", *words("zebrafish"))
    assert rows(seen) == [identifier]
    assert "<b>1</b> message" in seen
    opened = colleague.fire("tr-listed", "click", about={"conversation": identifier})
    assert "What the bot thought" in opened
    assert "<progress" in opened
    assert "Latency" in opened


def test_words_of_people_are_inert(staff_site: Any, talk: Any) -> None:
    identifier = talk(f"quagga {ATTACK}")
    colleague = staff_site.colleague("rea")
    for seen in (
        colleague.fire("tr-find", "click", *words("quagga")),
        colleague.fire("tr-listed", "click", about={"conversation": identifier}),
    ):
        assert "&lt;img src=x onerror" in seen
        assert "<img" not in seen
        assert "<script" not in seen


def test_pages_go_forth_and_back(staff_site: Any, talk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.storage.transcripts.PAGE", 2)
    monkeypatch.setattr(type(staff_site.store.transcripts).page, "__kwdefaults__", {"limit": 2})
    made = [talk(f"okapi {number}") for number in range(5)]
    colleague = staff_site.colleague("ana")
    first = rows(colleague.fire("tr-find", "click", *words("okapi")))
    second = rows(colleague.fire("tr-more", "click", None))
    third = rows(colleague.fire("tr-more", "click", None))
    assert sorted(first + second + third) == sorted(made)
    assert rows(colleague.fire("tr-back", "click", None)) == second


def test_wrong_fields_and_conversations_are_said_in_words(staff_site: Any) -> None:
    colleague = staff_site.colleague("ben")
    wrong = ["", "yesterday", *NO_FILTER[2:]]
    assert "cannot be read" in colleague.fire("tr-find", "click", *wrong)
    for about in ({"conversation": "nobody"}, {"conversation": 5}, {}):
        seen = colleague.fire("tr-listed", "click", about=about)
        assert "What the bot thought" not in seen
        assert '"success": false' in seen


def test_events_after_logout_are_refused(staff_site: Any, talk: Any) -> None:
    identifier = talk("dugong")
    colleague = staff_site.colleague("ben")
    staff_site.store.staff.set_password("ben", "another long password")
    try:
        assert colleague.join("tr-listed", "click", [], {"conversation": identifier}).status_code == 401
        assert colleague.client.get("/staff/export.csv").status_code == 401
    finally:
        staff_site.store.staff.set_password("ben", "correct horse battery")


def test_export_is_exactly_the_filter_and_on_the_audit_log(staff_site: Any, talk: Any) -> None:
    wanted = [talk("=narwhal one", "+ narwhal two"), talk("narwhal three")]
    talk("walrus")
    client = staff_site.colleague("rea").client
    answer = client.get("/staff/export.csv", params={"text": "narwhal"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert {line["conversation_id"] for line in lines} == set(wanted)
    assert {"'=narwhal one", "'+ narwhal two", "narwhal three"} <= {line["text"] for line in lines}
    as_json = client.get("/staff/export.jsonl", params={"text": "narwhal"})
    assert [json.loads(line)["conversation_id"] for line in as_json.text.splitlines()] == wanted[::-1]
    entry = staff_site.store.audit.newest(limit=2)[-1]
    assert (entry.actor, entry.action, entry.detail) == (
        "rea",
        "export",
        {"format": "csv", "personal": "no", "text": "(words)"},
    )


def test_export_hides_who_wrote_unless_personal_data_is_asked_for(staff_site: Any, talk: Any) -> None:
    talk("pelican: my name is Jordan Peters, write to jordan@post.example", "and call +49 30 1234567")
    client = staff_site.colleague("rea").client
    hidden = client.get("/staff/export.csv", params={"text": "pelican"}).text
    assert "my name is [NAME_1], write to [EMAIL_1]" in hidden
    assert "and call [PHONE_1]" in hidden
    shown = client.get("/staff/export.jsonl", params={"text": "pelican", "personal": "yes"})
    assert "jordan@post.example" in shown.text
    assert "transcripts-personal-" in shown.headers["content-disposition"]
    assert staff_site.store.audit.newest(limit=1)[0].detail["personal"] == "yes"


def test_export_refuses_strangers_and_wrong_filters(staff_site: Any) -> None:
    assert staff_site.browser().client.get("/staff/export.csv").status_code == 401
    assert staff_site.colleague("ben").client.get("/staff/export.csv?action=sing").status_code == 422


def test_big_export_reads_a_page_at_a_time(staff_site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(EXPORT_PAGE * 2 + 5):
        started = staff_site.store.conversations.start(channel="bulk", locale="en")
        staff_site.store.conversations.append_customer(started.conversation_id, f"one {number}", "m")
    reads = []
    read = staff_site.store.transcripts._read
    monkeypatch.setattr(staff_site.store.transcripts, "_read", lambda work: reads.append(1) or read(work))
    found = staff_site.store.transcripts.every(TranscriptFilter(channel="bulk"))
    for _ in range(EXPORT_PAGE):
        next(found)
    assert len(reads) == 1
    assert len(list(found)) == EXPORT_PAGE + 5
    assert len(reads) == 3
