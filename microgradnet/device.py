"""Where an array lives. Today: NumPy arrays in the CPU's memory."""

NAMES = ("cpu", "cuda")


def move(tensor, device: str):
    """``tensor`` on ``device``. Raises RuntimeError, saying what is missing, where there is no such device."""
    if device.partition(":")[0] == "cpu":
        return tensor
    from .kernels import cuda

    reason = cuda.missing() or "tensors live in the CPU's memory in this version; its CUDA kernels are not yet used"
    raise RuntimeError(f"to({device!r}): {reason}")
