"""Module: a computation that owns parameters, buffers and other modules."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from .. import structure
from ..backends.device import array_of, placed
from ..beside import told_as_one
from ..events import state, tell
from ..hooks import RemovableHandle
from ..ops.arrays.conversion import destination
from ..tensor import Tensor
from ..typing import DType
from .backward_hooks import BackwardHooks
from .parameter import Parameter

HOOKS = (
    "_forward_pre_hooks",
    "_forward_hooks",
    "_backward_pre_hooks",
    "_backward_hooks",
    "_state_dict_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)


class IncompatibleKeys(NamedTuple):
    """The differences that ``load_state_dict`` found: ``missing_keys`` and ``unexpected_keys``."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module:
    """Base of every layer and model.

    A subclass calls ``super().__init__()``, assigns parameters and modules to attributes, and defines ``forward``.
    Names in ``state_dict`` are the attribute paths, as in PyTorch ("0.weight"). Raises TypeError for arguments where a
    subclass takes none.

    >>> class Doubler(Module):
    ...     def forward(self, x):
    ...         return x * 2
    """

    def __init__(self, *unknown: Any, **named: Any) -> None:
        if unknown or named:  # a subclass that says nothing of arguments has none
            given = ", ".join([*(f"{value!r:.40}" for value in unknown), *named])
            raise TypeError(f"{type(self).__name__}: it takes no arguments, got {given}")
        object.__setattr__(self, "training", True)
        for name in ("_parameters", "_buffers", "_modules", *HOOKS):
            object.__setattr__(self, name, OrderedDict())
        object.__setattr__(self, "_transient", set())  # buffers that are not part of the state
        object.__setattr__(self, "_label", type(self).__name__)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: define forward(self, ...)")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        outer = state.module
        state.module = (*outer, self._label)
        if state.listeners:
            tell("enter", self, args)
        try:
            if self._forward_pre_hooks or self._forward_hooks or self._backward_hooks or self._backward_pre_hooks:
                out = self._call_with_hooks(args, kwargs)
            else:
                out = self.forward(*args, **kwargs)
        finally:
            state.module = outer
        if state.listeners:
            tell("leave", self, args, out)
        return out

    def _call_with_hooks(self, args: tuple, kwargs: dict):
        for hook, with_kwargs in tuple(self._forward_pre_hooks.values()):
            changed = hook(self, args, kwargs) if with_kwargs else hook(self, args)
            if changed is not None and with_kwargs:
                args, kwargs = changed
            elif changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
        backward = None
        if self._backward_hooks or self._backward_pre_hooks:
            backward = BackwardHooks(self)
            args = backward.enter(args)
        out = self.forward(*args, **kwargs)
        if backward is not None:
            out = backward.leave(out)
        for hook, with_kwargs in tuple(self._forward_hooks.values()):
            changed = hook(self, args, kwargs, out) if with_kwargs else hook(self, args, out)
            out = out if changed is None else changed
        return out

    def __setattr__(self, name: str, value: Any) -> None:
        owned = self.__dict__.get("_parameters")
        if owned is None:
            raise AttributeError(f"{type(self).__name__}: call super().__init__() before assigning {name!r}")
        structure.changed()
        kinds = {Parameter: self._parameters, Module: self._modules}
        for kind, registered in kinds.items():
            if isinstance(value, kind) or (value is None and name in registered):
                self.__dict__.pop(name, None)
                for other in (*kinds.values(), self._buffers):
                    if other is not registered:
                        other.pop(name, None)
                registered[name] = value
                if isinstance(value, Module):
                    object.__setattr__(value, "_label", f"{name}: {type(value).__name__}")
                return
        if name in self._buffers and (value is None or isinstance(value, Tensor)):
            self._buffers[name] = value
        elif name in self._parameters or name in self._modules:
            expected = "Parameter" if name in self._parameters else "Module"
            raise TypeError(f"{type(self).__name__}.{name} is a {expected}, it cannot become a {type(value).__name__}")
        else:
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        for registered in ("_parameters", "_buffers", "_modules"):
            found = self.__dict__.get(registered, {})
            if name in found:
                return found[name]
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __delattr__(self, name: str) -> None:
        structure.changed()
        for registered in (self._parameters, self._buffers, self._modules):
            if name in registered:
                del registered[name]
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._parameters, *self._buffers, *self._modules]

    def _check_name(self, name: str) -> None:
        if not isinstance(name, str) or "." in name or not name:
            raise KeyError(f"{type(self).__name__}: a name without dots expected, got {name!r}")
        known = (*self._parameters, *self._buffers, *self._modules)
        if name not in known and hasattr(self, name):
            raise KeyError(f"{type(self).__name__}: attribute {name!r} exists already")

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Adds a parameter; None registers the name without one. Raises TypeError for anything else."""
        self._check_name(name)
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(f"register_parameter: {name!r} must be a Parameter or None, got {type(param).__name__}")
        self._parameters[name] = None
        setattr(self, name, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Adds a tensor that is not trained; ``persistent`` ones are part of ``state_dict``.

        Raises TypeError for anything but a Tensor or None.
        """
        self._check_name(name)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(f"register_buffer: {name!r} must be a Tensor or None, got {type(tensor).__name__}")
        self._buffers[name] = tensor
        (self._transient.discard if persistent else self._transient.add)(name)

    def add_module(self, name: str, module: "Module | None") -> None:
        """Adds a child, or None, under a name that need not be an identifier. Raises TypeError for anything else."""
        self._check_name(name)
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"add_module: {name!r} must be a Module or None, got {type(module).__name__}")
        self._modules[name] = None
        setattr(self, name, module)

    register_module = add_module

    def children(self) -> Iterator["Module"]:
        return (module for _, module in self.named_children())

    def named_children(self) -> Iterator[tuple[str, "Module"]]:
        return ((name, module) for name, module in self._modules.items() if module is not None)

    def modules(self) -> Iterator["Module"]:
        return (module for _, module in self.named_modules())

    def named_modules(
        self, memo: set | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, "Module"]]:
        """This module and all below it with their paths, each once (unless ``remove_duplicate`` is False)."""
        memo = set() if memo is None else memo
        waiting = [(prefix, self)]  # no recursion: modules may be nested as deep as memory allows
        while waiting:
            path, module = waiting.pop()
            if module in memo:
                continue
            if remove_duplicate:
                memo.add(module)
            yield path, module
            children = [(f"{path}.{name}" if path else name, child) for name, child in module.named_children()]
            waiting += reversed(children)

    def _named_members(self, registered: str, prefix: str, recurse: bool, remove_duplicate: bool):
        seen = set()
        modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for path, module in modules:
            for name, tensor in getattr(module, registered).items():
                if tensor is not None and not (remove_duplicate and id(tensor) in seen):
                    seen.add(id(tensor))
                    yield f"{path}.{name}" if path else name, tensor

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """All parameters with their paths; a shared one once."""
        return self._named_members("_parameters", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        return self._named_members("_buffers", prefix, recurse, remove_duplicate)

    def get_submodule(self, target: str) -> "Module":
        """The module at a path such as "0.conv". Raises AttributeError if there is none."""
        module = self
        for name in filter(None, target.split(".")):
            if name not in module._modules:
                raise AttributeError(f"{type(module).__name__} has no module {name!r} (looked up {target!r})")
            module = module._modules[name]
        return module

    def set_submodule(self, target: str, module: "Module") -> None:
        """Replaces the module at a path by ``module``."""
        parent, _, name = target.rpartition(".")
        self.get_submodule(target)
        self.get_submodule(parent).add_module(name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a path such as "0.weight"."""
        return self._get_member("_parameters", "parameter", target)

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a path such as "1.running_mean"."""
        return self._get_member("_buffers", "buffer", target)

    def _get_member(self, registered: str, kind: str, target: str):
        parent, _, name = target.rpartition(".")
        module = self.get_submodule(parent)
        if getattr(module, registered).get(name) is None:
            raise AttributeError(f"{type(module).__name__} has no {kind} {name!r} (looked up {target!r})")
        return getattr(module, registered)[name]

    def apply(self, fn: Callable[["Module"], None]) -> "Module":
        """Calls ``fn`` on every module, children first: for initialization."""
        waiting = [(self, self.children())]
        while waiting:
            module, children = waiting[-1]
            child = next(children, None)
            if child is not None:
                waiting.append((child, child.children()))
            else:
                fn(module)
                waiting.pop()
        return self

    def train(self, mode: bool = True) -> "Module":
        """Sets training mode for this module and all below it; dropout and batch norm depend on it."""
        for module in self.modules():
            object.__setattr__(module, "training", bool(mode))
        structure.changed()
        return self

    def eval(self) -> "Module":
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> "Module":
        """Freezes (False) or unfreezes all parameters."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    @told_as_one
    def zero_grad(self, set_to_none: bool = True) -> None:
        for parameter in self.parameters():
            if set_to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                parameter.grad.array[...] = 0

    def to(
        self, *args: Any, dtype: DType | None = None, device: str | None = None, non_blocking: bool = False
    ) -> "Module":
        """Moves parameters and buffers to another device, and casts the floating ones, in place. As ``Tensor.to``."""
        dtype, device = destination(args, dtype, device)
        for module in self.modules():
            for tensor in [*module._parameters.values(), *module._buffers.values()]:
                if tensor is not None:
                    tensor.data = tensor.data.to(dtype=dtype if tensor.dtype.kind == "f" else None, device=device)
                    if tensor.grad is not None:
                        tensor.grad = tensor.grad.detach().to(tensor)
        return self

    def float(self) -> "Module":
        return self.to("float32")

    def double(self) -> "Module":
        return self.to("float64")

    def cpu(self) -> "Module":
        return self.to("cpu")

    def cuda(self) -> "Module":
        return self.to("cuda")

    def register_forward_pre_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """``hook(module, args)`` before forward; a result that is not None replaces the arguments.

        ``with_kwargs``: ``hook(module, args, kwargs)``, which returns both. ``prepend``: before the other hooks.
        """
        return _registered(self._forward_pre_hooks, (hook, with_kwargs), prepend)

    def register_forward_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """``hook(module, args, output)`` after forward; a result that is not None replaces the output.

        ``with_kwargs``: ``hook(module, args, kwargs, output)``. ``prepend``: before the other hooks.
        """
        return _registered(self._forward_hooks, (hook, with_kwargs), prepend)

    def register_full_backward_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """``hook(module, grad_input, grad_output)`` when the gradients of the inputs are known.

        Both are tuples, with one entry for each positional argument or output, None where there is no gradient. A
        result that is not None replaces ``grad_input``.
        """
        return _registered(self._backward_hooks, hook, prepend)

    def register_full_backward_pre_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """``hook(module, grad_output)`` before backward through this module; a result that is not None replaces the
        tuple.
        """
        return _registered(self._backward_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable) -> RemovableHandle:
        """``hook(module, state_dict, prefix, {})`` when this module has written its entries."""
        return RemovableHandle(self._state_dict_hooks, hook)

    def register_load_state_dict_pre_hook(self, hook: Callable) -> RemovableHandle:
        """``hook(module, state_dict, prefix)`` before this module's entries are looked up; it may change the dict."""
        return RemovableHandle(self._load_state_dict_pre_hooks, hook)

    def register_load_state_dict_post_hook(self, hook: Callable) -> RemovableHandle:
        """``hook(module, incompatible_keys)`` after a state was loaded."""
        return RemovableHandle(self._load_state_dict_post_hooks, hook)

    def before_load(self, state_dict: dict, prefix: str) -> None:
        """For modules that must prepare for a state, or rename the keys of an older one."""

    def state_dict(
        self, *, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> "OrderedDict[str, Tensor]":
        """Path -> tensor, of all parameters and persistent buffers; it shares their memory.

        With ``keep_vars`` the values are the parameters themselves, not detached.
        """
        state = OrderedDict() if destination is None else destination
        kept = {n: b for n, b in self._buffers.items() if n not in self._transient}
        for name, tensor in (*self._parameters.items(), *kept.items()):
            if tensor is not None:
                state[prefix + name] = tensor if keep_vars else tensor.detach()
        for name, module in self.named_children():
            module.state_dict(destination=state, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in tuple(self._state_dict_hooks.values()):
            changed = hook(self, state, prefix, {})
            state = state if changed is None else changed
        return state

    @told_as_one(writes=lambda module, *_, **__: (*module.parameters(), *module.buffers()))
    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copies tensors (ours, NumPy's or PyTorch's) into the parameters and buffers of the same path.

        Returns the missing and the unexpected keys. With ``assign`` the given values replace the old ones, including
        their dtype. Raises ``RuntimeError``, before anything is changed, for a shape that does not fit or, if
        ``strict``, for any missing or unexpected key.
        """
        given = OrderedDict(state_dict)
        for path, module in self.named_modules(remove_duplicate=False):
            prefix = f"{path}." if path else ""
            module.before_load(given, prefix)
            for hook in tuple(module._load_state_dict_pre_hooks.values()):
                hook(module, given, prefix)
        own = self.state_dict(keep_vars=True)
        keys = IncompatibleKeys([k for k in own if k not in given], [k for k in given if k not in own])
        arrays = {k: array_of(given[k]) for k in own if k in given}
        problems = [
            f"{k}: shape {v.shape}, {tuple(own[k].shape)} expected"
            for k, v in arrays.items()
            if v.shape != tuple(own[k].shape)
        ]
        if strict:
            problems += [f"missing {k}" for k in keys.missing_keys] + [f"unexpected {k}" for k in keys.unexpected_keys]
        if problems:
            raise RuntimeError(f"load_state_dict: {type(self).__name__} cannot take this state: {'; '.join(problems)}")
        for key, value in arrays.items():
            if assign:
                own[key].data = Tensor(value)
            else:
                own[key].array[...] = placed(value, own[key].device)
                own[key].version[0] += 1
        for module in self.modules():
            for hook in tuple(module._load_state_dict_post_hooks.values()):
                hook(module, keys)
        return keys

    def extra_repr(self) -> str:
        """The text between the parentheses when the module is printed."""
        return ""

    def __repr__(self) -> str:
        children = [f"({name}): {module!r}".replace("\n", "\n  ") for name, module in self._modules.items()]
        extra = self.extra_repr()
        if not children:
            return f"{type(self).__name__}({extra})"
        lines = ([extra] if extra else []) + children
        return f"{type(self).__name__}(\n  " + "\n  ".join(lines) + "\n)"


def _registered(hooks: OrderedDict, hook, prepend: bool) -> RemovableHandle:
    handle = RemovableHandle(hooks, hook)
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle
