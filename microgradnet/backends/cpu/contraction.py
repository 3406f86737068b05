"""Which products are contracted with a sum into one rounding: said in the source, so that it is so in every loop.

Left to LLVM ("contract"), a·b + c is one instruction here and two there, as the code around it happens to be: whether a
product is shared with a neighbour decides. Then a chain of ops rounds otherwise than the ops alone.
"""

import ast
import functools
import hashlib
import platform
from pathlib import Path


class _WrittenOut(ast.NodeTransformer):
    """Writes ``a * b + c`` as ``fma(a, b, c)``; of two products the first."""

    def visit_BinOp(self, node):
        self.generic_visit(node)
        x, y = node.left, node.right
        minus = isinstance(node.op, ast.Sub)
        if not minus and not isinstance(node.op, ast.Add):
            return node
        if _is_product(x):
            return _fma(x.left, x.right, _negative(y) if minus else y)
        if _is_product(y):
            return _fma(_negative(y.left) if minus else y.left, y.right, x)
        return node


def written_out(text: str) -> str:
    """The source of a function with its multiply-adds as such, if the processor has an instruction for them."""
    if not _has_instruction():
        return text
    return ast.unparse(ast.fix_missing_locations(_WrittenOut().visit(ast.parse(text))))


@functools.cache
def import_line() -> str:
    """What a module with such functions starts with. The digest makes another ``fma`` another module in the cache."""
    digest = hashlib.sha256(Path(__file__).with_name("multiply_add.py").read_bytes()).hexdigest()
    return f"# {digest}\nfrom {__package__}.multiply_add import fma\n"


@functools.cache
def _has_instruction() -> bool:
    from llvmlite import binding  # with numba only: the package is imported without

    if platform.machine().lower() in ("x86_64", "amd64"):
        return bool(binding.get_host_cpu_features().get("fma"))
    return platform.machine().lower() in ("arm64", "aarch64")


def _is_product(node) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)


def _negative(node) -> ast.UnaryOp:
    return ast.UnaryOp(ast.USub(), node)


def _fma(a, b, c) -> ast.Call:
    return ast.Call(ast.Name("fma", ast.Load()), [a, b, c], [])
