"""Gradio's theme of the page, without web fonts; ``page.css`` does the rest. Knows no components."""

from gradio.themes import Base
from gradio.themes.utils import colors

_SANS = (
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "Roboto",
    "PingFang SC",
    "Microsoft YaHei",
    "Noto Sans",
    "sans-serif",
)
_MONO = ("ui-monospace", "Consolas", "monospace")


def chat_theme() -> Base:
    """A plain theme with the fonts of the visitor's own system, so that nothing is fetched from elsewhere."""
    return Base(primary_hue=colors.teal, neutral_hue=colors.slate, font=_SANS, font_mono=_MONO)
