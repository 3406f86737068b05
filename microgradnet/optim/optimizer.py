"""The base of all optimizers: groups of parameters, their state, hooks, saving and loading."""

import functools
import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from .. import dtypes
from ..backends import device
from ..backends.device import np
from ..beside import told_as_one
from ..events import state as listening
from ..events import tell
from ..grad_mode import enable_grad
from ..hooks import RemovableHandle
from ..tensor import Tensor
from . import update_rule

HOOKS = ("step_pre", "step_post", "state_dict_pre", "state_dict_post", "load_state_dict_pre", "load_state_dict_post")


def options(arguments: dict) -> dict:
    """A constructor's ``locals()`` as a group's defaults: every argument except the parameters."""
    return {name: value for name, value in arguments.items() if name not in ("self", "params", "__class__")}


class Optimizer:
    """Base of the optimizers: a subclass defines ``update_parameter``, one step of one parameter.

    ``params`` is an iterable of tensors, of ``(name, tensor)`` pairs or of groups: dicts with ``"params"`` and
    hyperparameters; those that a group leaves out come from ``defaults``. Arguments that only choose one of PyTorch's
    implementations (``foreach``, ``fused``, ``capturable``) are kept and change nothing. Raises TypeError for a single
    tensor, ValueError for no parameters; further as ``add_param_group``.

    >>> model = mg.nn.Sequential(mg.nn.Linear(4, 8), mg.nn.ReLU(), mg.nn.Linear(8, 2))
    >>> head = {"params": model[2].parameters(), "lr": 0.1}
    >>> optimizer = mg.optim.AdamW([{"params": model[0].parameters()}, head], lr=0.01)
    >>> [group["lr"] for group in optimizer.param_groups]
    [0.01, 0.1]

    Attributes:
        param_groups: dicts with ``"params"`` and that group's hyperparameters.
        state: for each parameter, a dict of its NumPy arrays and numbers.
        state_names: the arrays of a parameter's shape that are kept for each parameter.
        number_names: the numbers kept for each parameter, saved as 0-d tensors as PyTorch does.
        paper: source of the update.
        when: when to use it, in one line.
    """

    state_names: tuple[str, ...] = ()
    number_names: tuple[str, ...] = ()
    paper = ""
    when = ""

    unbounded: tuple[str, ...] = ()  # hyperparameters that may be infinite

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in vars(cls):
            cls.step = told_as_one(_with_hooks(cls.step))

    def __init__(self, params: Iterable[Any], defaults: dict):
        self.defaults = defaults
        self.state: defaultdict[Tensor, dict] = defaultdict(dict)
        self.param_groups: list[dict] = []
        self._start()
        if isinstance(params, Tensor):
            raise TypeError(
                f"{type(self).__name__}: an iterable of tensors or groups expected, got one tensor: use [it]"
            )
        groups = list(params)
        if not groups:
            raise ValueError(f"{type(self).__name__}: the list of parameters is empty")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def _start(self) -> None:
        """Creates what is neither copied nor saved: hooks, and the batches found by ``update_group``."""
        self.hooks: dict[str, dict[int, Callable]] = {kind: {} for kind in HOOKS}
        self.batches: dict[int, list] = {}
        self.inside_step = False

    def __getstate__(self) -> dict:
        # A scheduler may have put a counting `step` on the instance, which it restores itself.
        left_out = ("hooks", "batches", "inside_step", "step")
        return {name: value for name, value in self.__dict__.items() if name not in left_out}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self._start()

    def add_param_group(self, param_group: dict) -> None:
        """Adds parameters with their own hyperparameters; those left out get the defaults.

        Raises TypeError or ValueError, with nothing added, for anything that is not a leaf tensor, for one that is
        already here, and for hyperparameters out of range.
        """
        name = type(self).__name__
        if not isinstance(param_group, dict) or "params" not in param_group:
            raise TypeError(f"{name}: a group is a dict with 'params', got {param_group!r:.80}")
        given = param_group["params"]
        if isinstance(given, set | frozenset):
            raise TypeError(f"{name}: a set of parameters has no lasting order: give a list")
        given = [given] if isinstance(given, Tensor) else list(given)
        names = [entry[0] for entry in given if isinstance(entry, tuple)]
        params = [entry[1] if isinstance(entry, tuple) else entry for entry in given]
        group = {**self.defaults, **param_group, "params": params}
        if names:
            group["param_names"] = names
        if names and len(names) < len(params):
            raise ValueError(f"{name}: {len(names)} of {len(params)} parameters have names: name all of them or none")
        if any(("param_names" in other) != bool(names) for other in self.param_groups):
            raise ValueError(f"{name}: either all groups have named parameters or none of them")
        known = {id(p) for g in self.param_groups for p in g["params"]}
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(f"{name}: parameters are tensors, got {type(p).__name__}")
            if not (p.is_leaf or p.grad_fn.retained):
                raise ValueError(f"{name}: only leaves can be optimized, this one was made by {p.grad_fn.op.name}")
            if id(p) in known:
                raise ValueError(f"{name}: a parameter of shape {tuple(p.shape)} is in the list twice")
            known.add(id(p))
        self.check(group)
        self.param_groups.append(group)

    def check(self, group: dict) -> None:
        """Raises an error for hyperparameters that cannot be used.

        ValueError: out of range. TypeError: not a number. RuntimeError: both ``fused`` and ``foreach``.
        NotImplementedError: ``differentiable``.
        """
        optimizer = type(self).__name__
        for name in ("lr", "betas"):
            values = group.get(name, ())
            for value in values if isinstance(values, tuple | list) else (values,):
                if isinstance(value, Tensor) and value.array.size != 1:
                    raise ValueError(f"{optimizer}: {name} as a tensor has one element, got shape {value.shape}")
        for name in ("lr", "weight_decay", "eps", "momentum"):
            value = group.get(name, 0)
            if value is None or isinstance(value, str):
                raise TypeError(f"{optimizer}: {name} must be a number, got {value!r}")
            if (
                not isinstance(value, tuple)
                and not 0 <= value < math.inf
                and not (value > 0 and name in self.unbounded)
            ):
                problem = "be finite" if value == math.inf else "not be negative"
                raise ValueError(f"{optimizer}: {name} must {problem}, got {value}")
        for i, beta in enumerate(group.get("betas", ())):
            if not 0 <= beta < 1:
                raise ValueError(f"{optimizer}: betas[{i}] must be in [0, 1), got {beta}")
        if group.get("differentiable"):
            raise NotImplementedError(
                f"{optimizer}: differentiable=True is not supported: to differentiate through an update, write it with "
                "tensors (p - lr * g, from autograd.grad(..., create_graph=True))"
            )
        if group.get("fused") and group.get("foreach"):
            raise RuntimeError(f"{optimizer}: fused and foreach exclude each other")

    @told_as_one
    def zero_grad(self, set_to_none: bool = True) -> None:
        """Sets the gradients to None, or fills them with zeros."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p._grad = None
                elif p._grad is not None:
                    if p.grad.grad_fn is not None:
                        p.grad = p.grad.detach()
                    p._grad._array[...] = 0
                    p.grad.version[0] += 1

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Updates every parameter that has a gradient; ``closure``, if given, recomputes the loss first, which is
        returned.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            self.update_group(group)
        return loss

    def update_group(self, group: dict) -> None:
        """One step of a group's parameters."""
        numbers = without_tensors(group)
        for p in group["params"]:
            if p._grad is not None:
                self.update_where_it_is(p, numbers)
                p.version[0] += 1
        if numbers is not group:  # numbers that the updates changed in their group
            group.update({k: v for k, v in numbers.items() if not isinstance(group.get(k), Tensor | tuple)})

    def update_where_it_is(self, p: Tensor, group: dict) -> None:
        """``update_parameter``, with new arrays created on the parameter's device."""
        if not device.loaded:
            return self.update_parameter(p, p._grad._array, self.state[p], group)
        with device.use(p._array):
            self.update_parameter(p, p._grad._array, self.state[p], group)

    def update_parameter(self, p: Tensor, g: np.ndarray, state: dict, group: dict) -> None:
        """One step of one parameter."""
        raise NotImplementedError(f"{type(self).__name__}: update_parameter is not written")

    @staticmethod
    def run(
        update: Callable[..., Any],
        p: Tensor,
        g: np.ndarray,
        state: dict,
        names: tuple[str, ...],
        *hyperparameters: float,
    ) -> None:
        """Applies an update rule, creating the states in ``names`` as zeros at the first step."""
        states = {name: update_rule.held_array(state, name, p._array) for name in names}
        update_rule.apply(update, p._array, g, states, hyperparameters)

    def register_step_pre_hook(self, hook: Callable) -> RemovableHandle:
        """Calls ``hook(optimizer, args, kwargs)`` before each step; it may return other ``(args, kwargs)``."""
        return RemovableHandle(self.hooks["step_pre"], hook)

    def register_step_post_hook(self, hook: Callable) -> RemovableHandle:
        """Calls ``hook(optimizer, args, kwargs)`` after each step."""
        return RemovableHandle(self.hooks["step_post"], hook)

    def register_state_dict_pre_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Calls ``hook(optimizer)`` before ``state_dict``; with ``prepend`` before the existing hooks."""
        return self._register("state_dict_pre", hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Calls ``hook(optimizer, state_dict)`` with the result, which it may change or replace."""
        return self._register("state_dict_post", hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Calls ``hook(optimizer, state_dict)`` before loading; a result that is not None is loaded instead."""
        return self._register("load_state_dict_pre", hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Calls ``hook(optimizer)`` after loading."""
        return self._register("load_state_dict_post", hook, prepend)

    def _register(self, kind: str, hook: Callable, prepend: bool) -> RemovableHandle:
        earlier = dict(self.hooks[kind]) if prepend else {}
        handle = RemovableHandle(self.hooks[kind], hook)
        for key in earlier:  # move to the end, in their order
            self.hooks[kind][key] = self.hooks[kind].pop(key)
        return handle

    def state_dict(self) -> dict:
        """PyTorch's layout: ``{"state": {index: {...}}, "param_groups": [{..., "params": [index, ...]}]}``.

        Arrays are tensors that share memory with the optimizer's, as in PyTorch: copy them to keep a snapshot.
        """
        if listening.listeners:
            tell("refuse", "it reads the state of an optimizer")
        for hook in tuple(self.hooks["state_dict_pre"].values()):
            hook(self)
        index = {p: i for i, p in enumerate(p for group in self.param_groups for p in group["params"])}
        saved = {
            "state": {index.get(p, p): {n: self._saved(n, v) for n, v in s.items()} for p, s in self.state.items()},
            "param_groups": [{**g, "params": [index[p] for p in g["params"]]} for g in self.param_groups],
        }
        for hook in tuple(self.hooks["state_dict_post"].values()):
            replaced = hook(self, saved)
            saved = saved if replaced is None else replaced
        return saved

    def _saved(self, name: str, value):
        if name in self.number_names:
            return Tensor(np.array(value, dtypes.get_default_dtype()))
        return _mapped(value, lambda array: Tensor.made(array) if device.is_array(array) else array)

    def load_state_dict(self, state_dict: dict) -> None:
        """Loads a state of ours or PyTorch's, copied and cast to each parameter's dtype.

        Raises ValueError, with nothing changed, if it does not fit.
        """
        name = type(self).__name__
        state_dict = dict(state_dict)
        for hook in tuple(self.hooks["load_state_dict_pre"].values()):
            replaced = hook(self, state_dict)
            state_dict = state_dict if replaced is None else replaced
        if missing := {"state", "param_groups"} - set(state_dict):
            raise ValueError(f"{name}: not an optimizer's state: {' and '.join(sorted(missing))} missing")
        saved = state_dict["param_groups"]
        sizes, own = [len(g["params"]) for g in saved], [len(g["params"]) for g in self.param_groups]
        if sizes != own:
            raise ValueError(f"{name}: the state has groups of {sizes} parameters, the optimizer of {own}")
        groups = [
            {**group, **given, "params": group["params"]} for group, given in zip(self.param_groups, saved, strict=True)
        ]
        state: dict = {k: v for k, v in state_dict["state"].items() if not isinstance(k, int)}
        for group, given in zip(groups, saved, strict=True):
            self.check(group)
            for i, p in zip(given["params"], group["params"], strict=True):
                if i in state_dict["state"]:
                    state[p] = {n: self._loaded(n, v, p) for n, v in state_dict["state"][i].items() if v is not None}
                    self.check_state(p, state[p], group)
        self.state = defaultdict(dict, state)
        self.batches.clear()
        for group, new in zip(self.param_groups, groups, strict=True):
            group.update(new)
        for hook in tuple(self.hooks["load_state_dict_post"].values()):
            hook(self)

    def _loaded(self, name: str, value, p: Tensor):
        """A saved value in our form: a number, or arrays of the parameter's dtype."""

        def loaded(value):
            if not hasattr(value, "__array__"):
                return value
            array = np.asarray(getattr(value, "array", value))
            if array.ndim == 0 and name not in self.state_names:
                return int(array) if array == np.floor(array) and name == "step" else array.item()
            return np.array(array, p.dtype if array.dtype.kind == "f" else None, order="C")

        return _mapped(value, loaded)

    def check_state(self, p: Tensor, state: dict, group: dict) -> None:
        """Raises ValueError for a loaded state that cannot be this parameter's."""
        for name in self.state_names:
            array = state.get(name)
            if device.is_array(array) and array.shape != self.state_shape(name, p):
                raise ValueError(
                    f"{type(self).__name__}: the state's {name} has shape {array.shape}, "
                    f"{self.state_shape(name, p)} expected for a parameter of shape {p.shape}"
                )

    def state_shape(self, name: str, p: Tensor) -> tuple[int, ...]:
        """The shape of the state ``name`` of a parameter: the parameter's, unless a subclass overrides it."""
        return p.shape

    def __repr__(self) -> str:
        lines = []
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return "\n".join([f"{type(self).__name__} (", *lines, ")"])


def without_tensors(group: dict) -> dict:
    """The group with numbers where it has tensors of one element (``lr`` may be one); itself if it has none."""

    def number(value):
        return value.item() if isinstance(value, Tensor) else value

    for value in group.values():
        if isinstance(value, Tensor) or (type(value) is tuple and any(isinstance(v, Tensor) for v in value)):
            return {
                name: tuple(map(number, value)) if type(value) is tuple else number(value)
                for name, value in group.items()
            }
    return group


def _mapped(value, function: Callable):
    """``function`` applied to all elements of nested lists, tuples and dicts."""
    if isinstance(value, dict):
        return {key: _mapped(v, function) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_mapped(v, function) for v in value)
    return function(value)


def _with_hooks(step: Callable) -> Callable:
    """``step`` with the optimizer's hooks around it; if a step calls its base's, only around the outermost."""

    @functools.wraps(step)
    def run(self, *args, **kwargs) -> None:
        if self.inside_step:
            return step(self, *args, **kwargs)
        for hook in tuple(self.hooks["step_pre"].values()):
            changed = hook(self, args, kwargs)
            if changed is not None:
                if not (isinstance(changed, tuple) and len(changed) == 2):
                    raise RuntimeError(
                        f"{type(self).__name__}: a step pre-hook returns None or (args, kwargs), got {changed!r:.80}"
                    )
                args, kwargs = changed
        self.inside_step = True
        try:
            result = step(self, *args, **kwargs)
        finally:
            self.inside_step = False
        for hook in tuple(self.hooks["step_post"].values()):
            hook(self, args, kwargs)
        return result

    return run


Optimizer.step = told_as_one(_with_hooks(Optimizer.step))
