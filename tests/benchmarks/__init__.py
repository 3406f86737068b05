"""Side-by-side measurements; ``python -m tests.benchmarks`` prints the table. Nothing here is asserted."""
