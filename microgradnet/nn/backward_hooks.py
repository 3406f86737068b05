"""Hooks on a module's backward: a boundary before and after its forward sees the gradients that flow in and out."""

from ..autograd.function import Function
from ..tensor import Tensor


class ModuleBoundary(Function):
    """The identity. Recorded around a module that has backward hooks, as the node at which they are called."""

    @staticmethod
    def forward(ctx, *tensors):
        return tuple(t.detach() for t in tensors)

    @staticmethod
    def backward(ctx, *gradients):
        return gradients


class BackwardHooks:
    """The backward hooks of one call of ``module``: ``enter`` wraps its arguments, ``leave`` its results."""

    def __init__(self, module):
        self.module = module
        self.hooks, self.pre_hooks = tuple(module._backward_hooks.values()), tuple(module._backward_pre_hooks.values())
        self.inputs = 0
        self.moving: list[int] = []  # positions of the arguments that get a gradient
        self.grad_output: tuple = ()

    def enter(self, args: tuple) -> tuple:
        """The arguments; those that need a gradient are behind a boundary."""
        self.inputs = len(args)
        self.moving = [i for i, a in enumerate(args) if isinstance(a, Tensor) and a.requires_grad]
        if not self.moving or not self.hooks:
            return args
        args = list(args)
        passed, node = _pass_through([args[i] for i in self.moving])
        if node is None:
            return tuple(args)
        for i, tensor in zip(self.moving, passed, strict=True):
            args[i] = tensor  # type: ignore[index]
        node.register_hook(lambda contributions, _: self._run(contributions))
        return tuple(args)

    def leave(self, out):
        """The result, behind a boundary."""
        several = isinstance(out, tuple)
        outputs = list(out) if several else [out]
        places = [i for i, o in enumerate(outputs) if isinstance(o, Tensor) and o.requires_grad]
        if not places:
            return out
        passed, node = _pass_through([outputs[i] for i in places])
        if node is None:
            return out
        for i, tensor in zip(places, passed, strict=True):
            outputs[i] = tensor

        def before(upstream):
            gradients = upstream if isinstance(upstream, list) else [upstream]
            tensors = [None] * len(outputs)
            for i, g in zip(places, gradients, strict=True):
                tensors[i] = _tensor(g)
            for hook in self.pre_hooks:
                changed = hook(self.module, tuple(tensors))
                if changed is not None:
                    tensors = list(changed) if isinstance(changed, tuple) else [changed]
            self.grad_output = tuple(tensors)
            replaced = [_like(tensors[i], g) for i, g in zip(places, gradients, strict=True)]
            return replaced if isinstance(upstream, list) else replaced[0]

        def after(contributions, _):
            if not self.moving:  # the gradient flows no further back: the hooks are called here
                self._run(())

        node.register_prehook(before)
        node.register_hook(after)
        return tuple(outputs) if several else outputs[0]

    def _run(self, contributions: tuple):
        gradients = [None] * self.inputs
        for i, g in zip(self.moving, contributions, strict=True):
            gradients[i] = _tensor(g)
        for hook in self.hooks:
            changed = hook(self.module, tuple(gradients), self.grad_output)
            if changed is not None:
                gradients = list(changed) if isinstance(changed, tuple) else [changed]
                if len(gradients) != self.inputs:
                    raise RuntimeError(
                        f"backward hook of {type(self.module).__name__}: {self.inputs} gradients expected, one for "
                        f"each argument of forward, got {len(gradients)}"
                    )
        return tuple(_like(gradients[i], g) for i, g in zip(self.moving, contributions, strict=True))


def _pass_through(tensors: list):
    """The tensors behind one boundary, and its node (None if nothing is recorded)."""
    passed = ModuleBoundary.apply(*tensors)
    if passed[0].grad_fn is None:
        return tensors, None
    node = passed[0].grad_fn
    return passed, node if len(passed) == 1 else node.parents[0]  # each of several tensors has its own node


def _tensor(gradient):
    return gradient if gradient is None or isinstance(gradient, Tensor) else Tensor.made(gradient)


def _like(gradient, given):
    """A hook's tensor in the form that the walk carries: an array, or a Tensor under create_graph."""
    return gradient if gradient is None or isinstance(given, Tensor) else gradient.array
