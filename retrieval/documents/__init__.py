"""Documents of a knowledge base, in several formats, to passages.

Knows formats and files; knows nothing of vectors, indexes or chats.
"""

from retrieval.documents.reading import document_files, read_article, read_passages
from retrieval.documents.report import Problem, ReadReport
from retrieval.passages import indexed_text, load_passages, passage_id, write_passages

__all__ = [
    "Problem",
    "ReadReport",
    "document_files",
    "indexed_text",
    "load_passages",
    "passage_id",
    "read_article",
    "read_passages",
    "write_passages",
]
