"""Prints the table: ours and PyTorch in one run.

``python -m tests.benchmarks [steps|captured|ops|rows|adam|optimizers|import|scalar|peers|cuda|growth|memory ...]``.
"""

import argparse
import importlib.util
import os
import platform

FORCED = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS")


def main() -> None:
    """Measures the rows asked for."""
    from microgradnet.backends import threads
    from tests.benchmarks import growth, imports, memory, on_gpu, optimizers, peers, scalars, single_ops, training_steps
    from tests.benchmarks.race import table

    rows = {
        "steps": training_steps.measure,
        "captured": training_steps.captured,
        "ops": single_ops.activations,
        "rows": single_ops.rows,
        "adam": single_ops.adam,
        "optimizers": optimizers.measure,
        "import": imports.measure,
        "scalar": scalars.measure,
        "peers": peers.measure,
        "cuda": on_gpu.measure,
    }
    parser = argparse.ArgumentParser(description=__doc__)
    names = [*rows, "growth", "memory"]
    parser.add_argument("rows", nargs="*", metavar="row", help=f"which: {', '.join(names)} (default: all)")
    parser.add_argument("--alone", action="store_true", help="time ours only, without PyTorch")
    args = parser.parse_args()
    if unknown := set(args.rows) - set(names):
        parser.error(f"unknown row {', '.join(sorted(unknown))}: choose from {', '.join(names)}")
    # PyTorch's wheel brings GNU OpenMP too, and whoever comes first decides how long the threads of both spin.
    threads.choose_layer()
    torch = None
    if not args.alone and importlib.util.find_spec("torch"):
        torch = importlib.import_module("torch")
        print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads")
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for name in FORCED:
        if name in os.environ:
            print(f"warning: {name}={os.environ[name]} is set, so the BLAS does not pick its own kernels")
    results = []
    wanted = args.rows or names
    for name in rows:
        if name in wanted:
            results += rows[name](torch)
    if results:
        print(table(results))
    if "growth" in wanted:
        print(growth.table())
    if "memory" in wanted:
        print(memory.table())


if __name__ == "__main__":
    main()
