"""What the staff console stands on. Knows no gradio and no routes."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.assistant import Assistant
from bot.delivery import Delivery
from bot.desk import Desk
from bot.live import LiveModels
from bot.settings import Settings
from bot.storage.store import Store
from retrieval.values import Passage
from ui.staff.sessions import StaffSessions


@dataclass(frozen=True)
class StaffServices:
    """Everything that the console's parts stand on; built by ``ui.server``.

    Attributes:
        passage: finds the text behind a citation in the snapshot that made it.
        sessions: who is logged in.
    """

    store: Store
    delivery: Delivery
    assistant: Assistant
    live: LiveModels
    desk: Desk
    settings: Settings
    passage: Callable[[str | None, str], Passage | None]
    sessions: StaffSessions
