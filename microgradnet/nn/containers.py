"""Modules made of modules, and lists and dicts of modules and parameters."""

import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping

from ..tensor import Tensor
from .module import Module
from .parameter import Parameter


def _place(container: Module, index, length: int, grown: int = 0) -> str:
    """The name of the child at a position; negative positions count from the end."""
    index = operator.index(index)
    if not -length <= index < length + grown:
        raise IndexError(f"{type(container).__name__}: index {index} is out of range, it has {length}")
    return str(index % length if index < 0 else index)


class _Numbered(Module):
    """Base of Sequential and ModuleList: children "0", "1", … that are accessed, replaced and removed by number."""

    def _renumber(self, modules: Iterable[Module]) -> None:
        modules = list(modules)
        self._modules.clear()
        for i, module in enumerate(modules):
            self._add(str(i), module)

    def _add(self, name: str, module: Module) -> None:
        if not isinstance(module, Module):
            raise TypeError(f"{type(self).__name__}: modules expected, {name} is a {type(module).__name__}")
        self.add_module(name, module)

    def _name(self, index) -> str:
        """The name of the child at a position; Sequential's children may have custom names."""
        return list(self._modules)[int(_place(self, index, len(self)))]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __contains__(self, module) -> bool:
        return any(module is m for m in self)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return self._sliced(list(self._modules.items())[index])
        return self._modules[self._name(index)]

    def __setitem__(self, index, module: Module) -> None:
        self._add(self._name(index), module)

    def __delitem__(self, index) -> None:
        names = list(self._modules)[index] if isinstance(index, slice) else [self._name(index)]
        numbered = list(self._modules) == [str(i) for i in range(len(self))]
        for name in names:
            del self._modules[name]
        if numbered:
            self._renumber(self._modules.values())

    def append(self, module: Module):
        """Adds ``module`` at the end."""
        self._add(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]):
        """Adds ``modules`` at the end. Raises TypeError for a single module and anything that is not iterable."""
        if not isinstance(modules, Iterable):
            raise TypeError(f"{type(self).__name__}.extend: several modules expected, got {type(modules).__name__}")
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module):
        """Inserts ``module`` before the one at ``index``. Raises TypeError for anything that is not a Module."""
        place = int(_place(self, index, len(self), grown=1))
        modules = list(self)
        if not isinstance(module, Module):
            raise TypeError(f"{type(self).__name__}: modules expected, {index} is a {type(module).__name__}")
        self._renumber([*modules[:place], module, *modules[place:]])
        return self

    def pop(self, index: int = -1) -> Module:
        """Removes and returns the module at ``index``."""
        module = self[index]
        del self[index]
        return module


class Sequential(_Numbered):
    """Modules applied one after the other: ``Sequential(a, b)(x) = b(a(x))``; or named, from an OrderedDict.

    >>> nn.Sequential(nn.Linear(4, 3), nn.ReLU())(mg.zeros(2, 4)).shape
    (2, 3)
    """

    def __init__(self, *args):
        super().__init__()
        named = args[0] if len(args) == 1 and isinstance(args[0], OrderedDict) else None
        for name, module in named.items() if named is not None else enumerate(args):
            self._add(str(name), module)

    def forward(self, input):
        for module in self._modules.values():
            input = module(input)
        return input

    def _sliced(self, items: list) -> "Sequential":
        return Sequential(OrderedDict(items))

    def __add__(self, other: "Sequential") -> "Sequential":
        return Sequential(*self, *other)


class ModuleList(_Numbered):
    """A list whose modules are found by ``parameters()``. It has no forward: the model calls its modules itself.

    >>> len(nn.ModuleList([nn.Linear(2, 2) for _ in range(3)]))
    3
    """

    def __init__(self, modules: Iterable[Module] | None = None):
        super().__init__()
        self.extend(modules or ())

    def _sliced(self, items: list) -> "ModuleList":
        return ModuleList([module for _, module in items])

    def __add__(self, other: Iterable[Module]) -> "ModuleList":
        return ModuleList([*self, *other])

    def __repr__(self) -> str:
        """As PyTorch prints it: equal neighbours once, with their count."""
        texts = [repr(module) for module in self]
        lines, i = [], 0
        while i < len(texts):
            j = i
            while j + 1 < len(texts) and texts[j + 1] == texts[i]:
                j += 1
            head = f"({i}): " if i == j else f"({i}-{j}): {j - i + 1} x "
            lines.append("  " + (head + texts[i]).replace("\n", "\n  "))
            i = j + 1
        return f"{type(self).__name__}(\n" + "\n".join(lines) + "\n)" if lines else f"{type(self).__name__}()"


