"""Module: a computation that owns parameters, buffers and other modules."""

from collections import OrderedDict
from collections.abc import Callable, Iterator

import numpy as np

from ..hooks import RemovableHandle
from ..tape import state as thread
from ..tensor import Tensor
from .parameter import Parameter


class Module:
    """Base of every layer and model.

    A subclass calls ``super().__init__()``, assigns parameters and modules to attributes, and defines ``forward``.
    Names in ``state_dict`` are the attribute paths, as in PyTorch ("0.weight").

    >>> class Doubler(Module):
    ...     def forward(self, x):
    ...         return x * 2
    """

    def __init__(self):
        object.__setattr__(self, "training", True)
        for name in ("_parameters", "_buffers", "_modules", "_forward_pre_hooks", "_forward_hooks"):
            object.__setattr__(self, name, OrderedDict())
        object.__setattr__(self, "_transient", set())  # buffers that are not part of the state
        object.__setattr__(self, "_label", type(self).__name__)

    def forward(self, *args, **kwargs):
        raise NotImplementedError(f"{type(self).__name__}: define forward(self, ...)")

    def __call__(self, *args, **kwargs):
        outer = thread.module
        thread.module = (*outer, self._label)
        try:
            for hook in tuple(self._forward_pre_hooks.values()):
                changed = hook(self, args)
                if changed is not None:
                    args = changed if isinstance(changed, tuple) else (changed,)
            out = self.forward(*args, **kwargs)
            for hook in tuple(self._forward_hooks.values()):
                changed = hook(self, args, out)
                out = out if changed is None else changed
            return out
        finally:
            thread.module = outer

    def __setattr__(self, name: str, value) -> None:
        owned = self.__dict__.get("_parameters")
        if owned is None:
            raise AttributeError(f"{type(self).__name__}: call super().__init__() before assigning {name!r}")
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

    def __getattr__(self, name: str):
        for registered in ("_parameters", "_buffers", "_modules"):
            found = self.__dict__.get(registered, {})
            if name in found:
                return found[name]
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __delattr__(self, name: str) -> None:
        for registered in (self._parameters, self._buffers, self._modules):
            if name in registered:
                del registered[name]
                return
        object.__delattr__(self, name)

    def __dir__(self):
        return [*super().__dir__(), *self._parameters, *self._buffers, *self._modules]

    def register_parameter(self, name: str, parameter: Parameter | None) -> None:
        """Adds a parameter; None keeps the name for one that this module does without."""
        self._parameters[name] = None
        setattr(self, name, parameter)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Adds a tensor that is not trained; ``persistent`` ones are part of ``state_dict``."""
        self._buffers[name] = tensor
        (self._transient.discard if persistent else self._transient.add)(name)

    def add_module(self, name: str, module: "Module | None") -> None:
        """Adds a child under a name that need not be an identifier."""
        self._modules[name] = None
        setattr(self, name, module)

    register_module = add_module

    def children(self) -> Iterator["Module"]:
        return (module for _, module in self.named_children())

    def named_children(self) -> Iterator[tuple[str, "Module"]]:
        return ((name, module) for name, module in self._modules.items() if module is not None)

    def modules(self) -> Iterator["Module"]:
        return (module for _, module in self.named_modules())

    def named_modules(self, memo: set | None = None, prefix: str = "", remove_duplicate: bool = True):
        """This module and all below it with their paths, each once (unless ``remove_duplicate`` is False)."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self.named_children():
            yield from module.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

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

    def named_parameters(self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True):
        """All parameters with their paths; a shared one once."""
        return self._named_members("_parameters", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def named_buffers(self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True):
        return self._named_members("_buffers", prefix, recurse, remove_duplicate)

    def get_submodule(self, target: str) -> "Module":
        """The module at a path such as "0.conv"."""
        module = self
        for name in filter(None, target.split(".")):
            if name not in module._modules:
                raise AttributeError(f"{type(module).__name__} has no module {name!r} (looked up {target!r})")
            module = module._modules[name]
        return module

    def apply(self, fn: Callable[["Module"], None]) -> "Module":
        """Calls ``fn`` on every module, children first: for initialization."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> "Module":
        """Sets training mode here and below: what dropout and batch norm go by."""
        for module in self.modules():
            object.__setattr__(module, "training", bool(mode))
        return self

    def eval(self) -> "Module":
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> "Module":
        """Freezes (False) or frees all parameters."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        for parameter in self.parameters():
            if set_to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                parameter.grad.array[...] = 0

    def to(self, target) -> "Module":
        """Parameters and floating buffers as another dtype, in place."""
        for module in self.modules():
            for tensor in [*module._parameters.values(), *module._buffers.values()]:
                if tensor is not None and tensor.dtype.kind == "f":
                    tensor.data = tensor.data.to(target)
        return self

    def float(self) -> "Module":
        return self.to("float32")

    def double(self) -> "Module":
        return self.to("float64")

    def register_forward_pre_hook(self, hook: Callable) -> RemovableHandle:
        """``hook(module, args)`` before forward; what it returns, if anything, replaces the arguments."""
        return RemovableHandle(self._forward_pre_hooks, hook)

    def register_forward_hook(self, hook: Callable) -> RemovableHandle:
        """``hook(module, args, output)`` after forward; what it returns, if anything, replaces the output."""
        return RemovableHandle(self._forward_hooks, hook)

    def state_dict(self, prefix: str = "") -> "OrderedDict[str, Tensor]":
        """Path -> tensor, of all parameters and persistent buffers; it shares their memory."""
        state = OrderedDict()
        for path, module in self.named_modules(prefix=prefix.rstrip("."), remove_duplicate=False):
            kept = {n: b for n, b in module._buffers.items() if n not in module._transient}
            for name, tensor in (*module._parameters.items(), *kept.items()):
                if tensor is not None:
                    state[f"{path}.{name}" if path else name] = tensor.detach()
        return state

    def load_state_dict(self, state_dict, strict: bool = True) -> tuple[list[str], list[str]]:
        """Copies tensors (ours, NumPy's or PyTorch's) into the parameters and buffers of the same path.

        Returns the missing and the unexpected keys. Raises ``RuntimeError``, before anything is changed, for a shape
        that does not fit or, if ``strict``, for any missing or unexpected key.
        """
        own = self.state_dict()
        missing = [key for key in own if key not in state_dict]
        unexpected = [key for key in state_dict if key not in own]
        given = {
            key: np.asarray(getattr(state_dict[key], "array", state_dict[key])) for key in own if key in state_dict
        }
        problems = [
            f"{k}: shape {v.shape}, {own[k].shape} expected" for k, v in given.items() if v.shape != own[k].shape
        ]
        if strict:
            problems += [f"missing {key}" for key in missing] + [f"unexpected {key}" for key in unexpected]
        if problems:
            raise RuntimeError(f"load_state_dict: {type(self).__name__} cannot take this state: {'; '.join(problems)}")
        for key, value in given.items():
            own[key].array[...] = value
            own[key].version[0] += 1
        return missing, unexpected

    def extra_repr(self) -> str:
        """What stands between the parentheses when the module is printed."""
        return ""

    def __repr__(self) -> str:
        children = [f"({name}): {module!r}".replace("\n", "\n  ") for name, module in self._modules.items()]
        extra = self.extra_repr()
        if not children:
            return f"{type(self).__name__}({extra})"
        lines = ([extra] if extra else []) + children
        return f"{type(self).__name__}(\n  " + "\n  ".join(lines) + "\n)"
