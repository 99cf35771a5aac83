from datetime import UTC, datetime
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
        ("timezone = 'Mars/Olympus'", "timezone"),
        ("[opening_hours]\nmon = ['9-17']", "opening_hours"),
        ("[opening_hours]\nmonday = ['09:00-17:00']", "opening_hours"),
        ("holidays = ['christmas']", "holidays"),
        ("contact_email = 'help at shop'", "contact_email"),
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


def test_hours_are_none_without_opening_hours_and_read_with_them(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "desk.toml").hours is None
    (tmp_path / "desk.toml").write_text(
        'timezone = "Europe/London"\nholidays = [2026-12-25]\n[opening_hours]\nfri = ["09:00-17:30"]\n'
    )
    hours = load_settings(tmp_path / "desk.toml").hours
    assert hours is not None
    assert hours.is_open(datetime(2026, 12, 18, 10, tzinfo=UTC))
    assert not hours.is_open(datetime(2026, 12, 25, 10, tzinfo=UTC))


def test_a_section_is_read_from_the_file_and_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "desk.toml").write_text("[improve]\nreplay_days = 3\n")
    monkeypatch.setenv("FRONTDESK_IMPROVE__GOLDEN_SHARE", "0.2")
    improve = load_settings(tmp_path / "desk.toml").improve
    assert (improve.replay_days, improve.golden_share) == (3, 0.2)


def test_an_unknown_key_of_a_section_is_named(tmp_path: Path) -> None:
    (tmp_path / "desk.toml").write_text("[improve]\nreplay = 3\n")
    with pytest.raises(SettingsError, match=r"improve\.replay"):
        load_settings(tmp_path / "desk.toml")
