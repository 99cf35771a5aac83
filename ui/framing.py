"""Which sites may frame the chat, and what a Content-Security-Policy says of it. Knows no pages and no headers.

The setting ``allowed_origins`` is the one list: for frames, for ``postMessage``, and for CORS.
"""

from ui.services import ChatSettings


def frame_ancestors(settings: ChatSettings) -> str:
    """Sources of the chat page's ``frame-ancestors``: the desk itself (its page on embedding) and the listed sites."""
    return " ".join(["'self'", *settings.allowed_origins])


def image_sources(settings: ChatSettings) -> str:
    """Sources of the chat page's ``img-src``: a logo may lie on the desk or on a listed site, and nowhere else."""
    return " ".join(["'self'", "data:", *settings.allowed_origins])


def message_origins(settings: ChatSettings) -> str:
    """Origins whose ``postMessage`` the chat page hears, besides its own; separated by spaces."""
    return " ".join(settings.allowed_origins)
