"""What a customer may send: one check for every door. Knows no pages and no storage."""

import unicodedata

from ui.errors import InputRefusedError, Refusal

_ALLOWED_CONTROLS = frozenset("\n\t")
_INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})


def accepted_text(text: str, max_chars: int) -> str:
    """The text as it may be stored: NFC, line feeds only, no space around it.

    Raises:
        InputRefusedError: empty or only invisible, longer than ``max_chars`` characters, or with control characters,
            NUL or lone surrogates.
    """
    unified = text.replace("\r\n", "\n").replace("\r", "\n").strip(" \t\n")
    if len(unified) > max_chars:
        raise InputRefusedError(Refusal.TOO_LONG)
    categories = {unicodedata.category(character) for character in unified if character not in _ALLOWED_CONTROLS}
    if categories & {"Cc", "Cs"}:
        raise InputRefusedError(Refusal.BAD_CHARACTERS)
    if categories <= _INVISIBLE:
        raise InputRefusedError(Refusal.BLANK)
    return unicodedata.normalize("NFC", unified)
