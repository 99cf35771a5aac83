"""Transcripts as CSV and JSONL, streamed: a page of conversations is in memory at a time. Knows no console."""

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from bot.storage.records import LoggedDecision, LoggedMessage
from bot.storage.transcript_records import Transcript
from ui.staff.redacted_export import redacted
from ui.staff.services import StaffServices
from ui.staff.transcript_query import FilterError, asked_of, filter_from

COLUMNS = (
    "conversation_id", "started_utc", "channel", "owner", "labels", "rating", "sequence", "sent_utc", "role", "author",
    "text", "intent", "action", "reason", "confidence", "bundle_version", "knowledge_version", "replies_version",
    "latency_ms", "feedback", "feedback_comment",
)  # fmt: skip
"""Of the CSV: a row is a message."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet may take for the beginning of a formula; full-width signs too."""
_BOM = "\ufeff"
_LINES_A_CHUNK = 200

Cell = str | int | float | None


def csv_lines(transcripts: Iterable[Transcript]) -> Iterator[str]:
    """Write CSV with a byte order mark, by which spreadsheets know UTF-8; no cell begins a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)

    def line(cells: Iterable[Cell]) -> str:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in cells])
        return buffer.getvalue()

    yield _BOM + line(COLUMNS)
    for transcript in transcripts:
        for message in transcript.messages:
            yield line(_row(transcript, message, transcript.decisions.get(message.sequence)))


def jsonl_lines(transcripts: Iterable[Transcript]) -> Iterator[str]:
    """Write a JSON object a line: a conversation with its messages, and the ranking behind each reply."""
    for transcript in transcripts:
        summary = transcript.summary
        whole = {
            "conversation_id": summary.conversation_id,
            "started_utc": summary.started_utc.isoformat(),
            "channel": summary.channel,
            "owner": summary.owner,
            "labels": list(summary.labels),
            "rating": summary.rating,
            "messages": [
                _object(message, transcript.decisions.get(message.sequence)) for message in transcript.messages
            ],
        }
        yield json.dumps(whole, ensure_ascii=False) + "\n"


def harmless(cell: str) -> str:
    """Put an apostrophe before what a spreadsheet might run."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def export_routes(services: StaffServices) -> APIRouter:
    """``/staff/export.csv`` and ``/staff/export.jsonl``, with the filter as query.

    What names anybody is a placeholder, unless the query says ``personal=yes``; the audit log tells which it was.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/staff/export.csv")
    async def as_csv(request: Request) -> Response:
        return await _export(services, request, csv_lines, "csv", "text/csv; charset=utf-8")

    @router.get("/staff/export.jsonl")
    async def as_jsonl(request: Request) -> Response:
        return await _export(services, request, jsonl_lines, "jsonl", "application/jsonl; charset=utf-8")

    return router


async def _export(
    services: StaffServices,
    request: Request,
    write: Callable[[Iterable[Transcript]], Iterator[str]],
    ending: str,
    media_type: str,
) -> Response:
    member = await anyio.to_thread.run_sync(services.sessions.member, request.cookies)
    if member is None:
        return JSONResponse({"detail": "log in first"}, status_code=401)
    try:
        wanted = filter_from(request.query_params)
    except FilterError as error:
        return JSONResponse({"detail": str(error)}, status_code=422)
    personal = request.query_params.get("personal") == "yes"
    detail = {"format": ending, "personal": "yes" if personal else "no", **asked_of(wanted)}
    await anyio.to_thread.run_sync(partial(services.store.audit.record, member.name, "export", detail=detail))
    name = f"transcripts{'-personal' if personal else ''}-{datetime.now(UTC):%Y%m%d-%H%M%S}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    found = services.store.transcripts.every(wanted)
    lines = write(found if personal else redacted(found, services.settings.privacy.rules(), _namer(services)))
    return StreamingResponse(_chunks(lines), media_type=media_type, headers=headers)


def _namer(services: StaffServices) -> Callable[[str], str | None]:
    def name(conversation_id: str) -> str | None:
        standing = services.store.standings.get(conversation_id)
        return standing.customer_name if standing else None

    return name


def _chunks(lines: Iterator[str]) -> Iterator[bytes]:
    waiting: list[str] = []
    for line in lines:
        waiting.append(line)
        if len(waiting) == _LINES_A_CHUNK:
            yield "".join(waiting).encode()
            waiting.clear()
    yield "".join(waiting).encode()


def _row(transcript: Transcript, message: LoggedMessage, decision: LoggedDecision | None) -> tuple[Cell, ...]:
    summary = transcript.summary
    return (
        summary.conversation_id,
        summary.started_utc.isoformat(),
        summary.channel,
        summary.owner.value,
        "; ".join(summary.labels),
        summary.rating,
        message.sequence,
        message.message.sent_utc.isoformat(),
        message.message.role.value,
        message.author,
        message.message.text,
        *_thoughts(decision).values(),
    )


def _object(message: LoggedMessage, decision: LoggedDecision | None) -> dict[str, object]:
    said: dict[str, object] = {
        "sequence": message.sequence,
        "sent_utc": message.message.sent_utc.isoformat(),
        "role": message.message.role,
        "author": message.author,
        "text": message.message.text,
    }
    if decision is not None:
        ranking = [[score.intent, _finite(score.probability)] for score in decision.ranking]
        said |= {**_thoughts(decision), "ranking": ranking, "out_of_scope": decision.out_of_scope}
    return said


def _thoughts(decision: LoggedDecision | None) -> dict[str, Cell]:
    if decision is None:
        return dict.fromkeys(COLUMNS[11:])
    feedback = decision.feedback
    return {
        "intent": decision.ranking[0].intent if decision.ranking else None,
        "action": decision.decision.action.value,
        "reason": decision.decision.reason,
        "confidence": _finite(decision.decision.confidence),
        "bundle_version": decision.versions.bundle,
        "knowledge_version": decision.versions.knowledge,
        "replies_version": decision.versions.replies,
        "latency_ms": _finite(decision.latency_ms),
        "feedback": None if feedback is None else ("up" if feedback.helpful else "down"),
        "feedback_comment": None if feedback is None else feedback.comment,
    }


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
