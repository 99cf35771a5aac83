"""Every format, read from small files made here."""

import io
import zipfile
from pathlib import Path

import docx
import pytest
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from retrieval.documents import ReadReport, read_article, read_passages
from retrieval.errors import DocumentError
from retrieval.values import Passage

MARKDOWN = """---
title: "Returns guide"
---
# Returns guide

Send it back within **30 days**, see [the form](https://shop.example/form).

## Shoes

- Unworn soles only.
- Keep the box.

| Size | Fee |
| ---- | --- |
| 40   | 2 € |

```
not a # heading
```
"""
HTML = """<!doctype html><html><head><meta charset="iso-8859-1"><title>Shop</title><style>b{}</style></head><body>
<nav>Home | Cart</nav><h1>Entrega r\xe1pida</h1><p>Two<br>days.</p><div>Bare <b>text</b></div>
<script>alert(1)</script><!-- note --><h2>Fees</h2><ul><li>Free <li>Express 5 &euro;</ul><p hidden>secret</p></body>"""


def read(path: Path) -> tuple[list[Passage], ReadReport]:
    report = ReadReport()
    return list(read_passages([path], report)), report


def texts(path: Path) -> list[tuple[str, str]]:
    passages, report = read(path)
    assert report.problems == []
    return [(one.title, one.text) for one in passages]


def test_markdown_is_cut_by_headings(tmp_path: Path) -> None:
    path = tmp_path / "returns.md"
    path.write_text(MARKDOWN, encoding="utf-8")
    assert texts(path) == [
        ("Returns guide", "Send it back within 30 days, see the form."),
        ("Returns guide > Shoes", "Unworn soles only.\nKeep the box.\nSize | Fee\n40 | 2 €\nnot a # heading"),
    ]


