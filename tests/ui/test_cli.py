"""The command line as an engineer's script meets it: exit status 2 and one line that says what to do."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "ui.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def refusal(*words: str) -> str:
    """The one line of a refused command."""
    done = run(*words)
    lines = done.stderr.strip().splitlines()
    assert (done.returncode, len(lines)) == (2, 1), done.stderr
    return lines[0]


def write_csv(path: Path, rows: list[tuple[str, ...]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom ui.cli import main\nsys.argv = ['frontdesk', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'torch', 'gradio', 'sqlalchemy', 'onnxruntime', 'faiss', 'pydantic'} & set(sys.modules)\n"
        "print('HEAVY', sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "HEAVY []" in done.stdout
    assert "publish" in done.stdout


def test_predict_keeps_the_rows_in_order(tiny_bundle: Path, tmp_path: Path) -> None:
    texts = ["where is my order", "", "refund status", 'a "quoted", text\nin two lines']
    source = write_csv(tmp_path / "x.csv", [("text",), *((text,) for text in texts)])
    done = run("predict", "--bundle", str(tiny_bundle), "--input", str(source), "--output", str(tmp_path / "y.csv"))
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader((tmp_path / "y.csv").open(encoding="utf-8", newline="")))
    assert [row["text"] for row in rows] == texts
    assert list(rows[0]) == ["text", "intent", "probability", "out_of_scope", "action"]
    assert (rows[0]["intent"], rows[2]["intent"]) == ("order_status", "refund_status")
    assert all(0 <= float(row["probability"]) <= 1 and 0 <= float(row["out_of_scope"]) <= 1 for row in rows)


def test_rank_scores_each_candidate(tiny_bundle: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "x.jsonl", tmp_path / "y.jsonl"
    row = {"context": ["where is my order"], "candidates": ["where is my order", "my card was declined"]}
    source.write_text(json.dumps(row) + "\n" + json.dumps({**row, "context": ["hi", "my card was declined"]}) + "\n")
    done = run("rank", "--bundle", str(tiny_bundle), "--input", str(source), "--output", str(target))
    assert done.returncode == 0, done.stderr
    scores = [json.loads(line)["scores"] for line in target.read_text().splitlines()]
    assert [len(one) for one in scores] == [2, 2]
    assert scores[0][0] == pytest.approx(1.0, abs=1e-3)


def test_index_search_and_evaluate_agree(tiny_bundle: Path, tmp_path: Path) -> None:
    passages = tmp_path / "passages.jsonl"
    texts = {"p1": "Returns are free within 45 days.", "p2": "We deliver on working days."}
    passages.write_text("".join(json.dumps({"passage_id": key, "text": text}) + "\n" for key, text in texts.items()))
    snapshot, bundle = str(tmp_path / "snapshot"), str(tiny_bundle)
    assert run("knowledge", "index", "--bundle", bundle, "--passages", str(passages), "--out", snapshot).returncode == 0
    queries = write_csv(tmp_path / "q.csv", [("text",), ("are returns free",)])
    found = tmp_path / "found.jsonl"
    words = ("--bundle", bundle, "--knowledge", snapshot)
    assert run("search", *words, "--input", str(queries), "--top-k", "2", "--output", str(found)).returncode == 0
    hits = json.loads(found.read_text())
    assert {hit["passage_id"] for hit in hits} <= {"p1", "p2"}
    assert hits == sorted(hits, key=lambda hit: -hit["score"])
    labelled = tmp_path / "q.jsonl"
    labelled.write_text(json.dumps({"text": "are returns free", "passage_ids": [hits[0]["passage_id"]]}) + "\n")
    figures = tmp_path / "figures.json"
    assert run("evaluate", *words, "--queries", str(labelled), "--json", str(figures)).returncode == 0
    assert json.loads(figures.read_text())["knowledge_map"] == 1.0


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "is empty"), ("text,intent\n", "empty|no row|nothing"), ("text,intent\nhi,greet\nho,greet\n", "one class")],
)
def test_train_says_what_is_wrong_with_its_rows(tmp_path: Path, content: str, said: str) -> None:
    import re

    source = tmp_path / "intents.csv"
    source.write_text(content)
    line = refusal("train", "--recipe", "fast", "--intents", str(source), "--out", str(tmp_path / "bundle"))
    assert re.search(said, line), line


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "nowhere.csv" in refusal(
        "train", "--recipe", "fast", "--intents", str(tmp_path / "nowhere.csv"), "--out", str(tmp_path / "b")
    )


def test_a_corrupt_bundle_is_refused(bundle_copy: Path, tmp_path: Path) -> None:
    (bundle_copy / "encoder.int8.onnx").write_bytes(b"damaged")
    source = write_csv(tmp_path / "x.csv", [("text",), ("hello",)])
    words = ("--input", str(source), "--output", str(tmp_path / "y.csv"))
    assert "encoder.int8.onnx" in refusal("predict", "--bundle", str(bundle_copy), *words)


def test_a_file_without_the_column_says_which_one_is_wanted(tiny_bundle: Path, tmp_path: Path) -> None:
    source = write_csv(tmp_path / "x.csv", [("message",), ("hello",)])
    line = refusal("predict", "--bundle", str(tiny_bundle), "--input", str(source), "--output", str(tmp_path / "y.csv"))
    assert "text" in line


def test_an_out_of_date_schema_names_the_command_that_mends_it(tmp_path: Path) -> None:
    assert "frontdesk db upgrade" in refusal("replies", "list", "--desk", str(tmp_path / "desk"))


def test_an_unpublished_desk_names_the_command_that_publishes(tmp_path: Path) -> None:
    desk = str(tmp_path / "desk")
    assert run("db", "upgrade", "--desk", desk).returncode == 0
    assert "frontdesk publish" in refusal("explain", "hello", "--desk", desk)


def test_staff_are_added_changed_and_listed(tmp_path: Path) -> None:
    desk = ("--desk", str(tmp_path))
    assert run("db", "upgrade", *desk).returncode == 0
    added = subprocess.run(
        [sys.executable, "-m", "ui.cli", "staff", "add", "Ana", "--role", "admin", "--password-stdin", *desk],
        input="correct horse battery\n", capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (added.returncode, added.stdout) == (0, "ana may log in as admin.\n"), added.stderr
    assert "last admin" in refusal("staff", "disable", "ana", *desk)
    assert "no staff member" in refusal("staff", "role", "eve", "agent", *desk)
    assert run("staff", "list", *desk).stdout == "ana  admin\n"
