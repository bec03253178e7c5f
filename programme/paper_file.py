"""A certificate or a proof of booking as a PDF: one page of A4 with a QR code, drawn from the answers' words.

The font is kept with the code (programme/fonts/, DejaVu's own free licence): a PDF's built-in fonts cannot write every
name. Scripts whose letters join, such as Arabic, are written letter by letter.
"""

from pathlib import Path

import segno
from fpdf import FPDF
from fpdf.enums import WrapMode

from programme.answers import Answers
from programme.paper import Content

FONT = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
LEFT, TOP, WIDTH = 25, 30, 160  # millimetres
CODE = 42  # the QR code's side
BORDER = 4  # modules of white around it, which readers need


def draw(answers: Answers, content: Content, address: str) -> bytes:
    """The file. `address`: of the page that tells whether the paper is real."""
    pdf = FPDF()
    pdf.set_creation_date(content.issued_at)
    pdf.add_font("Words", "", FONT)
    pdf.set_auto_page_break(False)
    pdf.set_margins(LEFT, TOP)
    pdf.add_page()
    title = answers.label(f"label_paper_{content.kind.value}")
    says = answers.label(f"label_paper_{content.kind.value}_says", {"name": content.name})
    pdf.set_title(title)
    pdf.set_lang("en-GB")
    _line(pdf, title, 26, after=10)
    _line(pdf, says, 16, after=6)
    for words in lines(answers, content):
        _line(pdf, words, 12)
    _code(pdf, answers, address)
    return bytes(pdf.output())


def lines(answers: Answers, content: Content) -> list[str]:
    """What stands under the sentence with the name."""
    label = answers.label
    found = [label("label_paper_completed_on", {"at": content.on.isoformat()})] if content.on else []
    found += [
        label("label_paper_session", {"starts_at": starts.isoformat(), "ends_at": ends.isoformat()})
        for starts, ends in content.sessions
    ]
    if content.place:
        found.append(label("label_paper_where", {"place": content.place}))
    if content.issuer:
        found.append(label("label_paper_issuer", {"issuer": content.issuer}))
    found.append(label("label_paper_issued_on", {"at": content.issued_at.isoformat()}))
    return [*found, label("label_paper_sample")] if content.sample else found


def _line(pdf: FPDF, words: str, size: int, after: int = 2) -> None:
    pdf.set_font("Words", size=size)
    pdf.multi_cell(WIDTH, size * 0.5, words, align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(after)


def _code(pdf: FPDF, answers: Answers, address: str) -> None:
    """The QR code as squares, with what it is for and its address beside it."""
    pdf.ln(8)
    top = pdf.get_y()
    modules = [list(row) for row in segno.make(address, error="m", micro=False).matrix_iter(border=BORDER)]
    side = CODE / len(modules)
    for y, row in enumerate(modules):
        for x, dark in enumerate(row):
            if dark:
                pdf.rect(LEFT + x * side, top + y * side, side, side, style="F")
    pdf.set_xy(LEFT + CODE + 6, top + 8)
    pdf.set_font("Words", size=11)
    pdf.multi_cell(WIDTH - CODE - 6, 6, answers.label("label_paper_check"), align="L", new_x="LEFT", new_y="NEXT")
    pdf.set_font("Words", size=8)
    pdf.multi_cell(WIDTH - CODE - 6, 5, address, align="L", link=address, wrapmode=WrapMode.CHAR)
