"""Questions with the passages that answer them, from labelled queries and from FAQ titles. Knows no index."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from finetune.errors import DataError
from finetune.examples import QuestionPassage
from finetune.history.json_lines import json_records
from finetune.history.lines import flaw
from finetune.history.report import ImportReport
from retrieval.passages import indexed_text
from retrieval.values import Passage

_QUESTION_MARKS = ("?", "\uff1f")


def read_questions(path: Path, passages: Mapping[str, Passage], report: ImportReport) -> Iterator[QuestionPassage]:
    """Read JSONL lines ``{"text": ..., "passage_ids": [...]}``: one pair for each passage named.

    ``"document_id": "..."`` in place of the ids names an article, some passage of which answers; ``"context": [...]``
    holds the messages before a question that leans on them ("and for boots?"), oldest first.

    Raises:
        DataError: the file is missing or empty, or a line names a passage or an article that is not there.
    """
    by_document: dict[str, list[str]] = {}
    for passage in passages.values():
        by_document.setdefault(passage.document_id, []).append(passage.passage_id)
    for line, row in json_records(path, report):
        text, ids, article = row.get("text"), row.get("passage_ids"), None
        if ids is None and row.get("document_id") is not None:
            article = str(row["document_id"])
            ids = by_document.get(article)
            if ids is None:
                raise DataError(f"{path}, line {line}: no article {article!r} in the --knowledge file")
        context = row.get("context") or []
        if not isinstance(text, str) or not text.strip() or flaw(text):
            report.skip("no usable text", line)
        elif not isinstance(context, list) or not all(isinstance(one, str) and not flaw(one) for one in context):
            report.skip("context is not a list of texts", line)
        elif not isinstance(ids, list) or not ids:
            report.skip("no passage_ids", line)
        else:
            for passage_id in map(str, ids):
                if passage_id not in passages:
                    raise DataError(
                        f"{path}, line {line}: no passage {passage_id!r}; give the --knowledge file that these "
                        "queries were labelled with"
                    )
                yield QuestionPassage(text, passage_id, indexed_text(passages[passage_id]), article, tuple(context))


def titled_questions(passages: Mapping[str, Passage]) -> Iterator[QuestionPassage]:
    """A pair for each passage whose heading is a question, as in an FAQ; its text then goes without the heading."""
    for passage in passages.values():
        heading = passage.title.rsplit(" > ", 1)[-1].strip()
        if heading.endswith(_QUESTION_MARKS) and passage.text.strip():
            yield QuestionPassage(heading, passage.passage_id, passage.text)
