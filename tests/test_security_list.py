"""`docs/security-tests.md` names the test of each fault, attack and input; here it is held to what it says."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"
MOST_WITHOUT_A_TEST = 8
LEAST_LINES = {"Delivery": 12, "Models": 9, "Input": 11, "Access": 11, "Language": 6, "Erasure": 10, "What Gradio": 11}
_NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def lines_of(section: str) -> list[list[str]]:
    """The cells of each line of a section's table."""
    document = (ROOT / "docs" / "security-tests.md").read_text(encoding="utf-8")
    body = document.split(f"\n## {section}", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in body.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows[1:]]


def all_lines() -> list[list[str]]:
    return [line for section in LEAST_LINES for line in lines_of(section)]


def functions_of(file: Path) -> set[str]:
    return {
        node.name for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.FunctionDef)
    }


def test_security_list_is_whole() -> None:
    assert {section: len(lines_of(section)) for section in LEAST_LINES} == LEAST_LINES


def test_each_named_security_test_exists() -> None:
    missing = [
        f"{file}::{name}"
        for line in all_lines()
        for file, name in _NAMED.findall(line[-1])
        if not (TESTS / file).is_file() or name not in functions_of(TESTS / file)
    ]
    assert missing == []


def test_each_line_of_the_security_list_has_a_test_or_a_reason() -> None:
    without = [line for line in all_lines() if not _NAMED.search(line[-1])]
    assert len(without) <= MOST_WITHOUT_A_TEST
    assert all(re.fullmatch(r"none: .{10,}", line[-1]) for line in without), without
