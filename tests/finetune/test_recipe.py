from pathlib import Path

import pytest

from finetune.errors import RecipeError
from finetune.recipe import load_recipe, parse_recipe


@pytest.mark.parametrize(("name", "encoder"), [("fast", "frozen"), ("full", "trained")])
def test_shipped_recipes_load(name: str, encoder: str) -> None:
    recipe = load_recipe(name)
    assert (recipe.name, recipe.encoder, recipe.languages) == (name, encoder, ("en",))


def test_a_file_sets_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\nlanguages = ["de", "fr"]\n[training]\nlearning_rate = 1\n', "utf-8")
    recipe = load_recipe(path)
    assert recipe.languages == ("de", "fr")
    assert recipe.training.learning_rate == 1.0
    assert recipe.replies == parse_recipe({"name": "x"}, source="x").replies


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({"name": "x", "epochs": 3}, "epochs"),
        ({"name": "x", "training": {"lr": 0.1}}, "training.lr"),
        ({"name": "x", "training": 3}, "training"),
        ({"name": "x", "seed": "1"}, "seed"),
        ({"name": "x", "seed": True}, "seed"),
        ({"name": "x", "training": {"freeze_embeddings": 1}}, "training.freeze_embeddings"),
        ({"name": "x", "training": {"epochs": 0}}, "training.epochs"),
        ({"name": "x", "training": {"epochs": 2.5}}, "training.epochs"),
        ({"name": "x", "training": {"learning_rate": float("nan")}}, "training.learning_rate"),
        ({"name": "x", "encoder": "melted"}, "encoder"),
        ({"name": "x", "languages": []}, "languages"),
        ({"name": "x", "languages": ["en", 3]}, "languages"),
        ({"seed": 1}, "name"),
    ],
)
def test_wrong_tables_are_refused_by_key_and_file(table: dict[str, object], key: str) -> None:
    with pytest.raises(RecipeError) as caught:
        parse_recipe(table, source="mine.toml")
    message = str(caught.value)
    assert "mine.toml" in message
    assert f"key {key}" in message
    assert "\n" not in message


def test_missing_and_broken_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"absent.toml"):
        load_recipe(tmp_path / "absent.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("name = ", "utf-8")
    with pytest.raises(RecipeError, match="not valid TOML"):
        load_recipe(broken)


def test_as_dict_reads_back_as_the_same_recipe() -> None:
    recipe = load_recipe("full")
    table = recipe.as_dict() | {"languages": list(recipe.languages), "report_to": list(recipe.report_to)}
    assert parse_recipe(table, source="manifest") == recipe
