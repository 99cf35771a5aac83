"""The console's tab of what the bot may say: articles and replies. Knows neither."""

import gradio

from ui.staff.articles import build_articles
from ui.staff.replies import build_replies
from ui.staff.services import StaffServices


def build_knowledge(services: StaffServices) -> None:
    """Lay out both parts, one below its own tab."""
    with gradio.Tabs():
        with gradio.Tab("Articles", elem_id="st-tab-articles"):
            build_articles(services)
        with gradio.Tab("Replies", elem_id="st-tab-replies"):
            build_replies(services)
