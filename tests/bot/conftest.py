"""A small desk with real parts: the tiny bundle, a real database, a real index, approved replies."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.bootstrap import Services, open_services, open_store
from bot.desk import Desk
from bot.publishing import publish_bundle
from bot.storage.migrate import upgrade
from bot.storage.records import ProposedReply

SETTINGS = """
title = "Tiny shop"
reply_threshold = 0.5
passage_threshold = 0.97
out_of_scope_threshold = 0.9
"""

RETURNS = """# Returns

You can return anything within 45 days. The return label is free. Put the parcel into any parcel shop.
We check the goods when they arrive.
"""
SHOES = "# Care of boots\n\nBrush the mud off. Wax the leather twice a year. Dry boots slowly and away from a heater.\n"

REPLIES = (
    ProposedReply("r-track", "You can follow your parcel under My account.", ("order_status",), 5),
    ProposedReply("r-order", "Order {order_id} is on its way.", ("order_status",), 2),
    ProposedReply("r-hidden", "We refund at once.", ("refund_status",), 2, ("promise",)),
)


@pytest.fixture(scope="session")
def published_desk(tmp_path_factory: pytest.TempPathFactory, tiny_bundle: Path) -> Desk:
    """A published desk; two replies are approved, a risky one is only proposed. Copy it before you change it."""
    desk = Desk(tmp_path_factory.mktemp("published") / "desk")
    (desk.directory / "knowledge").mkdir(parents=True)
    (desk.directory / "desk.toml").write_text(SETTINGS, encoding="utf-8")
    (desk.directory / "knowledge" / "returns.md").write_text(RETURNS, encoding="utf-8")
    (desk.directory / "knowledge" / "boots.md").write_text(SHOES, encoding="utf-8")
    settings = desk.settings()
    upgrade(desk.database_url(settings))
    with open_store(desk, settings) as store:
        store.replies.propose(REPLIES)
        store.replies.approve(None, by="Ana")
        publish_bundle(desk, settings, store, tiny_bundle, lambda done, total: None)
    return desk


@pytest.fixture
def desk(published_desk: Desk, tmp_path: Path) -> Desk:
    """The test's own copy of the published desk."""
    return Desk(Path(shutil.copytree(published_desk.directory, tmp_path / "desk")))


@pytest.fixture
def services(desk: Desk) -> Iterator[Services]:
    with open_services(desk.directory) as opened:
        yield opened
