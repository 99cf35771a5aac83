"""Who is calling an event of the console, and how an event's failure is told. Every handler begins here.

Knows no page. `member_of` looks into the database each time, so that a logout or a lost role counts at once.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import gradio

from bot.errors import BotError
from bot.storage.records import StaffMember, StaffRole
from retrieval.errors import RetrievalError
from ui.errors import UiError, report_failure
from ui.staff.services import StaffServices

P = ParamSpec("P")
T = TypeVar("T")


class StaffError(gradio.Error):
    """A sentence for the staff member; Gradio shows it as a message, nothing changed."""

    def __init__(self, words: str) -> None:
        super().__init__(words, duration=8, title="Not done", print_exception=False)


def member_of(request: gradio.Request, services: StaffServices, needs: StaffRole = StaffRole.AGENT) -> StaffMember:
    """Whoever triggered an event.

    Raises:
        StaffError: nobody is logged in (any more), or the role is too low.
    """
    member = services.sessions.member(request.cookies)
    if member is None:
        raise StaffError("Your login has ended. Log in again.")
    if not member.role.includes(needs):
        raise StaffError(f"This needs the role {needs}; you are {member.role}.")
    return member


def told(handler: Callable[P, T]) -> Callable[P, T]:
    """Let an event handler's failures reach its staff member as one sentence, and no exception's own text."""

    @wraps(handler)
    def telling(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return handler(*args, **kwargs)
        except StaffError:
            raise
        except (BotError, RetrievalError, UiError) as error:
            raise StaffError(_sentence(str(error))) from None
        except Exception as error:  # noqa: BLE001 - the last line before a page; the reference leads to the log
            raise StaffError(f"Something went wrong. Reference: {report_failure(error)}") from None

    return telling


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
