"""`frontdesk history` as an engineer meets it: what it is told on a terminal, in a pipe, and when nothing is clear."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from ui.commands.history import history

LOG = (
    "ticket,from,message,sent_at\n"
    "1,visitor,where is my \x1b[31mred\u202e parcel,2025-01-01T10:00:00Z\n"
    "1,operator,on its way,2025-01-01T10:05:00Z\n"
    "1,system,assigned,2025-01-01T10:05:00Z\n"
)


def _log(folder: Path, text: str = LOG) -> Path:
    path = folder / "log.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_inspect_proposes_a_mapping_and_shows_no_customer_in_a_pipe(tmp_path: Path) -> None:
    mapping = tmp_path / "m.toml"
    done = CliRunner().invoke(history, ["inspect", str(_log(tmp_path)), "--mapping-out", str(mapping)])
    assert done.exit_code == 0, done.output
    assert "Format: csv (a table with a header)" in done.output
    assert 'conversation_id = "ticket"' in done.output
    assert "1 dialogues with 2 messages read, 1 rows skipped" in done.output
    assert "skipped 1: role that the mapping leaves out (line 4)" in done.output
    assert "Messages: customer 1, agent 1" in done.output
    assert "Times: 2025-01-01 10:00 to 2025-01-01 10:05 UTC" in done.output
    assert "shown on a terminal only" in done.output
    assert "parcel" not in done.output
    out = tmp_path / "d.jsonl"
    done = CliRunner().invoke(
        history, ["import", str(tmp_path / "log.csv"), "--mapping", str(mapping), "--out", str(out)]
    )
    assert done.exit_code == 0, done.output
    assert len(json.loads(out.read_text(encoding="utf-8"))["messages"]) == 2


def test_inspect_escapes_what_a_customer_wrote_on_a_terminal(tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "ui.cli", "history", "inspect", str(_log(tmp_path))]
    done = subprocess.run(command, stdout=follower, stderr=subprocess.DEVNULL, timeout=120, check=False)
    os.close(follower)
    shown = os.read(leader, 65536).decode()
    os.close(leader)
    assert done.returncode == 0
    assert r"customer: where is my \x1b[31mred\u202e parcel" in shown
    assert "\x1b" not in shown


def test_import_says_what_it_took_a_file_for(tmp_path: Path) -> None:
    out = tmp_path / "d.jsonl"
    done = CliRunner().invoke(history, ["import", str(_log(tmp_path)), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("Format: csv (a table with a header)")
    assert "Wrote 1 dialogues" in done.output


def test_labelled_examples_go_to_a_file_that_training_reads(tmp_path: Path) -> None:
    from finetune.intent_files import read_intents

    path, out = tmp_path / "nlu.yml", tmp_path / "intents.csv"
    path.write_text("nlu:\n- intent: greet\n  examples: |\n    - hi, you\n    - hey\n")
    done = CliRunner().invoke(history, ["inspect", str(path)])
    assert "2 labelled examples, 0 lines skipped\nIntents: 1 (greet 2)" in done.output
    done = CliRunner().invoke(history, ["import", str(path), "--out", str(out)])
    assert "give --intents-out" in done.output
    done = CliRunner().invoke(history, ["import", str(path), "--intents-out", str(out)])
    assert done.exit_code == 0, done.output
    assert [(example.text, example.intent) for example in read_intents(out)] == [("hi, you", "greet"), ("hey", "greet")]


def test_import_of_dialogues_wants_a_place_for_them(tmp_path: Path) -> None:
    done = CliRunner().invoke(history, ["import", str(_log(tmp_path)), "--intents-out", str(tmp_path / "i.csv")])
    assert done.exit_code == 2
    assert "give --out" in done.output


def test_import_writes_placeholders_where_it_is_asked_to(tmp_path: Path) -> None:
    out = tmp_path / "d.jsonl"
    log = _log(tmp_path, LOG.replace("on its way", "to anna@post.example"))
    done = CliRunner().invoke(history, ["import", str(log), "--out", str(out), "--redact"])
    assert done.exit_code == 0, done.output
    assert "to [EMAIL_1]" in out.read_text(encoding="utf-8")
