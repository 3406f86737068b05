"""Mutants that live, and why no test should kill them: ``(file, key): reason``."""

SURVIVORS: dict[tuple[str, str], str] = {}
