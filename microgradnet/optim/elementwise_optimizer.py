"""Optimizers whose whole step is one function of one element."""

from operator import is_

from ..backends.device import np
from ..tensor import Tensor
from .optimizer import Optimizer, without_tensors
from .update_rule import Batch, apply, check_arrays, compiled, held_array

# Up to this size gradients are copied into one array, so that one call updates all of these parameters.
SHORT = 1 << 12


class ElementwiseOptimizer(Optimizer):
    """Base of the optimizers with an update rule (``update_rule``). One call updates all short parameters.

    A subclass defines ``state_names``, ``number_names`` (of which "step" is counted here), ``rule`` and
    ``hyperparameters``; or ``update_parameter``, which is then called for each parameter. ``load_state_dict`` raises
    ValueError for missing or unknown entries.
    """

    def rule(self, group: dict):
        """``(update rule, names of the states that it keeps with this group's options)``."""
        raise NotImplementedError(f"{type(self).__name__}: rule is not written")

    def hyperparameters(self, group: dict, state: dict) -> tuple:
        """The rule's numbers, in its order, for the step that begins. May change numbers in ``state``.

        Before the first step ``state`` has no arrays.
        """
        raise NotImplementedError(f"{type(self).__name__}: hyperparameters is not written")

    def initial(self, name: str, group: dict) -> float:
        """The initial value of a state's array."""
        return 0.0

    def check_state(self, p: Tensor, state: dict, group: dict) -> None:
        held = self.rule(without_tensors(group))[1]
        for name in state:
            if name not in (*self.state_names, *self.number_names):
                raise ValueError(f"{type(self).__name__}: the state has {name}, which this optimizer does not keep")
        for name in (*held, *self.number_names):
            if state and name not in state:
                raise ValueError(f"{type(self).__name__}: the state has no {name}")
        super().check_state(p, state, group)

    def begin(self, group: dict, state: dict) -> tuple:
        """Counts the step and returns the rule's hyperparameters for it."""
        if "step" in self.number_names:
            state["step"] = state.get("step", 0) + 1
        return self.hyperparameters(group, state)

    def fill(self, p: Tensor, state: dict, held: tuple[str, ...], group: dict) -> None:
        """Creates missing arrays and casts the others to the parameter's dtype."""
        for name in held:
            held_array(state, name, p._array, self.initial(name, group))

    def update_parameter(self, p, g, state, group) -> None:
        check_arrays(p._array, g)
        rule, held = self.rule(group)
        given = self.begin(group, state)
        self.fill(p, state, held, group)
        apply(rule, p._array, g, {name: state[name] for name in held}, given, -1.0 if group["maximize"] else 1.0)

    def update_group(self, group: dict) -> None:
        if type(self).update_parameter is not ElementwiseOptimizer.update_parameter:
            return super().update_group(group)
        numbers = without_tensors(group)
        rule, held = self.rule(numbers)
        present = [p for p in group["params"] if p._grad is not None]
        plan = self.batches.get(id(group))
        if plan is None or not plan.fits(self, present, held):  # type: ignore[attr-defined]
            plan = self.batches[id(group)] = _Plan(self, present)
        for p in plan.alone:
            self.update_where_it_is(p, numbers)
        for part in plan.parts:
            part.step(self, numbers, rule, held)
        for p in present:
            p.version[0] += 1


class _Plan:
    """Which parameters of a group are updated separately, and which together."""

    def __init__(self, optimizer: ElementwiseOptimizer, present: list[Tensor]):
        self.present, self.alone = present, []
        together: dict[tuple, list[Tensor]] = {}
        for p in present:
            check_arrays(p._array, p._grad._array)
            state = optimizer.state[p]
            if p._array.size <= SHORT and isinstance(p._array, np.ndarray) and p._array.flags.c_contiguous:
                key = (p.dtype, tuple(state), *(state.get(name) for name in optimizer.number_names))
                together.setdefault(key, []).append(p)
            else:
                self.alone.append(p)
        self.parts = [_Part(params, [optimizer.state[p] for p in params]) for params in together.values()]

    def fits(self, optimizer: ElementwiseOptimizer, present: list[Tensor], held: tuple[str, ...]) -> bool:
        """Whether the parameters, their arrays and their state are still the same objects."""
        return (
            len(present) == len(self.present)
            and all(map(is_, present, self.present))
            and all(part.fits(optimizer, held) for part in self.parts)
        )


class _Part:
    """Short parameters of one dtype at the same step: one call updates them."""

    def __init__(self, params: list[Tensor], states: list[dict]):
        self.params, self.states, self.batch = params, states, None

    def arrays(self, held: tuple[str, ...]) -> list:
        return [p._array for p in self.params] + [s.get(name) for name in held for s in self.states]

    def fits(self, optimizer: ElementwiseOptimizer, held: tuple[str, ...]) -> bool:
        first = self.states[0]
        return (
            self.batch is not None
            and self.batch.fits(self.arrays(held))
            and all(map(is_, self.states, map(optimizer.state.get, self.params)))
            and all(s.get(name) == first.get(name) for name in optimizer.number_names for s in self.states)
        )

    def step(self, optimizer: ElementwiseOptimizer, group: dict, rule, held: tuple[str, ...]) -> None:
        first, gradients = self.states[0], [p._grad._array for p in self.params]
        if self.batch is not None:
            self.batch.gather(gradients)
        given = optimizer.begin(group, first)
        for name in optimizer.number_names:
            for state in self.states:
                state[name] = first[name]
        if self.batch is None:  # not earlier: before its first step a state is empty
            for p, state in zip(self.params, self.states, strict=True):
                optimizer.fill(p, state, held, group)
            self.batch = Batch(self.arrays(held), len(self.params))
            self.batch.gather(gradients)  # type: ignore[attr-defined]
        kernels = compiled(rule, held, len(given), self.batch.dtype)  # type: ignore[attr-defined]
        self.batch.run(kernels, given, -1.0 if group["maximize"] else 1.0)  # type: ignore[attr-defined]
