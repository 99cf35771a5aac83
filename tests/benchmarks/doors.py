"""The two doors as a customer's program sees them: the web API, and the Gradio page with its protocol and stream."""

import asyncio
import json
import secrets
from contextlib import suppress

import httpx

from tests.benchmarks.asking_customers import sse

_STREAM_S = 600.0


class ApiCustomer:
    """Posts by the API and reads the reply from the stream."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._headers: dict[str, str] = {}
        self._path = ""
        self._asked = 0
        self._listening: asyncio.Task[None] | None = None
        self._answered = 0
        self.replied = asyncio.Event()

    async def begin(self) -> None:
        """Opens the conversation and the stream."""
        started = (await self._client.post("/api/v1/conversations", json={})).raise_for_status().json()
        self._headers = {"Authorization": f"Bearer {started['token']}"}
        self._path = f"/api/v1/conversations/{started['conversation_id']}"
        self._listening = asyncio.create_task(self._listen())

    async def ask(self, text: str) -> httpx.Response:
        """Posts a message."""
        body = {"client_message_id": secrets.token_hex(8), "text": text}
        answer = await self._client.post(f"{self._path}/messages", json=body, headers=self._headers)
        if answer.is_success:
            self._asked = answer.json()["message"]["sequence"]
            self._look()
        return answer

    async def end(self) -> None:
        """Closes the stream."""
        if self._listening:
            self._listening.cancel()
            with suppress(asyncio.CancelledError, httpx.HTTPError):
                await self._listening

    async def _listen(self) -> None:
        async with self._client.stream("GET", f"{self._path}/stream", headers=self._headers, timeout=_STREAM_S) as all_:
            async for event, data in sse(all_):
                if event == "message" and data["role"] == "bot":
                    self._answered = max(self._answered, data["answers"] or 0)
                    self._look()

    def _look(self) -> None:
        if self._asked and self._answered >= self._asked:
            self.replied.set()


class GradioCustomer:
    """A browser with the page open: cookies, Gradio's queue, and the page's stream of news."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._headers: dict[str, str] = {"Origin": str(client.base_url).rstrip("/")}
        self._session = secrets.token_hex(6)
        self._deliver = 0
        self._tasks: list[asyncio.Task[None]] = []
        self.replied = asyncio.Event()

    async def begin(self) -> None:
        """Loads the page, begins the conversation, opens the page's stream."""
        page = (await self._client.get("/chat/", headers=self._headers)).raise_for_status()
        self._keep(page)
        self._keep((await self._client.post("/conversation", headers=self._headers)).raise_for_status())
        config, _ = json.JSONDecoder().raw_decode(page.text.split("window.gradio_config = ", 1)[1])
        self._deliver = next(
            row["id"] for row in config["dependencies"] if any(event == "deliver" for _, event in row["targets"])
        )
        conversation = self._headers["Cookie"].split("frontdesk_conversation=", 1)[1].split(".", 1)[0]
        self._tasks = [asyncio.create_task(self._hear_news(f"/api/v1/conversations/{conversation}/stream"))]

    async def ask(self, text: str) -> httpx.Response:
        """Puts a message into the queue and begins to read what comes of it, as the page does."""
        body = {
            "data": [],
            "event_data": {"text": text, "id": secrets.token_hex(8)},
            "fn_index": self._deliver,
            "session_hash": self._session,
        }
        answer = await self._client.post("/chat/gradio_api/queue/join", json=body, headers=self._headers)
        if answer.is_success:
            await self._read_events()
        return answer

    async def end(self) -> None:
        """Closes the page."""
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError, httpx.HTTPError):
                await task

    async def _read_events(self) -> None:
        query = {"session_hash": self._session}
        path = "/chat/gradio_api/queue/data"
        with suppress(httpx.RemoteProtocolError):  # so Gradio ends the stream of a session that it has forgotten
            async with self._client.stream("GET", path, params=query, headers=self._headers) as all_:
                async for _, data in sse(all_):
                    if data.get("msg") == "process_completed":
                        if data["success"] and 'data-outcome="refused"' not in json.dumps(data):
                            self.replied.set()
                        return

    async def _hear_news(self, path: str) -> None:
        async with self._client.stream("GET", path, headers=self._headers, timeout=_STREAM_S) as all_:
            async for _ in sse(all_):
                pass

    def _keep(self, answer: httpx.Response) -> None:
        jar = dict(part.split("=", 1) for part in self._headers.get("Cookie", "").split("; ") if part)
        jar |= dict(answer.cookies)
        self._client.cookies.clear()  # one client plays all customers: each keeps its own
        self._headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
