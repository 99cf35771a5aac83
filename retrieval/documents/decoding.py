"""Bytes of a file as text. Knows the byte order marks and nothing of formats."""

import codecs

from retrieval.errors import DocumentError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(content: bytes) -> str:
    """Reads UTF-8, or UTF-16 with its byte order mark; line ends become line feeds.

    Raises:
        DocumentError: the bytes are neither, or hold a NUL as binary files do.
    """
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise DocumentError(f"not {encoding} text (byte {error.start}); save the file as UTF-8") from error
    if "\0" in text:
        raise DocumentError("holds NUL characters, so it is no text; save the file as UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")
