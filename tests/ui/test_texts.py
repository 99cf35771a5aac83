from dataclasses import fields

import pytest

from ui.texts import Texts, choose_language, texts_for


@pytest.mark.parametrize(
    ("override", "header", "language"),
    [
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, "en-GB,en;q=0.9,zh;q=0.8", "en"),
        (None, "fr-FR,fr;q=0.9,zh;q=0.5,en;q=0.4", "zh"),
        (None, "fr;q=0.9, zh;q=nonsense", "en"),
        (None, "", "en"),
        ("zh", "en", "zh"),
        ("zh_TW", "en", "zh"),
        ("en", "zh", "en"),
        ("<script>", "zh", "zh"),
    ],
)
def test_choose_language_prefers_the_visitors_wish(override: str | None, header: str, language: str) -> None:
    assert choose_language(override, header) == language


@pytest.mark.parametrize("name", [field.name for field in fields(Texts)])
def test_texts_have_the_same_placeholders_in_both_languages(name: str) -> None:
    english, chinese = (str(getattr(texts_for(language), name)) for language in ("en", "zh"))
    assert english
    assert chinese
    for placeholder in ("{limit}", "{reference}", "{number}", "{opening}", "{email}"):
        assert (placeholder in english) == (placeholder in chinese)
