"""A small desk with real parts: the tiny bundle, a real database, a real index, approved replies."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.bootstrap import Services, open_services
from bot.desk import Desk


@pytest.fixture
def desk(published_desk: Desk, tmp_path: Path) -> Desk:
    """The test's own copy of the published desk."""
    return Desk(Path(shutil.copytree(published_desk.directory, tmp_path / "desk")))


@pytest.fixture
def services(desk: Desk) -> Iterator[Services]:
    with open_services(desk.directory) as opened:
        yield opened
