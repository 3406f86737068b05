"""Functions of functions: ``grad(f)`` is the gradient of f as a function. PyTorch's ``torch.func``, JAX's style.

Each takes a function of tensors and returns one, so they nest: ``grad(grad(f))``.
"""

from collections.abc import Callable
from typing import Any

from .autograd import functional
from .autograd.functional import zeros_like
from .autograd.gradient import grad as _grad
from .events import state
from .grad_mode import enable_grad
from .ops import movedim, stack
from .tensor import Tensor


def grad_and_value(
    func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., tuple[Any, Any]]:
    """``x -> (∇func(x), func(x))`` for a func that returns one number; with ``has_aux``, ``(∇func, (value, aux))``.

    ``argnums``: the argument, or arguments, to differentiate with respect to. Raises ``RuntimeError`` if the result is
    not one number.
    """
    given = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    def wrapped(*args, **kwargs):
        if not state.grad_enabled:
            with enable_grad():
                gradients, result = wrapped(*args, **kwargs)
            return _without_graph(gradients), _without_graph(result)
        numbers = [_position(n, args) for n in given]
        # A copy of each argument: nested calls differentiate through it, and no leaf's .grad is involved.
        args = [_tracked(a) if i in numbers else a for i, a in enumerate(args)]
        result = func(*args, **kwargs)
        value, aux = result if has_aux else (result, None)
        if not isinstance(value, Tensor) or value.numel() != 1:
            raise RuntimeError(
                f"grad: a function with one number as result expected, got {getattr(value, 'shape', value)}"
            )
        inputs = [args[i] for i in numbers]
        found = (None,) * len(inputs)
        if value.requires_grad:
            found = _grad(value, inputs, create_graph=True, allow_unused=True)
        gradients = tuple(zeros_like(x) if g is None else g for x, g in zip(inputs, found, strict=True))
        gradients = gradients[0] if isinstance(argnums, int) else gradients
        return gradients, ((value, aux) if has_aux else value)

    return wrapped


def _without_graph(value):
    """``value`` with each of its tensors detached."""
    if isinstance(value, tuple):
        return tuple(map(_without_graph, value))
    return value.detach() if isinstance(value, Tensor) else value


def _position(number: int, args) -> int:
    """An argument's ``number``, which may count from the end."""
    if not -len(args) <= number < len(args):
        raise ValueError(f"grad: argnums {number} names none of {len(args)} positional arguments")
    return number % len(args)


def _tracked(x: Tensor) -> Tensor:
    return x.clone() if x.requires_grad else x.detach().requires_grad_()


def grad(func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """``x -> ∇func(x)``; see ``grad_and_value``."""

    def wrapped(*args, **kwargs):
        gradients, value = grad_and_value(func, argnums, has_aux)(*args, **kwargs)
        return (gradients, value[1]) if has_aux else gradients

    return wrapped


def vjp(func: Callable[..., Any], *primals: Tensor) -> tuple[Any, Callable[..., Any]]:
    """``(func(x), pull)`` with ``pull(v) = vᵀJ``, a tuple over the primals."""
    leaves = tuple(_tracked(x) for x in primals)
    outputs = func(*leaves)
    listed = (outputs,) if isinstance(outputs, Tensor) else tuple(outputs)

    def pull(*cotangents):
        results = _grad(listed, leaves, cotangents, retain_graph=True, create_graph=True, allow_unused=True)
        return tuple(zeros_like(x) if r is None else r for x, r in zip(leaves, results, strict=True))

    return outputs, pull


def jvp(func: Callable[..., Any], primals: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> tuple[Any, Any]:
    """``(func(x), J·v)`` for tuples of primals and of tangents of their shapes."""
    return functional.jvp(func, tuple(primals), tuple(tangents), create_graph=True)


def jacrev(func: Callable[..., Tensor], argnums: int = 0) -> Callable[..., Any]:
    """``x -> J`` of shape (*output, *input), row by row: one backward pass for each output element."""

    def wrapped(*args):
        number = _position(argnums, args)

        def of_one(x):
            return func(*args[:number], x, *args[number + 1 :])

        return functional.jacobian(of_one, args[number], create_graph=True)

    return wrapped


def jacfwd(func: Callable[..., Tensor], argnums: int = 0) -> Callable[..., Any]:
    """``x -> J`` of shape (*output, *input), column by column: one ``jvp`` for each input element."""

    def wrapped(*args):
        number = _position(argnums, args)
        x = args[number]

        def of_one(value):
            return func(*args[:number], value, *args[number + 1 :])

        columns = []
        for index in range(x.numel()):
            direction = zeros_like(x)
            direction.array.reshape(-1)[index] = 1
            columns.append(functional.jvp(of_one, x, direction, create_graph=True)[1])
        output_shape = columns[0].shape if columns else of_one(x).shape
        return stack(columns, -1).reshape((*output_shape, *x.shape))

    return wrapped


def hessian(func: Callable[..., Tensor], argnums: int = 0) -> Callable[..., Any]:
    """``x -> H`` of shape (*input, *input): ``jacrev(grad(func))``."""
    return jacrev(grad(func, argnums), argnums)


def functional_call(
    module: Any, parameters_and_buffers: dict, args: Any = (), kwargs: dict[str, Any] | None = None
) -> Any:
    """``module(*args)`` with its named parameters and buffers replaced by the given tensors, for this call.

    Raises KeyError for a name that the module does not have.
    """
    replaced = []
    try:
        for path, tensor in parameters_and_buffers.items():
            owner_path, _, name = path.rpartition(".")
            owner = module.get_submodule(owner_path)
            table = next((t for t in (owner._parameters, owner._buffers) if name in t), None)
            if table is None:
                raise KeyError(f"functional_call: {type(module).__name__} has no parameter or buffer {path!r}")
            replaced.append((table, name, table[name]))
            table[name] = tensor
        return module(*(args if isinstance(args, tuple) else (args,)), **(kwargs or {}))
    finally:
        for table, name, tensor in reversed(replaced):
            table[name] = tensor


def vmap(
    func: Callable[..., Any], in_dims: int | tuple[int | None, ...] | None = 0, out_dims: int = 0
) -> Callable[..., Any]:
    """``func`` for each slice along a batch axis, with the results stacked.

    ``in_dims`` is the batch axis of every argument, or one for each; None passes an argument unsliced. The slices run
    one after another. Raises ``ValueError`` where the batch sizes differ or there is no batch axis.
    """

    def wrapped(*args):
        dims = (in_dims,) * len(args) if in_dims is None or isinstance(in_dims, int) else tuple(in_dims)
        sizes = {a.shape[d] for a, d in zip(args, dims, strict=True) if d is not None}
        if len(sizes) != 1:
            raise ValueError(f"vmap: one batch size expected along in_dims={in_dims}, got {sorted(sizes)}")
        moved = [a if d is None else movedim(a, d, 0) if d else a for a, d in zip(args, dims, strict=True)]
        rows = [func(*[a if d is None else a[i] for a, d in zip(moved, dims, strict=True)]) for i in range(sizes.pop())]
        if rows and isinstance(rows[0], tuple):
            return tuple(stack(list(column), out_dims) for column in zip(*rows, strict=True))
        return stack(rows, out_dims)

    return wrapped
