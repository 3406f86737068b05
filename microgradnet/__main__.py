"""``python -m microgradnet warm-up``: compiles the kernels ahead, so that no later run waits for them."""

import argparse

from . import warm_up


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m microgradnet", description=__doc__.partition(": ")[2])
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("warm-up", help="compile the kernels ahead, for float32 and float64")
    command.add_argument(
        "only", nargs="*", help="names of ops, layers or optimizers, such as tanh or Conv2d (default: all)"
    )
    arguments = parser.parse_args()
    names = warm_up.names()
    if unknown := [name for name in arguments.only if name not in names]:
        parser.error(f"no op, layer or optimizer with kernels of its own is called {', '.join(unknown)}")
    warm_up.run(arguments.only or list(names))


if __name__ == "__main__":
    main()
