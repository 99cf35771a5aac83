"""Columns with a mapping file: what it says, what is guessed, and that a guess with doubts is not used."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.values import Role
from finetune.errors import DataError
from finetune.history.choice import choose
from finetune.history.column_guess import propose
from finetune.history.column_mapping import ColumnMapping, load_mapping, toml_of
from finetune.history.formats import reader_of
from finetune.history.report import ImportReport
from finetune.history.times import TimeReader

MAPPING = """
delimiter = ";"
encoding = "cp1252"
time_format = "%d.%m.%Y %H:%M"
timezone = "Europe/Berlin"
[columns]
conversation_id = "Ticket"
role = "Von"
text = "Nachricht"
time = "Gesendet"
intent = "Thema"
[roles]
customer = ["Kunde"]
agent = ["Mitarbeiter", "Leitung"]
skip = ["System"]
"""


def _file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_mapping_says_columns_roles_times_and_encoding(tmp_path: Path) -> None:
    log = _file(
        tmp_path,
        "log.csv",
        "Ticket;Von;Nachricht;Gesendet;Thema\n"
        "7;KUNDE;Grüße;01.07.2025 10:00;versand\n"
        "7;Leitung;unterwegs;01.07.2025 10:05;\n"
        "7;System;zugewiesen;01.07.2025 10:05;\n"
        "7;Robot;?;01.07.2025 10:05;\n"
        "7;Kunde;danke;gestern;\n".encode("cp1252"),
    )
    report = ImportReport()
    mapping = load_mapping(_file(tmp_path, "m.toml", MAPPING))
    (dialogue,) = reader_of("csv", mapping=mapping)(log, report, None)
    assert [(message.role, message.text, message.intent) for message in dialogue.messages] == [
        (Role.CUSTOMER, "Grüße", "versand"),
        (Role.AGENT, "unterwegs", None),
        (Role.CUSTOMER, "danke", None),
    ]
    assert dialogue.messages[0].sent_utc == datetime(2025, 7, 1, 8, 0, tzinfo=UTC)
    assert report.skipped["role that the mapping leaves out"].lines == [4]
    assert report.skipped["role is none of kunde, mitarbeiter, leitung, system"].lines == [5]
    assert report.mended["unreadable time left out"].lines == [6]


def test_a_mapping_reaches_into_json_and_knows_true_and_false(tmp_path: Path) -> None:
    mapping = load_mapping(
        _file(
            tmp_path,
            "m.toml",
            '[columns]\nconversation_id = "case.id"\nrole = "from_customer"\ntext = "Body"\n'
            '[roles]\ncustomer = ["true"]\nagent = ["false"]\n',
        )
    )
    rows = [
        {"case": {"id": 5}, "from_customer": True, "Body": "hi"},
        {"case": {"id": 5}, "from_customer": False, "Body": "hello"},
        {"case": None, "from_customer": False, "Body": "whose"},
    ]
    log = _file(tmp_path, "log.json", json.dumps(rows))
    choice = choose(log, "auto", tmp_path / "m.toml")
    assert (choice.format, choice.mapping) == ("jsonl", mapping)
    (dialogue,) = choice.reader(log, ImportReport(), None)
    assert [message.role for message in dialogue.messages] == [Role.CUSTOMER, Role.AGENT]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("delimiter", "separator"), "unknown key separator"),
        (('";"', '";;"'), "one character"),
        (('";"', "1"), "delimiter must be a text"),
        (('"cp1252"', '"utf-16"'), "superset of ASCII"),
        (('"cp1252"', '"klingon"'), "no text encoding"),
        (('"cp1252"', '"base64"'), "no text encoding|superset"),
        (('"Europe/Berlin"', '"../etc/passwd"'), "no timezone"),
        (('"%d.%m.%Y %H:%M"', '"noon"'), "time_format must be"),
        (('text = "Nachricht"', ""), "must name conversation_id, role, text"),
        (('text = "Nachricht"', 'text = ""'), "each column as a text"),
        (('intent = "Thema"', 'mood = "x"'), "unknown field mood"),
        (('["Kunde"]', '["System"]'), "two meanings"),
        (('["Kunde"]', '"Kunde"'), "list of texts"),
        (("customer =", "robot ="), "unknown role robot"),
        (("[roles]", "[roles"), "not a mapping file"),
    ],
)
def test_a_wrong_mapping_file_is_a_one_line_error(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    path = _file(tmp_path, "m.toml", MAPPING.replace(*change, 1))
    with pytest.raises(DataError, match=message) as caught:
        load_mapping(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_mapped_column_that_the_log_lacks_is_an_error(tmp_path: Path) -> None:
    mapping = load_mapping(_file(tmp_path, "m.toml", MAPPING))
    log = _file(tmp_path, "log.csv", "Ticket;Von;Nachricht;Gesendet\n7;Kunde;hi;\n")
    with pytest.raises(DataError, match="no column thema"):
        list(reader_of("csv", mapping=mapping)(log, ImportReport(), None))


def test_a_mapping_belongs_to_tables_only(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="needs no mapping"):
        reader_of("chatwoot", mapping=ColumnMapping())
    with pytest.raises(DataError, match="needs no mapping"):
        choose(tmp_path, "rasa-nlu", _file(tmp_path, "m.toml", MAPPING))


@settings(max_examples=40)
@given(
    names=st.lists(st.text(min_size=1).filter(str.strip), min_size=5, max_size=5),
    value=st.text().filter(lambda text: text.strip().casefold() == text),
    note=st.text(),
)
def test_a_proposed_mapping_reads_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], value: str, note: str
) -> None:
    columns = dict(zip(("conversation_id", "role", "text", "time", "intent"), names, strict=True))
    mapping = ColumnMapping(columns, {value: Role.CUSTOMER}, TimeReader("unix_ms"), "\t", complete=True)
    path = tmp_path_factory.getbasetemp() / "m.toml"
    path.write_text(toml_of(mapping, (note,)), encoding="utf-8", newline="\n")
    assert load_mapping(path) == mapping


def test_columns_are_guessed_from_names_and_values() -> None:
    rows = [
        {
            "Case Number": "1",
            "Direction": "Inbound",
            "Comment body": "my parcel has not come yet",
            "When": "1700000000000",
        },
        {
            "Case Number": "1",
            "Direction": "Outbound",
            "Comment body": "it is on its way, sorry",
            "When": "1700000005000",
        },
        {"Case Number": "2", "Direction": "Note", "Comment body": "odd one", "When": ""},
    ]
    proposal = propose(list(rows[0]), rows)
    assert dict(proposal.mapping.columns) == {
        "conversation_id": "Case Number",
        "role": "Direction",
        "text": "Comment body",
        "time": "When",
    }
    assert dict(proposal.mapping.roles) == {"inbound": Role.CUSTOMER, "outbound": Role.AGENT, "note": None}
    assert (proposal.doubts, proposal.notes) == ((), ())
    assert proposal.mapping.times.utc("1700000000000") == datetime.fromtimestamp(1700000000, UTC)


@pytest.mark.parametrize(
    ("row", "doubt"),
    [
        ({"from": "client", "date": "03/04/2025 10:00"}, "order of day and month"),
        ({"from": "client", "date": "sometime"}, "fit no known format"),
        ({"from": "agent", "date": "2025-01-01"}, "customer's"),
        ({"from": "client", "date": "2025-01-01"}, "in no list yet: 'martian'"),
    ],
)
def test_what_could_be_read_in_two_ways_is_a_doubt(tmp_path: Path, row: dict[str, str], doubt: str) -> None:
    lines = [f"1\t{row['from']}\tsome words here\t{row['date']}", f"1\t{row['from']}\tmore words\t{row['date']}"]
    if "martian" in doubt:
        lines.append(f"1\tmartian\tzzz\t{row['date']}")
    log = _file(tmp_path, "log.txt", "ticket\tfrom\tmessage\tdate\n" + "\n".join(lines) + "\n")
    choice = choose(log, "auto", None)
    assert choice.proposal is not None
    assert choice.proposal.mapping.delimiter == "\t"
    assert any(doubt in said for said in choice.proposal.doubts), choice.proposal.doubts
    with pytest.raises(DataError, match="--mapping-out"):
        choice.settle()
    assert "# TO DO: " in choice.mapping_file()


def test_columns_that_nobody_could_guess_are_named() -> None:
    with pytest.raises(DataError, match=r"no column is clearly conversation_id or role or text.*'a', 'b'"):
        propose(["a", "b"], [{"a": "1", "b": "2"}])
