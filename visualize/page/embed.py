"""One offline HTML file of a template, styles, scripts and data."""

import json
from pathlib import Path

HERE = Path(__file__).parent


def page(template: str, styles: tuple[str, ...], scripts: tuple[str, ...], data: dict) -> str:
    """The template with all of it put in. Any label stays text: no name ends the script that holds the data."""
    # In a script element only "<" could end it or begin a comment.
    written = to_json(data).replace("<", "\\u003c")
    text = _read(template)
    css, js = ("\n".join(map(_read, files)) for files in (styles, scripts))
    for mark, part in (("/*CSS*/", css), ("/*JS*/", js), ("/*DATA*/", written)):
        text = text.replace(mark, part.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"), 1)
    return text


def to_json(data: dict) -> str:
    """Compact JSON. Half of a surrogate pair, which UTF-8 cannot hold, becomes a question mark."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode(errors="replace").decode()


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
