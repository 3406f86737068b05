"""Who imports whom: no circles, and no arrow that runs back up. Imports inside functions count as well."""

import ast
import graphlib
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
# Lowest first. A module may import from its own layer and from those before it; microgradnet/__init__.py from all.
LAYERS = (
    ("backends", "structure", "damaged", "dtypes", "hooks", "random", "notation", "formulas"),
    ("tape", "part_of", "events", "beside", "grad_mode", "tensor", "views", "wrapping"),
    ("from_data", "typing", "arguments", "primitive", "moving", "choice", "kinks", "elementwise"),
    ("ops",),
    ("autograd", "func", "linalg", "history", "capture", "scalar", "serialization", "checkpoint"),
    ("nn", "optim"),
    ("warm_up", "__main__"),
    ("data", "training", "distributed"),
    ("visualize",),
    ("demos",),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}


class Arrow(NamedTuple):
    """One module imports another."""

    source: str
    target: str
    place: str

    def __str__(self) -> str:
        return f"{self.place}: {self.source} imports {self.target}"


class Imports(ast.NodeVisitor):
    """The modules that one file imports, anywhere in it, but for those that only a type checker sees."""

    def __init__(self, module: str, path: Path, modules: dict[str, Path]):
        self.module, self.path, self.modules = module, path, modules
        self.found: list[Arrow] = []
        self.visit(ast.parse(path.read_text(encoding="utf-8")))

    def visit_If(self, node):
        if ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            node.body = []
        self.generic_visit(node)

    def visit_Import(self, node):
        for alias in node.names:
            self._add(alias.name, node)

    def visit_ImportFrom(self, node):
        package = self.module.split(".")[: -node.level or None]
        if self.path.name == "__init__.py" and node.level:
            package = self.module.split(".")[: 1 - node.level or None]
        base = ".".join([*(package if node.level else []), *([node.module] if node.module else [])])
        for alias in node.names:
            name = f"{base}.{alias.name}"
            self._add(name if name in self.modules else base, node)

    def _add(self, target: str, node) -> None:
        if target in self.modules and target != self.module:
            self.found.append(Arrow(self.module, target, f"{self.path}:{node.lineno}"))


def modules(root: Path) -> dict[str, Path]:
    """Every module of the three packages below ``root``, by name."""
    paths = [path for package in ("microgradnet", "visualize", "demos") for path in (root / package).rglob("*.py")]
    names = [path.relative_to(root).with_suffix("").parts for path in paths]
    return {".".join(p[:-1] if p[-1] == "__init__" else p): path for p, path in zip(names, paths, strict=True)}


def arrows(root: Path) -> list[Arrow]:
    known = modules(root)
    return [arrow for module, path in sorted(known.items()) for arrow in Imports(module, path, known).found]


def circle(root: Path) -> list[str]:
    """A circle of imports; empty where there is none.

    To import ``a.b.c`` runs ``a`` and ``a.b`` first, so whoever is not in them imports these too. The packages
    themselves are excepted: all that is in them waits for their ``__init__.py``, and that is no circle.
    """
    graph: dict[str, set[str]] = {module: set() for module in modules(root)}
    for source, target, _ in arrows(root):
        parts = target.split(".")
        packages = {".".join(parts[:i]) for i in range(1, len(parts))}
        graph[source] |= {target} | {p for p in packages if not f"{source}.".startswith(f"{p}.")}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def part(module: str) -> str:
    """What the layers call a module by: a file or a folder of microgradnet, or another package."""
    package, _, rest = module.partition(".")
    return rest.partition(".")[0] if package == "microgradnet" else package


def test_there_is_no_circle():
    found = circle(ROOT)
    assert not found, " is imported by ".join(found)


def test_no_arrow_runs_back_up():
    placed = [a for a in arrows(ROOT) if {part(a.source), part(a.target)} <= set(LEVEL)]
    up = [str(a) for a in placed if LEVEL[part(a.source)] < LEVEL[part(a.target)]]
    assert not up, "\n".join(["a lower layer imports a higher one:", *up])


def test_every_module_has_a_layer():
    missing = sorted({part(m) for m in modules(ROOT)} - set(LEVEL) - {""})
    assert not missing, f"say in LAYERS where these stand: {', '.join(missing)}"


def test_microgradnet_never_imports_visualize():
    wrong = [str(a) for a in arrows(ROOT) if a.source.startswith("microgradnet") and a.target.startswith("visualize")]
    assert not wrong, "\n".join(wrong)


def foreign_names(node) -> list[str]:
    """What a node of a syntax tree reads or imports by name from elsewhere."""
    if isinstance(node, ast.Attribute) and ast.unparse(node.value) not in ("self", "cls"):
        return [node.attr]
    if isinstance(node, ast.ImportFrom):
        return [*(node.module or "").split("."), *(alias.name for alias in node.names)]
    return []


def test_visualize_reads_public_names_only():
    private = [
        f"{path}:{node.lineno}: {name}"
        for module, path in modules(ROOT).items()
        if module.startswith("visualize")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in foreign_names(node)
        if name.startswith("_") and not name.endswith("__")
    ]
    assert not private, "\n".join(private)


# What a file "microgradnet/a.py" says, and whether it makes a circle with "b.py", which imports a.
CASES = {
    "from . import b": True,
    "from .b import name": True,
    "import microgradnet.b": True,
    "from microgradnet import name": True,  # microgradnet/__init__.py imports a
    "def late():\n    from .b import name": True,
    "from .package.inner import name": True,  # runs package/__init__.py, which imports b
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .b import name": False,
    "from .c import name": False,
    "import b": False,
}


@pytest.mark.parametrize(("text", "expected"), CASES.items())
def test_circles_are_seen(tmp_path, text, expected):
    folder = tmp_path / "microgradnet"
    (folder / "package").mkdir(parents=True)
    files = {"__init__": "from .a import name", "a": text, "b": "from .a import name", "c": ""}
    files |= {"package/__init__": "from .. import b", "package/inner": "from ..c import name"}
    for name, content in files.items():
        (folder / f"{name}.py").write_text(content)
    assert bool(circle(tmp_path)) is expected
