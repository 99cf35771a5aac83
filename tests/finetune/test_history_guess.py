"""The format of a log is told from its content; what could be two formats, or none, is refused."""

import gzip
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finetune.errors import DataError
from finetune.history.guess import guess_format

OPENAI = {"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]}
CHATWOOT = {"id": 1, "conversation_id": 2, "message_type": 0, "content": "x", "sender_id": 3}
TRACKER = {"sender_id": "a", "events": [{"event": "user", "text": "x"}]}


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (_json(OPENAI), "openai"),
        (_json(OPENAI) + b"\n" + _json(OPENAI), "openai"),
        (_json({"meta": {}, "payload": [CHATWOOT]}), "chatwoot"),
        (_json({"data": {"payload": [{"id": 1, "messages": [CHATWOOT]}]}}), "chatwoot"),
        (_json({**CHATWOOT, "event": "message_created"}), "chatwoot"),
        (_json({"tickets": [{"id": 1, "subject": "x"}], "users": [{"id": 1, "role": "agent"}]}), "zendesk"),
        (_json({"ticket_events": [{"ticket_id": 1, "child_events": []}]}), "zendesk"),
        (_json({"id": 1, "requester_id": 2, "comments": [{"body": "x"}]}), "zendesk"),
        (_json({"ticket": {"id": 1, "comments": []}, "users": []}), "zendesk"),
        (_json(TRACKER), "rasa"),
        (_json([{"sender_id": "a", "event": "user", "text": "x"}]), "rasa"),
        (_json([{"sender_id": "a", "type_name": "user", "data": "{}"}]), "rasa"),
        (b"id,sender_id,type_name,timestamp,intent_name,action_name,data\n1,a,user,1,,,{}\n", "rasa"),
        (b"--\nCOPY public.events (id, sender_id, type_name, data) FROM stdin;\n", "rasa"),
        (b"SQLite format 3\0", "rasa"),
        (b"version: '3.1'\r\nnlu: # all\r\n- intent: a\r\n  examples: |\r\n    - b\r\n", "rasa-nlu"),
        (_json({"DialogueID": 1, "Events": []}), "star"),
        (b"first_tweet_id,tag,first_utterance,context\n1,,<cust__ a __cust>,\n", "airlines"),
        (b"\xef\xbb\xbfconversation_id,role,text\n1,customer,x\n", "csv"),
        (_json({"conversation_id": 1, "role": "customer", "text": "x"}), "jsonl"),
        (gzip.compress(_json(TRACKER)), "rasa"),
    ],
)
def test_the_content_tells_the_format(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "log.bin"
    path.write_bytes(content)
    guess = guess_format(path)
    assert (guess.format, guess.proposal) == (expected, None)
    assert guess.because


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (_json([OPENAI, CHATWOOT, CHATWOOT]), r"could be chatwoot \(2 of 3 objects\), openai \(1 of 3"),
        (_json({"conversation_id": "1", "messages": [{"role": "agent", "text": "x"}]}), "use the file as it is"),
        (_json([1, 2]), "no object"),
        (b"[" * 9999, "no object"),
        (b"PK\x03\x04rest", "ZIP or Excel"),
        (b"%PDF-1.7", "PDF"),
        (b"\x7fELF\x00\x00\x00\n", "no text file"),
        (b"just words\nand more\n", "neither JSON, YAML nor a table"),
        (b"a,b\n", "neither JSON, YAML nor a table"),
        (b"version: '3'\nstories:\n- story: x\n", "neither JSON, YAML nor a table"),
        (b"", "is empty"),
        (b"\xff\xfea\x00", "UTF-16"),
        (gzip.compress(b"x" * 99999)[:-9], "damaged gzip"),
        (b"\x1f\x8b\x08\x00garbage that is no deflate", "damaged gzip"),
    ],
)
def test_what_is_unclear_or_no_log_is_a_one_line_error(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        guess_format(path)
    assert str(caught.value).count(str(path)) == 1
    assert "\n" not in str(caught.value)


@settings(max_examples=60)
@given(
    content=st.binary(min_size=1, max_size=60),
    start=st.sampled_from((b"", b"{", b"[{", b"nlu:\n- intent: ", b"a,b\n", b"--\n")),
)
def test_no_bytes_make_a_guess_fail(tmp_path_factory: pytest.TempPathFactory, content: bytes, start: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.log"
    path.write_bytes(start + content)
    with suppress(DataError):
        assert guess_format(path).because
