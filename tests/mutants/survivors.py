"""Mutants that live, and why no test should kill them: ``(file, key): reason``.

Equivalent: no call can tell it from the code. Speed: only time or memory change. GPU: the line runs on a GPU only.
"""

SURVIVORS: dict[tuple[str, str], str] = {
    (
        "microgradnet/tensor.py",
        "__init__: self._array = data.astype(dtype or data.dtype, copy=False)  →  self._array = data.astype(((dtype) and "
        "(data.dtype)), copy=False)",
    ): "GPU: tests/cuda runs it.",
    (
        "microgradnet/grad_mode.py",
        "<module>: mode = False  →  mode = True  (no. 2)",
    ): "Equivalent: inference_mode sets its own when it is made.",
    (
        "microgradnet/nn/utils/clip_grad.py",
        "get_total_norm: if not math.isfinite(total) or (0 < total < 1e-15): # the squares may have over- or underflowed  "
        "→  if not math.isfinite(total) or ((0 <= total and total < 1e-15)): # the squares may have over- or underflowed",
    ): "Speed: a norm of 0 is computed twice.",
    (
        "microgradnet/nn/utils/clip_grad.py",
        "clip_grad_value_: p.grad.version[0] += 1  →  p.grad.version[0] += 2",
    ): "Equivalent: a version says that there was a write, not how many.",
}