def test_html_leaves_out_what_is_no_text_and_obeys_its_charset(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(HTML.encode("latin-1"))
    assert texts(path) == [
        ("Entrega rápida", "Two\ndays.\nBare text"),
        ("Entrega rápida > Fees", "Free\nExpress 5 €"),
    ]


@pytest.mark.filterwarnings("error")
def test_xhtml_is_read_like_html(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text('<?xml version="1.0" encoding="utf-8"?><html><body><p>Größe</p></body></html>', encoding="utf-8")
    assert texts(path) == [("page", "Größe")]


def test_html_nested_thousands_deep_is_read(tmp_path: Path) -> None:
    path = tmp_path / "deep.htm"
    path.write_text("<div>" * 5_000 + "At the bottom." + "</div>" * 5_000, encoding="utf-8")
    passages, report = read(path)
    assert [one.text for one in passages] == ["At the bottom."] or report.problems


def test_plain_text_has_its_file_name_for_a_title(tmp_path: Path) -> None:
    path = tmp_path / "gift_cards.txt"
    path.write_bytes(b"\xef\xbb\xbfGift cards\r\nnever expire.\r\n\r\n1. Buy one.\r\n2. Send it.")
    assert texts(path) == [("gift cards", "Gift cards never expire.\n1. Buy one.\n2. Send it.")]


def test_utf16_with_its_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("退货须在三十天内。", encoding="utf-16")
    assert texts(path) == [("note", "退货须在三十天内。")]


def test_docx_headings_lists_and_tables(tmp_path: Path) -> None:
    word = docx.Document()
    word.add_heading("Warranty", 0)
    word.add_paragraph("Two years on everything.")
    word.add_heading("Claims", 1)
    word.add_paragraph("Write to us.", style="List Bullet")
    table = word.add_table(rows=1, cols=3)
    for cell, text in zip(table.rows[0].cells, ("Bags", "yes", "yes"), strict=True):
        cell.text = text
    path = tmp_path / "warranty.docx"
    word.save(str(path))
    assert texts(path) == [
        ("Warranty", "Two years on everything."),
        ("Warranty > Claims", "Write to us.\nBags | yes | yes"),
    ]


def pdf_bytes(lines: list[str], *, password: str | None = None, title: str | None = None) -> bytes:
    writer = PdfWriter()
    page = writer.add_blank_page(width=300, height=300)
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    fonts = DictionaryObject({NameObject("/F1"): writer._add_object(font)})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    shown = "".join(f"BT /F1 12 Tf 20 {250 - 20 * row} Td ({line}) Tj ET\n" for row, line in enumerate(lines))
    stream = DecodedStreamObject()
    stream.set_data(shown.encode("latin-1"))
    page[NameObject("/Contents")] = writer._add_object(stream)
    if title:
        writer.add_metadata({"/Title": title})
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def test_pdf_lines_are_joined_to_sentences(tmp_path: Path) -> None:
    path = tmp_path / "terms.pdf"
    path.write_bytes(pdf_bytes(["Refunds reach your ac-", "count in five days.", "Ask us."], title="Terms"))
    assert texts(path) == [("Terms", "Refunds reach your account in five days. Ask us.")]


FAQ_CSV = (
    "Question;ANSWER;id;category;url;note\n"
    "How can I pay?;By card.;pay;Money;https://shop.example/pay;x\n"
    ";Nobody asked.;;;;\n"
    '"Where is\nmy parcel?";"In the van.\nAlmost there.";;;;\n'
    "Too;few\n"
    "How can I pay?;By bank transfer.;pay;;;\n"
    "Open on Sunday?;No.;;;;\n"
    "Open on Sunday?;Only in December.;;;;\n"
)


def test_csv_faq_gives_an_article_a_question_and_reports_bad_rows_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "faq.csv"
    path.write_text(FAQ_CSV, encoding="utf-8")
    passages, report = read(path)
    assert [(one.title, one.text) for one in passages] == [
        ("Money > How can I pay?", "By card."),
        ("Where is my parcel?", "In the van.\nAlmost there."),
        ("Open on Sunday?", "No."),
        ("Open on Sunday?", "Only in December."),
    ]
    assert (passages[0].document_id, passages[0].source_uri) == ("faq.csv#pay", "https://shop.example/pay")
    assert len({one.document_id for one in passages}) == len({one.passage_id for one in passages}) == 4
    assert [problem.line for problem in report.problems] == [3, 7, 8]


@pytest.mark.parametrize(
    ("name", "content", "lines"),
    [
        ("a.json", '[{"question": "Q1?", "answer": "A."},\n {"question": "Q2?", "answer": ["A.", "B."]}]', []),
        ("b.json", '{"faq": [{"Question": "Q1?", "Answer": "A."}, {"question": "Q2?", "answer": 5}]}', []),
        (
            "f.jsonl",
            '{"answer": ["A."], "question": "Q1?"}\n{"answer": [], "question": "Q0?"}\n'
            '{"answer": "A.", "question": "Q2?"}',
            [2],
        ),
        ("c.jsonl", '{"question": "Q1?", "answer": "A."}\n{"question": "Q2?", "answer": "A."}\n', []),
        (
            "d.json",
            '[{"question": "Q1?", "answer": "A."},\n7,\n{"question": "Q2?", "answer": "A."}, {"answer": 1}]',
            [2, 3],
        ),
        ("e.json", '[{"question": "Q1?", "answer": "A."}, {"question": "Q2?", "answer": "A."},\n{"question": ', [2]),
    ],
)
def test_json_faq_in_its_three_shapes_and_with_bad_entries(
    tmp_path: Path, name: str, content: str, lines: list[int]
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    passages, report = read(path)
    assert [one.title for one in passages] == ["Q1?", "Q2?"]
    assert [problem.line for problem in report.problems] == lines


def test_an_answer_that_several_questions_share_keeps_ids_apart(tmp_path: Path) -> None:
    path = tmp_path / "faq.csv"
    path.write_text("question,answer\nPets?,Yes.\nDogs?,Yes.\n", encoding="utf-8")
    passages, _ = read(path)
    assert len({one.passage_id for one in passages}) == 2


def spreadsheet() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("photo.png", b"\x89PNG", "unknown format .png"),
        ("README", b"text", "without an ending"),
        ("empty.md", b"", "no text"),
        ("blank.txt", b" \n\t\n", "no text"),
        ("latin.txt", "Gr\xf6\xdfe".encode("latin-1"), "UTF-8"),
        ("binary.md", b"a\x00b", "NUL"),
        ("broken.pdf", b"%PDF-1.7\nnonsense", "not a readable PDF"),
        ("cut.pdf", pdf_bytes(["Text."])[:200], "not a readable PDF"),
        ("scan.pdf", pdf_bytes([]), "no text"),
        ("locked.pdf", pdf_bytes(["Text."], password="secret"), "password"),
        ("broken.docx", b"PK\x03\x04nonsense", "not a readable DOCX"),
        ("sheet.docx", spreadsheet(), "not a readable DOCX"),
        ("empty.csv", b"", "no column question and answer"),
        ("columns.csv", b"frage,antwort\na,b\n", "no column question and answer"),
        ("half.csv", b"question\na\n", "no column answer"),
        ("header.csv", b"question,answer\n", "no text"),
        ("empty.json", b"", "no list of objects"),
        ("deep.json", b"[" * 100_000, "nested too deeply"),
        ("word.json", b"hello", "not JSON"),
    ],
)
def test_an_unusable_file_is_reported_and_the_rest_is_read(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    (tmp_path / "zz.md").write_text("Still here.", encoding="utf-8")
    passages, report = read(tmp_path)
    assert [one.text for one in passages] == ["Still here."]
    assert (report.files, report.passages) == (1, 1)
    assert reason in str(report.problems[0])
    assert all(name in str(problem) and "\n" not in str(problem) for problem in report.problems)


def test_a_docx_that_unpacks_too_far_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big.docx"
    docx.Document().save(str(path))
    monkeypatch.setattr("retrieval.documents.office.MAX_UNPACKED_BYTES", 100)
    _, report = read(path)
    assert "unpacks to" in str(report.problems[0])


def test_a_folder_is_walked_in_order_without_hidden_files(tmp_path: Path) -> None:
    root = tmp_path / "kb"
    for name in ("b.md", "a/deep.md", ".git/config.md", "a/.hidden.md"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"Text of {name}.", encoding="utf-8")
    passages, _ = read(root)
    assert [one.document_id for one in passages] == ["kb/a/deep.md", "kb/b.md"]


def test_ids_do_not_hang_on_where_the_folder_lies(tmp_path: Path) -> None:
    found = []
    for place in ("here", "there"):
        (tmp_path / place / "kb").mkdir(parents=True)
        (tmp_path / place / "kb" / "a.md").write_text("Text.", encoding="utf-8")
        found.append([one.passage_id for one in read(tmp_path / place / "kb")[0]])
    assert found[0] == found[1]


def test_two_files_of_one_name_stay_apart_and_one_given_twice_is_reported(tmp_path: Path) -> None:
    paths = [tmp_path / "x" / "a.md", tmp_path / "y" / "a.md"]
    for path in paths:
        path.parent.mkdir()
        path.write_text("Same text.", encoding="utf-8")
    report = ReadReport()
    passages = list(read_passages([*paths, paths[1]], report))
    assert len({one.passage_id for one in passages}) == len({one.document_id for one in passages}) == 2
    assert "given twice" in str(report.problems[0])


def test_a_missing_path_is_reported(tmp_path: Path) -> None:
    passages, report = read(tmp_path / "nowhere")
    assert passages == []
    assert "does not exist" in str(report.problems[0])


def test_an_article_from_a_database_is_cut_like_a_file() -> None:
    passages = read_article(
        "# Sizes\n\nRuns small.", "text/markdown", document_id="7", title="Sizes", source_uri="https://s.example/7"
    )
    assert [(one.document_id, one.title, one.text, one.source_uri) for one in passages] == [
        ("7", "Sizes", "Runs small.", "https://s.example/7")
    ]


def test_an_article_of_another_media_type_is_refused() -> None:
    with pytest.raises(DocumentError, match="application/pdf"):
        read_article("", "application/pdf", document_id="7", title="", source_uri="")
