"""Labelled examples of Rasa's ``nlu.yml``. Knows nothing of dialogues; the file holds none.

After https://legacy-docs-oss.rasa.com/docs/rasa/training-data-format (section "NLU Training Data"):

- ``nlu``: a list of items; ``intent`` names an intent, or ``faq/ask_hours`` one of a retrieval intent; items with
  ``synonym``, ``regex`` or ``lookup`` are no examples
- ``examples``: lines that begin with a dash, or a list of objects with ``text``
- entities ``[words](name)``, ``[words]{"entity": ...}``, ``[words][{...}, {...}]`` stand for their words
"""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from finetune.errors import DataError
from finetune.examples import IntentExample
from finetune.history.fields import clean, text_flaw
from finetune.history.lines import byte_source
from finetune.history.report import ImportReport

_ENTITY = re.compile(r"\[([^\[\]\n]+)\](?:\([^()\n]+\)|\{[^{}\n]+\}|\[(?:\{[^{}\n]*\}(?:,\s*)?)+\])")
_MAX_BYTES = 64 * 2**20
_MAX_DEPTH = 50


def read_rasa_nlu(path: Path, report: ImportReport) -> Iterator[IntentExample]:
    """Read each example of each intent; the report's numbers are lines.

    Raises:
        DataError: the file is missing, empty, above 64 MiB, no YAML, or without a list ``nlu``.
    """
    root = _document(path)
    items = _value(root, "nlu") if isinstance(root, yaml.MappingNode) else None
    if not isinstance(items, yaml.SequenceNode):
        raise DataError(f"{path}: no list `nlu` of training examples; stories, rules and domains hold none")
    for item in items.value:
        intent = _value(item, "intent") if isinstance(item, yaml.MappingNode) else None
        if not isinstance(intent, yaml.ScalarNode):
            continue
        label = intent.value.strip()
        for line, text in _examples(_value(item, "examples"), report, intent):
            reason = "intent without a name" if text_flaw(label) else text_flaw(text)
            if reason is None:
                report.rows += 1
                yield IntentExample(clean(_ENTITY.sub(r"\1", text)), label)
            else:
                report.skip(reason, line)


def _document(path: Path) -> yaml.Node | None:
    with byte_source(path) as source:
        content = source.stream.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise DataError(f"{path}: larger than {_MAX_BYTES} bytes; split the file")
    try:
        depth = 0
        for event in yaml.parse(content, Loader=yaml.CSafeLoader):
            # The composer recurses in C, where deep nesting is a crash rather than an error.
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _MAX_DEPTH:
                raise DataError(f"{path}: nested deeper than {_MAX_DEPTH}; is this an nlu.yml?")
        return yaml.compose(content, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError) as error:
        raise DataError(f"{path}: not YAML ({' '.join(str(error).split())})") from error


def _value(node: yaml.Node, key: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for name, value in pairs if isinstance(name, yaml.ScalarNode) and name.value == key), None)


def _examples(node: yaml.Node | None, report: ImportReport, intent: yaml.Node) -> Iterator[tuple[int, str]]:
    if isinstance(node, yaml.ScalarNode):
        first = node.start_mark.line + (2 if node.style in ("|", ">") else 1)
        for line, text in enumerate(node.value.splitlines(), start=first):
            if text.lstrip().startswith("-"):
                yield line, text.lstrip().removeprefix("-")
            elif text.strip():
                report.skip("line of examples without a dash", line)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            text = item if isinstance(item, yaml.ScalarNode) else _value(item, "text")
            yield item.start_mark.line + 1, text.value if isinstance(text, yaml.ScalarNode) else ""
    else:
        report.skip("intent without examples", intent.start_mark.line + 1)
