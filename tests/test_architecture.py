"""The house rules that import-linter cannot state: nothing unlisted, heavy libraries in their one place."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "finetune", "retrieval", "ui")


def modules(package: str) -> Iterator[Path]:
    yield from sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Top names of all absolute imports in a file, wherever they stand."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_there_is_no_other_top_level_package() -> None:
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert found == set(PACKAGES)


@pytest.mark.parametrize(
    ("library", "allowed"),
    [
        ("torch", {"finetune"}),
        ("transformers", {"finetune"}),
        ("sentence_transformers", {"finetune"}),
        ("gradio", {"ui"}),
        ("fastapi", {"ui"}),
        ("faiss", {"retrieval/vectors.py"}),
        ("onnxruntime", {"bot/encoder.py", "finetune/graphs.py"}),
        ("sqlalchemy", {"bot/storage"}),
    ],
)
def test_a_heavy_library_stays_in_its_place(library: str, allowed: set[str]) -> None:
    users = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in modules(package)
        if library in imported(path)
    }
    strays = {user for user in users if not any(user == place or user.startswith(f"{place}/") for place in allowed)}
    assert users, f"nobody imports {library}: is the name right?"
    assert not strays


def test_import_linter_lists_every_module_of_every_package() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    for package in PACKAGES:
        layers = next(row["layers"] for row in contracts if row.get("containers") == [package])
        listed = {name.strip("() ") for layer in layers for name in layer.replace("|", ":").split(":")}
        there = {path.stem for path in (ROOT / package).glob("*.py")} - {"__init__"}
        there |= {path.parent.name for path in (ROOT / package).glob("*/__init__.py")}
        assert listed == there, f"{package}: {sorted(listed ^ there)}"


def test_no_module_is_named_like_one_of_the_standard_library() -> None:
    import sys

    names = {path.stem for package in PACKAGES for path in modules(package)} - {"__init__"}
    assert not names & (set(sys.stdlib_module_names) - {"errors"})


def test_a_file_has_at_most_300_lines() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for package in PACKAGES
        for path in modules(package)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 300
    }
    assert not long


def test_a_function_has_at_most_50_lines() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for package in PACKAGES
        for path in modules(package)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno + 1 > 50
    ]
    assert not long
