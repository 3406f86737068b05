"""Mutants that live, and why no test should kill them: ``(file, key): reason``.

Equivalent: no call can tell it from the code. Speed: only time or memory change. GPU: the line runs on a GPU only.
"""
# ruff: noqa: E501 (keys are lines of code, as the report has them)

SURVIVORS: dict[tuple[str, str], str] = {
    ("microgradnet/grad_mode.py", "<module>: mode = False  →  mode = True  (no. 2)"):
        "Equivalent: inference_mode sets its own when it is made.",
    ("microgradnet/nn/utils/clip_grad.py", "get_total_norm: if not math.isfinite(total) or (0 < total < 1e-15): # the squares may have over- or underflowed  →  if not math.isfinite(total) or ((0 <= total and total < 1e-15)): # the squares may have over- or underflowed"):
        "Speed: a norm of 0 is computed twice.",
    ("microgradnet/nn/utils/clip_grad.py", "clip_grad_value_: p.grad.version[0] += 1  →  p.grad.version[0] += 2"):
        "Equivalent: a version says that there was a write, not how many.",
    ("microgradnet/primitive.py", "<module>: differentiable: bool = True,  →  differentiable: bool = False,"):
        "Equivalent: whoever makes a Primitive says it; the default is for readers.",
    ("microgradnet/elementwise.py", '_forward: out = np.empty(first.shape if type(first) is np.ndarray else np.shape(first), dtype)  →  out = np.empty((np.shape(first) if type(first) is np.ndarray else first.shape), dtype)'):
        "Equivalent on the CPU: an array or number has both; np.shape alone also takes a plain Python number.",
    ("microgradnet/elementwise.py", '_differentiate: tree.name = f"{self.name}_derivative_{name}" if len(self.array_names) > 1 else f"{self.name}_derivative"  →  tree.name = (f\'{self.name}_derivative\' if len(self.array_names) > 1 else f\'{self.name}_derivative_{name}\')'):
        "Equivalent: the names of generated functions, for whoever reads the cache folder.",
    ("microgradnet/scalar/opcodes.py", '_branches: written = [kind["value"].format(place) for place in places] if len(names) > 2 else [kind["x"], kind["y"]]  →  written = [kind["value"].format(place) for place in places] if (len(names) >= 2) else [kind["x"], kind["y"]]'):
        "Speed: x and y are read a second time.",
    ("microgradnet/ops/reduce/reduction.py", '_arg: return find(x, axis=None if dim is None or x.ndim == 0 else one_dim(dim, x.ndim), keepdims=keepdim)  →  return find(x, axis=None if dim is None or x.ndim == 1 else one_dim(dim, x.ndim), keepdims=keepdim)'):
        "Equivalent: NumPy takes dim 0 of a number too, and a vector has one dim to search.",
    ("microgradnet/ops/linalg/matmul.py", 'matmul: if a.ndim >= 2 and b.ndim >= 2:  →  if a.ndim >= 2 and (b.ndim > 2):'):
        "Speed: two matrices would take the way of vectors, which reshapes what is none.",
}  # fmt: skip
