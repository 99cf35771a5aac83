"""E-mail addresses, links with secrets and IP addresses. Each pattern is linear: it never begins inside a run of its
own characters, and it never gives characters back.
"""  # noqa: D205 - the first sentence does not fit one line

import ipaddress
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import regex  # type: ignore[import-untyped]

from bot.redaction.values import Finding, Kind

_LATIN = r"A-Za-z0-9À-ÖØ-öø-ɏ"
"""Of addresses. Chinese and other scripts are left out: they touch an address without a space."""
_EMAIL = regex.compile(
    rf"(?<![{_LATIN}.!%+_-])[{_LATIN}.!%+_'-]++@[{_LATIN}-]++(?:\.[{_LATIN}-]++)++"
    rf"|(?<![{_LATIN}.])[{_LATIN}._-]++\s?+(?:\(at\)|\[at\]|(?<=\s)at\s)\s?+[{_LATIN}-]++"
    rf"(?:\s?+(?:\(dot\)|\[dot\]|(?<=\s)dot\s)\s?+[{_LATIN}-]++)++"
)
_LINK = regex.compile(
    r"""(?<![a-z])(?:https?|ftps?|wss?)://[^\s<>"'，。！？）】]++"""
    r"""|(?<![\w@./-])(?:[A-Za-z0-9-]++\.)++[A-Za-z]++(?::\d++)?+[/?#][^\s<>"'，。！？）】]++""",
    regex.IGNORECASE,
)
_SECRET_KEY = regex.compile(
    r"token|secret|sig|key|auth|session|sess|sid|pass|pwd|code|otp|ticket|jwt|nonce|hash|hmac|credential|invite|reset|"
    r"email|e-mail|mail|user|phone|customer|account|order|booking|ref|expires|signature",
    regex.IGNORECASE,
)
_RANDOM = regex.compile(r"(?=[A-Za-z_=-]*+\d)(?=[\d_=-]*+[A-Za-z])[A-Za-z0-9_=-]{20,}|[0-9a-fA-F-]{16,}")
_V4 = regex.compile(r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?!\d|\.\d)")
_VERSION = regex.compile(r"(?:version|release|firmware|v)[\s.:]*$", regex.IGNORECASE)
_V6 = regex.compile(r"(?<![\w:.])(?=[0-9A-Fa-f]*+:)[0-9A-Fa-f:]++(?:(?:\.\d{1,3}){3})?+(?!\w)")
_V6_LONGEST, _V6_COLONS = 45, 2
_NEAR = 12


def emails(text: str) -> Iterator[Finding]:
    """E-mail addresses, also written as "anna (at) shop (dot) example"."""
    if "@" not in text and "at" not in text:
        return
    for found in _EMAIL.finditer(text):
        value = found.group().lstrip("'.-!%")
        start = found.end() - len(value)
        value = value.rstrip("-'")
        yield Finding(start, start + len(value), Kind.EMAIL, "".join(value.casefold().split()))


def links(text: str) -> Iterator[Finding]:
    """Links that open something for whoever holds them, or say whose they are; other links stay."""
    for found in _LINK.finditer(text):
        link = found.group().rstrip(".,;:!?)]}*")
        if _is_secret(link):
            yield Finding(found.start(), found.start() + len(link), Kind.LINK, link)


def addresses_of_machines(text: str) -> Iterator[Finding]:
    """IP addresses of both versions; a program's version number such as "version 1.2.3.4" is none."""
    for found in _V4.finditer(text):
        if not _VERSION.search(text, max(0, found.start() - _NEAR), found.start()):
            yield Finding(found.start(), found.end(), Kind.IP, found.group())
    if text.count(":") < _V6_COLONS:
        return
    for found in _V6.finditer(text):
        value = found.group().removesuffix(":") if not found.group().endswith("::") else found.group()
        if len(value) <= _V6_LONGEST and value.count(":") >= _V6_COLONS and _is_v6(value):
            yield Finding(found.start(), found.start() + len(value), Kind.IP, value.casefold())


def _is_v6(value: str) -> bool:
    if not any(character in "0123456789abcdefABCDEF" for character in value):
        return False
    try:
        ipaddress.IPv6Address(value)
    except ipaddress.AddressValueError:
        return False
    return True


def _is_secret(link: str) -> bool:
    try:
        parts = urlsplit(link if "://" in link else f"//{link}")
    except ValueError:  # brackets that are no IPv6 address: nothing is known of it, so it goes
        return True
    if "@" in parts.netloc:
        return True
    pairs = [*parse_qsl(parts.query, max_num_fields=None), *parse_qsl(parts.fragment)]
    return any(_SECRET_KEY.search(name) or _is_random(value) for name, value in pairs) or any(
        _is_random(piece) for piece in (*parts.path.split("/"), parts.query, parts.fragment)
    )


def _is_random(piece: str) -> bool:
    return bool(_RANDOM.fullmatch(piece)) and any(character.isdigit() for character in piece)
