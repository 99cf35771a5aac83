"""A customer of the web API who loses nothing: retries until acknowledged, and resumes the stream where it ended.

Knows no server process. Compared with the log afterwards by ``delivery_check``.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx

_RETRY_S = 0.1
_CUT = (httpx.TransportError, httpx.StreamError)


@dataclass
class RetryingCustomer:
    """One conversation, and what was told about it.

    Attributes:
        acknowledged: sequence of each message that was answered with 202, by its number.
        wrong: answers that nothing explains: another status than 202 or 503, or a retry that got another sequence.
        refusals: how often 503 with Retry-After came.
        seen: sequences that the stream brought, in the order in which they came.
        resumed: how often the stream was cut.
    """

    client: httpx.AsyncClient
    name: str
    conversation_id: str = ""
    acknowledged: dict[int, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    refusals: int = 0
    seen: list[int] = field(default_factory=list)
    resumed: int = 0
    _headers: dict[str, str] = field(default_factory=dict)

    async def begin(self) -> None:
        """Creates the conversation."""
        started = (await self.client.post("/api/v1/conversations", json={})).raise_for_status().json()
        self.conversation_id = started["conversation_id"]
        self._headers = {"Authorization": f"Bearer {started['token']}"}

    def text(self, number: int) -> str:
        """Words of a message, which name it."""
        return f"{self.name} {number}: where is my order"

    async def post(self, number: int) -> None:
        """Sends a message again and again until the server says that it has it."""
        while not await self.try_post(number):
            await asyncio.sleep(_RETRY_S)

    async def try_post(self, number: int) -> bool:
        """Sends a message once; whether it was acknowledged."""
        body = {"client_message_id": f"{self.name}-message-{number}", "text": self.text(number)}
        try:
            answer = await self.client.post(self._path("messages"), json=body, headers=self._headers)
        except _CUT:
            return False
        if answer.status_code == httpx.codes.ACCEPTED:
            self._note(number, answer.json()["message"]["sequence"])
            return True
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and "retry-after" in answer.headers:
            self.refusals += 1
        else:
            self.wrong.append(f"{answer.status_code} {answer.text[:200]}")
        return False

    async def ask_person(self) -> None:
        """Has the conversation given to people, so that the bot keeps silent."""
        body = {"client_message_id": f"{self.name}-person"}
        (await self.client.post(self._path("person"), json=body, headers=self._headers)).raise_for_status()

    async def listen(self) -> None:
        """Reads the stream for ever; where it is cut, goes on behind the last event that came whole."""
        while True:
            try:
                async for event, data in self.events():
                    if event == "message":
                        self.seen.append(int(data["sequence"]))  # type: ignore[call-overload]
            except _CUT:
                pass
            self.resumed += 1
            await asyncio.sleep(_RETRY_S)

    async def events(self) -> AsyncIterator[tuple[str, dict[str, object]]]:
        """Events of one connection, from behind what was seen."""
        headers = {**self._headers, "Last-Event-ID": str(self.seen[-1])} if self.seen else self._headers
        async with self.client.stream("GET", self._path("stream"), headers=headers, timeout=40) as answer:
            if answer.status_code != httpx.codes.OK:
                return
            fields: dict[str, str] = {}
            async for line in answer.aiter_lines():
                name, _, value = line.partition(": ")
                if name:
                    fields[name] = value
                elif "event" in fields:
                    yield fields["event"], json.loads(fields["data"])
                    fields = {}

    async def messages(self) -> list[dict[str, object]]:
        """The whole conversation by the API."""
        answer = await self.client.get(self._path("events"), headers=self._headers)
        found: list[dict[str, object]] = answer.raise_for_status().json()["messages"]
        return found

    async def is_settled(self, *, streamed: bool = True) -> bool:
        """Whether the bot owes nothing and, where it is read, the stream has brought all."""
        try:
            answer = await self.client.get(self._path("events"), headers=self._headers)
        except _CUT:
            return False
        if answer.status_code != httpx.codes.OK:
            return False
        state = answer.json()["state"]
        seen = bool(self.seen) and self.seen[-1] >= state["last_sequence"]
        return state["reply"] != "pending" and (seen or not streamed)

    def _note(self, number: int, sequence: int) -> None:
        known = self.acknowledged.setdefault(number, sequence)
        if known != sequence:
            self.wrong.append(f"message {number} was {known} and then {sequence}")

    def _path(self, what: str) -> str:
        return f"/api/v1/conversations/{self.conversation_id}/{what}"


def open_client(url: str) -> httpx.AsyncClient:
    """A client for any number of customers."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    return httpx.AsyncClient(base_url=url, timeout=15, limits=limits)
