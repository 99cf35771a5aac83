from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import load_settings


def test_secrets_come_from_files_over_desk_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    (tmp_path / "desk.toml").write_text('metrics_token = "of the file"\n')
    monkeypatch.setenv("FRONTDESK_METRICS_TOKEN_FILE", str(tmp_path / "token"))
    assert load_settings(tmp_path / "desk.toml").metrics_token == "s3cret"


def test_secret_given_twice_is_refused_without_telling_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("s3cret")
    monkeypatch.setenv("FRONTDESK_METRICS_TOKEN", "other")
    monkeypatch.setenv("FRONTDESK_METRICS_TOKEN_FILE", str(tmp_path / "token"))
    with pytest.raises(SettingsError, match="FRONTDESK_METRICS_TOKEN_FILE") as caught:
        load_settings(tmp_path / "desk.toml")
    assert "s3cret" not in str(caught.value)
    assert "other" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b"x" * 20_000])
def test_secret_file_that_cannot_be_used_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "url").write_bytes(content)
    monkeypatch.setenv("FRONTDESK_DATABASE_URL_FILE", str(tmp_path / "url"))
    with pytest.raises(SettingsError, match="FRONTDESK_DATABASE_URL_FILE"):
        load_settings(tmp_path / "desk.toml")


def test_only_secrets_are_read_from_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "title").write_text("Shop")
    monkeypatch.setenv("FRONTDESK_TITLE_FILE", str(tmp_path / "title"))
    assert load_settings(tmp_path / "desk.toml").title == "Frontdesk"


def test_secrets_are_not_in_the_repr_of_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", "postgresql://desk:hunter2@db/desk")
    monkeypatch.setenv("FRONTDESK_METRICS_TOKEN", "s3cret")
    shown = repr(load_settings(tmp_path / "desk.toml"))
    assert "hunter2" not in shown
    assert "s3cret" not in shown


@pytest.mark.parametrize("proxies", ["['*']", "['proxy.example']", "['10.0.0.0/40']"])
def test_trusted_proxies_are_addresses_or_networks(tmp_path: Path, proxies: str) -> None:
    (tmp_path / "desk.toml").write_text(f"trusted_proxies = {proxies}\n")
    with pytest.raises(SettingsError, match="trusted_proxies"):
        load_settings(tmp_path / "desk.toml")
