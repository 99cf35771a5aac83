"""What puts the chat on other pages: the widget's script, the desk's logo, and a page that shows how to use them.

Knows no conversations and no cookies; all of it may be read by anybody.
"""

import hashlib
from collections.abc import Awaitable, Callable
from html import escape
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from ui.errors import UiError
from ui.services import ChatSettings

EMBED_PATH = "/embed/"
HOST_PATH = "/embed/host"
MAX_LOGO_BYTES = 256 * 1024
_HERE = Path(__file__).parent
_LOGO_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp", ".svg": "image/svg+xml"}
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_NO_SITES = (
    '<p class="warn">None yet, besides this desk itself. Name your site in <code>desk.toml</code> and start again:<br>'
    '<code>allowed_origins = ["https://www.shop.example"]</code></p>'
)


def embedding_routes(settings: ChatSettings) -> APIRouter:
    """Routes of the widget and of the page that shows how to embed it.

    Raises:
        UiError: the logo cannot be served.
    """
    router = APIRouter(include_in_schema=False)
    script = (_HERE / "widget.js").read_bytes()

    @router.get("/widget.js")
    async def widget(request: Request) -> Response:
        return _cached(request, script, _TYPES[".js"])

    if settings.logo is not None:
        logo, logo_type = _logo(settings.logo), _LOGO_TYPES[settings.logo.suffix.lower()]

        @router.get("/logo")
        async def shop_logo(request: Request) -> Response:
            return _cached(request, logo, logo_type)

    @router.get("/embed")
    async def with_slash() -> RedirectResponse:
        return RedirectResponse("embed/")

    @router.get(EMBED_PATH)
    async def page(request: Request) -> HTMLResponse:
        return HTMLResponse(_page(settings, str(request.base_url).rstrip("/")))

    @router.get(HOST_PATH)
    async def example() -> HTMLResponse:
        return HTMLResponse(_filled("host.html", title=escape(settings.title)))

    for name in ("page.js", "page.css", "host.js", "host.css"):
        router.get(f"{EMBED_PATH}{name}")(_file(name))
    return router


def _file(name: str) -> Callable[[Request], Awaitable[Response]]:
    content = (_HERE / "embed" / name).read_bytes()

    async def serve(request: Request) -> Response:
        return _cached(request, content, _TYPES[Path(name).suffix])

    return serve


def _cached(request: Request, content: bytes, media_type: str) -> Response:
    """A file that browsers keep for an hour and then ask about; any page may use it."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "public, max-age=3600, stale-while-revalidate=86400",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def _logo(path: Path) -> bytes:
    if path.suffix.lower() not in _LOGO_TYPES:
        raise UiError(f"setting 'logo': {path.name} is none of {', '.join(sorted(_LOGO_TYPES))}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UiError(f"setting 'logo': cannot read {path} ({error.strerror})") from error
    if len(content) > MAX_LOGO_BYTES:
        raise UiError(f"setting 'logo': {path.name} is larger than {MAX_LOGO_BYTES // 1024} KB; make it smaller")
    return content


def _page(settings: ChatSettings, address: str) -> str:
    listed = "".join(f"<li><code>{escape(origin)}</code></li>" for origin in settings.allowed_origins)
    return _filled(
        "page.html",
        title=escape(settings.title),
        sites=f"<ul>{listed}</ul>" if listed else _NO_SITES,
        origin=escape(address),
        logo=escape(f"{address}/logo" if settings.logo else "none"),
    )


def _filled(name: str, **values: str) -> str:
    page = (_HERE / "embed" / name).read_text(encoding="utf-8")
    for key, value in values.items():
        page = page.replace("{{" + key + "}}", value)
    return page
