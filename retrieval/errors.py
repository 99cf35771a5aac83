"""Errors of retrieval; every one prints as one line: what, where, what to do.

RetrievalError
├── ArtifactError      an immutable directory that is missing, incomplete or changed
├── DocumentError      a file or a passages file that cannot be used at all
├── VectorError        a query vector or an index that does not fit
└── SnapshotError      a snapshot directory that is damaged, of another encoder, or in the way

A document that cannot be read while a folder is walked is no error: it is a ``Problem`` of the ``ReadReport``.
"""


class RetrievalError(Exception):
    """Anything that retrieval refuses."""


class ArtifactError(RetrievalError):
    """An immutable directory is missing, incomplete or not what its manifest says."""


class DocumentError(RetrievalError):
    """A path or a passages file that cannot be used; names the file and the line."""


class VectorError(RetrievalError):
    """A vector of the wrong dimension, one that is not finite, or an index that faiss refused."""


class SnapshotError(RetrievalError):
    """A snapshot that does not match its manifest or its encoder; names the directory."""
