"""What a benchmark can say in one line instead of a traceback."""


class BenchmarkError(Exception):
    """Root: a benchmark cannot go on; the text says what to do."""


class DataMissingError(BenchmarkError):
    """A file of the development data is not where it should be."""


class NoGpuError(BenchmarkError):
    """``--gpu`` was asked for and CUDA does not run here."""
