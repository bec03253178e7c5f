"""Makes a report page of what comes on standard input, and prints its summary.

    python -m nlu.report score --out report.html < report.json

The words stand in the templates beside this file.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

PAGES = ("score", "compare")


def main(arguments: list[str]) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m nlu.report", description="Make a page of a report.")
    parser.add_argument("kind", choices=PAGES)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--briefly", action="store_true", help="print only where the page is")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="drawing-") as folder:
        os.environ.setdefault("MPLCONFIGDIR", folder)  # matplotlib keeps a list of fonts; a home may not be writable
        from nlu.report import page

        make = {"score": page.score_page, "compare": page.compare_page}[given.kind]
        html, lines = make(json.load(sys.stdin))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(html, encoding="utf-8")
    if not given.briefly:
        print(lines)
    print(f"Page: {given.out}")


if __name__ == "__main__":
    main(sys.argv[1:])
