"""Random numbers: one default generator, seeded by ``manual_seed``, and generators of one's own."""

import numpy as np


class Generator:
    """A stream of random numbers with a state that can be saved and restored (NumPy's PCG64)."""

    def __init__(self, seed: int | None = None):
        self.manual_seed(np.random.SeedSequence().entropy % 2**63 if seed is None else seed)

    def manual_seed(self, seed: int) -> "Generator":
        """Starts the stream anew from ``seed``, a non-negative integer."""
        if not isinstance(seed, int | np.integer) or seed < 0:
            raise ValueError(f"manual_seed: a non-negative integer expected, got {seed!r}")
        self._seed = int(seed)
        self.numpy = np.random.Generator(np.random.PCG64(self._seed))
        return self

    def initial_seed(self) -> int:
        return self._seed

    def get_state(self) -> dict:
        """The state as a plain dict (it can be written as JSON)."""
        return {"seed": self._seed, "bit_generator": self.numpy.bit_generator.state}

    def set_state(self, state: dict) -> "Generator":
        self._seed = state["seed"]
        self.numpy.bit_generator.state = state["bit_generator"]
        return self


default_generator = Generator(0)


def manual_seed(seed: int) -> Generator:
    """Seeds the default generator, which initializers, dropout and random tensors draw from."""
    return default_generator.manual_seed(seed)