class ModuleDict(Module):
    """A dict whose modules are found by ``parameters()``, in the order in which they were added.

    >>> list(nn.ModuleDict({"a": nn.ReLU(), "b": nn.Tanh()}))
    ['a', 'b']
    """

    def __init__(self, modules=None):
        super().__init__()
        self.update(modules or {})

    def update(self, modules) -> None:
        """Adds or replaces the modules of a mapping, or of (name, module) pairs."""
        for name, module in modules.items() if isinstance(modules, Mapping | ModuleDict) else modules:
            self[name] = module

    def __getitem__(self, key: str) -> Module:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        if not isinstance(module, Module):
            raise TypeError(f"ModuleDict: modules expected, {key!r} is a {type(module).__name__}")
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def keys(self):
        return self._modules.keys()

    def values(self):
        return self._modules.values()

    def items(self):
        return self._modules.items()

    def pop(self, key: str) -> Module:
        """Removes and returns a module."""
        return self._modules.pop(key)

    def clear(self) -> None:
        self._modules.clear()


def _as_parameter(value):
    """A tensor as a Parameter; anything else unchanged."""
    return Parameter(value) if isinstance(value, Tensor) and not isinstance(value, Parameter) else value


def _described(value) -> str:
    if not isinstance(value, Tensor):
        return f"Object of type: {type(value).__name__}"
    kind = "Parameter" if isinstance(value, Parameter) else "Tensor"
    return f"{kind} containing: [{value.dtype.name} of size {'x'.join(map(str, value.shape))}]"


class ParameterList(Module):
    """A list whose parameters are found by ``parameters()``; a tensor put into it becomes a Parameter.

    >>> [name for name, _ in nn.ParameterList([mg.zeros(2), mg.zeros(3)]).named_parameters()]
    ['0', '1']
    """

    def __init__(self, values: Iterable | None = None):
        super().__init__()
        self._size = 0
        self.extend(() if values is None else values)

    def append(self, value):
        """Adds ``value`` at the end."""
        self._size += 1
        self[self._size - 1] = value
        return self

    def extend(self, values: Iterable):
        """Adds ``values`` at the end. Raises TypeError for a single tensor and anything that is not iterable."""
        if not isinstance(values, Iterable) or isinstance(values, Tensor):
            raise TypeError(f"ParameterList.extend: several tensors expected, got one {type(values).__name__}")
        for value in values:
            self.append(value)
        return self

    def __getitem__(self, index):
        if isinstance(index, slice):
            return ParameterList([self[i] for i in range(self._size)[index]])
        return getattr(self, _place(self, index, self._size))

    def __setitem__(self, index: int, value) -> None:
        setattr(self, _place(self, index, self._size), _as_parameter(value))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator:
        return (self[i] for i in range(self._size))

    def __iadd__(self, values: Iterable):
        return self.extend(values)

    def extra_repr(self) -> str:
        return "\n".join(f"({i}): {_described(value)}" for i, value in enumerate(self))


class ParameterDict(Module):
    """A dict whose parameters are found by ``parameters()``; a tensor put into it becomes a Parameter.

    >>> [name for name, _ in nn.ParameterDict({"scale": mg.ones(1)}).named_parameters()]
    ['scale']
    """

    def __init__(self, parameters=None):
        super().__init__()
        self._keys: dict[str, None] = {}
        self.update(parameters or {})

    def update(self, parameters) -> None:
        """Adds or replaces the parameters of a mapping, or of (name, parameter) pairs."""
        for name, value in parameters.items() if isinstance(parameters, Mapping | ParameterDict) else parameters:
            self[name] = value

    def __getitem__(self, key: str):
        if key not in self._keys:
            raise KeyError(key)
        return getattr(self, key)

    def __setitem__(self, key: str, value) -> None:
        if key not in self._keys:
            self._check_name(key)
        self._keys[key] = None
        setattr(self, key, _as_parameter(value))

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def keys(self):
        return self._keys.keys()

    def values(self):
        return (self[key] for key in self._keys)

    def items(self):
        return ((key, self[key]) for key in self._keys)

    def get(self, key: str, default=None):
        return self[key] if key in self._keys else default

    def setdefault(self, key: str, default=None):
        """The value of ``key``; if it is missing, ``default`` is stored and returned."""
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: str):
        """Removes and returns a parameter."""
        value = self[key]
        del self[key]
        return value

    def clear(self) -> None:
        for key in tuple(self._keys):
            del self[key]

    def extra_repr(self) -> str:
        return "\n".join(f"({key}): {_described(value)}" for key, value in self.items())
