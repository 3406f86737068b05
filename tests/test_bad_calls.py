"""A hundred wrong calls. Each raises in PyTorch, and here with a message that names the op and what was given."""

import pytest

import microgradnet as mg
from tests.oracle import oracle

# (what our message must say, the call with the library as its argument)
CALLS = [
    # Shapes that do not broadcast.
    (r"add: .*\(2, 3\).*\(4,\)", lambda t: t.zeros(2, 3) + t.zeros(4)),
    (r"sub: .*\(2, 3\).*\(4,\)", lambda t: t.zeros(2, 3) - t.zeros(4)),
    (r"mul: .*\(2, 3\).*\(2,\)", lambda t: t.zeros(2, 3) * t.zeros(2)),
    (r"div: .*\(2, 3\).*\(3, 2\)", lambda t: t.zeros(2, 3) / t.zeros(3, 2)),
    (r"pow: .*\(2,\).*\(3,\)", lambda t: t.zeros(2) ** t.zeros(3)),
    (r"maximum: .*\(2,\).*\(3,\)", lambda t: t.maximum(t.zeros(2), t.zeros(3))),
    (r"minimum: .*\(2,\).*\(3,\)", lambda t: t.minimum(t.zeros(2), t.zeros(3))),
    (r"eq: .*\(2,\).*\(3,\)", lambda t: t.zeros(2) == t.zeros(3)),
    (r"lt: .*\(2,\).*\(3,\)", lambda t: t.zeros(2) < t.zeros(3)),
    (r"where: .*\(2,\).*\(3,\)", lambda t: t.where(t.zeros(2) > 0, t.zeros(3), t.zeros(3))),
    (r"broadcast_to.*\(3,\)", lambda t: t.broadcast_to(t.zeros(3), (2, 4))),
    (r"expand: .*\(2, 3\)", lambda t: t.zeros(2, 3).expand(3, 3)),
    # Matrix products.
    (r"matmul: .*\(2, 3\).*\(4, 5\)", lambda t: t.zeros(2, 3) @ t.zeros(4, 5)),
    (r"matmul: .*3 columns against 2 rows", lambda t: t.zeros(2, 3) @ t.zeros(2)),
    (r"matmul: .*dimension", lambda t: t.zeros(2, 3) @ t.tensor(1.0)),
    (r"matmul: .*\(2, 3, 4\).*\(3, 4, 5\)", lambda t: t.zeros(2, 3, 4) @ t.zeros(3, 4, 5)),
    (r"matmul: .*float32.*float64", lambda t: t.zeros(2, 2) @ t.zeros(2, 2, dtype=t.float64)),
    (r"linear: .*\(4,\).*\(3,\)", lambda t: t.nn.functional.linear(t.zeros(2, 4), t.zeros(5, 3))),
    # Dimensions out of range.
    (r"sum: dim 2", lambda t: t.zeros(2, 3).sum(2)),
    (r"sum: dim -3", lambda t: t.zeros(2, 3).sum(-3)),
    (r"sum: .*twice", lambda t: t.zeros(2, 3).sum((0, 0))),
    (r"mean: dim 5", lambda t: t.zeros(2, 3).mean(5)),
    (r"amax: dim 2", lambda t: t.zeros(2, 3).amax(2)),
    (r"amin: dim 2", lambda t: t.zeros(2, 3).amin(2)),
    (r"max\w*: dim 2", lambda t: t.zeros(2, 3).max(2)),
    (r"min\w*: dim 2", lambda t: t.zeros(2, 3).min(2)),
    (r"softmax: dim 2", lambda t: t.softmax(t.zeros(2, 3), 2)),
    (r"log_softmax: dim 2", lambda t: t.log_softmax(t.zeros(2, 3), 2)),
    (r"all: dim 2", lambda t: t.zeros(2, 3).all(2)),
    (r"any: dim 2", lambda t: t.zeros(2, 3).any(2)),
    (r"argmax: .*2", lambda t: t.zeros(2, 3).argmax(2)),
    (r"argmin: .*2", lambda t: t.zeros(2, 3).argmin(2)),
    (r"unsqueeze: dim 4", lambda t: t.zeros(2, 3).unsqueeze(4)),
    (r"transpose: .*3", lambda t: t.zeros(2, 3).transpose(0, 3)),
    (r"permute: ", lambda t: t.zeros(2, 3).permute(0, 0)),
    (r"permute: ", lambda t: t.zeros(2, 3).permute(0)),
    (r"cat: ", lambda t: t.cat([t.zeros(2, 3), t.zeros(2, 4)], 0)),
    (r"cat: ", lambda t: t.cat([t.zeros(2, 3), t.zeros(2)], 0)),
    (r"cat: ", lambda t: t.cat([])),
    (r"stack: |cat: ", lambda t: t.stack([t.zeros(2), t.zeros(3)])),
    (r"stack: |cat: ", lambda t: t.stack([])),
    # Shapes that do not hold the elements.
    (r"reshape: .*\(2, 3\)", lambda t: t.zeros(2, 3).reshape(4)),
    (r"reshape: ", lambda t: t.zeros(2, 3).reshape(-1, -1)),
    (r"(reshape|view): ", lambda t: t.zeros(2, 3).view(5)),
    (r"t: .*\(2, 3, 4\)", lambda t: t.zeros(2, 3, 4).t()),
    (r"flatten: ", lambda t: t.zeros(2, 3, 4).flatten(2, 1)),
    (r"zeros: .*negative", lambda t: t.zeros(-1)),
    (r"ones: .*negative", lambda t: t.ones(2, -3)),
    (r"rand: .*negative", lambda t: t.rand(-2)),
    (r"randint: ", lambda t: t.randint(5, 5, (2,))),
    # Dtypes.
    (r"mean: .*int64", lambda t: t.tensor([1, 2]).mean()),
    (r"softmax: .*int64", lambda t: t.softmax(t.tensor([1, 2]), 0)),
    (r"gather: .*float32", lambda t: t.gather(t.zeros(2, 2), 0, t.zeros(2, 2))),
    (r"requires_grad: .*int64", lambda t: t.tensor([1, 2]).requires_grad_()),
    (r"requires_grad: .*bool", lambda t: t.tensor([True]).requires_grad_()),
    (r"bitwise_and: ", lambda t: t.zeros(2) & t.zeros(2)),
    (r"bitwise_or: ", lambda t: t.zeros(2) | t.zeros(2)),
    (r"bitwise_not: ", lambda t: ~t.zeros(2)),
    # Indices.
    (r"(getitem|index).*5", lambda t: t.zeros(3)[5]),
    (r"(getitem|index).*", lambda t: t.zeros(3)[0, 0]),
    (r"(getitem|index).*", lambda t: t.zeros(3)[[0, 7]]),
    (r"(getitem|index).*", lambda t: t.zeros(3)[t.tensor([True, False])]),
    (r"gather: index 4", lambda t: t.gather(t.zeros(2, 2), 0, t.tensor([[0, 4]]))),
    (r"setitem: .*5.*\(3,\)", lambda t: t.zeros(3).__setitem__(5, 1.0)),
    # Backward.
    (r"backward: .*does not require grad", lambda t: t.tensor(1.0).backward()),
    (r"backward: .*one element.*\(2,\)", lambda t: (leaf(t) * 2).backward()),
    (r"backward: .*\(3,\).*\(2,\)", lambda t: (leaf(t) * 2).backward(t.zeros(3))),
    (r"backward: .*retain_graph", lambda t: twice(t)),
    (r"backward: .*mul needs", lambda t: overwritten(t)),
    (r"add_: a leaf", lambda t: leaf(t).add_(1)),
    (r"mul_: .*view of a leaf", lambda t: leaf(t)[:1].mul_(2)),
    (r"add_: .*float32.*int64", lambda t: t.tensor([1, 2]).add_(0.5)),
    (r"add_: .*\(2, 2\).*\(2,\)", lambda t: t.zeros(2).add_(t.zeros(2, 2))),
    (r"numpy: .*detach", lambda t: leaf(t).numpy()),
    (r"retain_grad: ", lambda t: t.zeros(2).retain_grad()),
    (r"register_hook: ", lambda t: t.zeros(2).register_hook(print)),
    (r"grad: .*does not require grad", lambda t: t.autograd.grad(leaf(t).sum(), t.zeros(2))),
    (r"grad: .*do not depend on input 0", lambda t: t.autograd.grad(leaf(t).sum(), leaf(t))),
    (r"backward: .*does not require grad", lambda t: t.autograd.grad(t.zeros(()), leaf(t))),
    (r"requires_grad: .*detach", lambda t: setattr(leaf(t) * 2, "requires_grad", False)),
    (r"only leaves", lambda t: __import__("copy").deepcopy(leaf(t) * 2)),
    # Conversions.
    (r"item: .*\(2,\)", lambda t: t.zeros(2).item()),
    (r"truth of a tensor of shape \(2,\)", lambda t: bool(t.zeros(2))),
    (r"item: .*\(2,\)", lambda t: float(t.zeros(2))),
    (r"len: ", lambda t: len(t.tensor(1.0))),
    (r"0-d", lambda t: list(t.tensor(1.0))),
    (r"integer tensor", lambda t: [1, 2, 3][t.tensor(1.0)]),
    # Layers and losses.
    (r"channels", lambda t: t.nn.functional.conv2d(t.zeros(1, 3, 5, 5), t.zeros(2, 2, 3, 3))),
    (r"kernel", lambda t: t.nn.functional.conv2d(t.zeros(1, 1, 2, 2), t.zeros(1, 1, 3, 3))),
    (r"conv2d: .*\(5, 5\)", lambda t: t.nn.functional.conv2d(t.zeros(5, 5), t.zeros(1, 1, 3, 3))),
    (r"conv2d: .*stride", lambda t: t.nn.functional.conv2d(t.zeros(1, 1, 5, 5), t.zeros(1, 1, 3, 3), stride=0)),
    (r"conv2d: .*same", lambda t: t.nn.functional.conv2d(t.zeros(1, 1, 5, 5), t.zeros(1, 1, 3, 3), None, 2, "same")),
    (r"groups", lambda t: t.nn.Conv2d(3, 4, 3, groups=2)),
    (r"max_pool2d: .*half", lambda t: t.nn.functional.max_pool2d(t.zeros(1, 1, 4, 4), 2, padding=2)),
    (r"cross_entropy: .*|nll_loss: label 5", lambda t: t.nn.functional.cross_entropy(t.zeros(2, 3), t.tensor([0, 5]))),
    (r"labels of shape", lambda t: t.nn.functional.cross_entropy(t.zeros(2, 3), t.tensor([0, 1, 2]))),
    (r"reduction", lambda t: t.nn.functional.cross_entropy(t.zeros(2, 3), t.tensor([0, 1]), reduction="avg")),
    (r"SGD: lr", lambda t: t.optim.SGD([leaf(t)], lr=-1)),
    (r"SGD: .*empty", lambda t: t.optim.SGD([], lr=0.1)),
    (r"Adam: betas\[0\]", lambda t: t.optim.Adam([leaf(t)], betas=(1.0, 0.9))),
    (r"Linear cannot take", lambda t: t.nn.Linear(2, 2).load_state_dict({})),
    (r"has no attribute 'missing'", lambda t: t.nn.Linear(2, 2).missing),
]


def leaf(t):
    return t.tensor([1.0, 2.0], requires_grad=True)


def twice(t):
    y = (leaf(t) ** 2).sum()
    y.backward()
    y.backward()


def overwritten(t):
    y = leaf(t) * 1
    z = y * y
    y.add_(1)
    z.sum().backward()


def test_there_are_a_hundred():
    assert len(CALLS) >= 100


@pytest.mark.parametrize(("message", "call"), CALLS, ids=[str(i) for i in range(len(CALLS))])
def test_a_wrong_call_is_explained(message, call):
    with pytest.raises((RuntimeError, ValueError, TypeError, IndexError, AttributeError), match=message) as caught:
        call(mg)
    assert "numba" not in str(caught.value)
    assert len(str(caught.value)) > 10


@pytest.mark.parametrize("call", [call for _, call in CALLS], ids=[str(i) for i in range(len(CALLS))])
def test_pytorch_raises_too(call):
    torch = oracle()
    with pytest.raises((RuntimeError, ValueError, TypeError, IndexError, AttributeError)):
        call(torch)
