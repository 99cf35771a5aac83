from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import load_settings


def test_load_settings_gives_defaults_without_a_file(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "desk.toml").title == "Frontdesk"


def test_load_settings_puts_the_environment_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "desk.toml").write_text('title = "Shop"\nport = 1234\n')
    monkeypatch.setenv("FRONTDESK_PORT", "4321")
    settings = load_settings(tmp_path / "desk.toml")
    assert (settings.title, settings.port) == ("Shop", 4321)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("tittle = 'x'", "tittle"),
        ("port = 'eighty'", "port"),
        ("reply_threshold = 2", "reply_threshold"),
        ("title = ", "desk.toml"),
        ("[variables]\norder_id = '('", "order_id"),
        ("allowed_origins = ['*']", "allowed_origins"),
        ("allowed_origins = ['https://shop.example/']", "allowed_origins"),
        ("allowed_origins = ['https://shop.example; script-src *']", "allowed_origins"),
    ],
)
def test_load_settings_names_what_is_wrong_in_one_line(tmp_path: Path, content: str, named: str) -> None:
    (tmp_path / "desk.toml").write_text(content)
    with pytest.raises(SettingsError, match=named) as caught:
        load_settings(tmp_path / "desk.toml")
    assert "\n" not in str(caught.value)
