"""From the shell: ``python -m visualize "L = tanh(a*b + c)" a=2 b=-3 c=10 --out l.html``."""

import argparse
import sys
from pathlib import Path

import microgradnet as mg

from . import RenderError, draw, play
from .picture.engine import write
from .record.expression import ExpressionError, evaluate

KINDS = ("html", "svg", "png", "pdf", "dot", "txt")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m visualize",
        description="Plays a formula's forward and backward pass step by step, or draws its graph.",
        epilog='example: python -m visualize "L = tanh(a*b + c)" a=2 b=-3 c=10 --out l.html',
    )
    parser.add_argument("formula", help='such as "L = tanh(a*b + c)"')
    parser.add_argument("values", nargs="*", metavar="NAME=NUMBER", help="a value for each variable")
    parser.add_argument(
        "--out", default="steps.html", help=f"file to write: .{', .'.join(KINDS)} (default: %(default)s)"
    )
    given = parser.parse_args(arguments)
    kind = given.out.rpartition(".")[2].lower()
    if kind not in KINDS:
        parser.error(f"--out ends in one of .{', .'.join(KINDS)}, got {given.out}")
    try:
        values = dict(_value(text) for text in given.values)
        with mg.Tape() as tape:
            result, _ = evaluate(given.formula, values)
        if not result.requires_grad or not tape.nodes:
            raise ExpressionError("the formula is a variable alone: nothing is computed")
        player = play(tape, title=given.formula.strip())
        if kind == "html":
            path = player.save(given.out)
        elif kind == "txt":
            path = Path(given.out)
            write(path, f"{player.transcript()}\n".encode())
        else:
            with tape:
                result.backward()
            path = draw(tape, title=given.formula.strip()).save(given.out)
    except (ExpressionError, RenderError) as error:
        print(f"visualize: {error}", file=sys.stderr)
        return 2
    except (OverflowError, RecursionError, ValueError) as error:
        deep = "too long or too deeply nested" if isinstance(error, RecursionError) else error
        print(f"visualize: this formula or file name cannot be used: {deep}", file=sys.stderr)
        return 2
    print(player.transcript())
    print(f"\nwrote {path}")
    return 0


def _value(text: str) -> tuple[str, float]:
    name, sign, number = text.partition("=")
    try:
        if sign and name.strip().isidentifier():
            return name.strip(), float(number)
    except ValueError:
        pass
    raise ExpressionError(f"NAME=NUMBER expected, such as a=2, got {text!r}")


if __name__ == "__main__":
    sys.exit(main())
