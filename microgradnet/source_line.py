"""The user's source line behind an op: its position, what it assigns to, and the names of its variables."""

import ast
import functools
import linecache
import sys
from types import FrameType

OURS = __package__.partition(".")[0]


def user_frame() -> FrameType | None:
    """The innermost frame that is not this package's."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == OURS:
        frame = frame.f_back
    return frame


def user_line() -> str | None:
    """``file:line`` of the innermost frame that is not this package's."""
    frame = user_frame()
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else None


def variable_name(frame: FrameType | None, value: object) -> str | None:
    """What the code of ``frame`` calls the object ``value``, if a variable holds it."""
    if frame is None:
        return None
    for variables in (frame.f_locals, frame.f_globals):
        for name, held in variables.items():
            if held is value and not name.startswith("_"):
                return name
    return None


@functools.lru_cache(maxsize=64)
def _assignments(filename: str) -> dict[int, tuple[str, ...]]:
    """For each line of a file inside of an assignment: the names on its left."""
    try:
        tree = ast.parse("".join(linecache.getlines(filename)))
    except (SyntaxError, ValueError):
        return {}
    found: dict[int, tuple[str, ...]] = {}
    for statement in ast.walk(tree):
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target: ast.expr = statement.targets[0]
        elif isinstance(statement, ast.AugAssign | ast.AnnAssign):
            target = statement.target
        else:
            continue
        parts = target.elts if isinstance(target, ast.Tuple) else [target]
        if all(isinstance(part, ast.Name | ast.Attribute) for part in parts):
            for line in range(statement.lineno, (statement.end_lineno or statement.lineno) + 1):
                found[line] = tuple(map(ast.unparse, parts))
    return found


def assigned_names(line: str | None) -> tuple[str, ...]:
    """The names on the left of the assignment at ``file:line``; empty where that line assigns nothing."""
    filename, _, number = (line or "").rpartition(":")
    return _assignments(filename).get(int(number), ()) if number.isdecimal() else ()
