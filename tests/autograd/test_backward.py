"""The walk: what backward adds where, when it frees, and what it refuses."""

import gc
import threading
import weakref

import numpy as np
import pytest

import microgradnet as mg
from microgradnet.autograd import backward, grad
from tests.oracle import oracle


def leaf(value, **kwargs) -> mg.Tensor:
    return mg.tensor(value, requires_grad=True, **kwargs)


def test_a_value_used_twice_gets_the_sum_of_both_paths():
    x = leaf(3.0)
    y = x * x + x
    y.backward()
    assert x.grad.item() == 7.0


def test_gradients_accumulate_over_calls_and_are_none_before():
    x = leaf([1.0, 2.0])
    assert x.grad is None
    (x * 2).sum().backward()
    (x * 3).sum().backward()
    assert x.grad.tolist() == [5.0, 5.0]


def test_accumulating_does_not_write_into_another_leafs_gradient():
    a, b = leaf([1.0]), leaf([1.0])
    (a + b).backward(mg.tensor([1.0]))  # one cotangent array reaches both leaves
    (a * 5).backward(mg.tensor([1.0]))
    assert a.grad.tolist() == [6.0]
    assert b.grad.tolist() == [1.0]


def test_accumulating_does_not_write_into_the_gradient_that_was_passed():
    a, given = leaf([1.0, 1.0]), mg.tensor([2.0, 2.0])
    for _ in range(3):
        a.clone().backward(given)
    assert given.tolist() == [2.0, 2.0]
    assert a.grad.tolist() == [6.0, 6.0]


def test_backward_twice_says_what_to_do():
    x = leaf(2.0)
    y = x * x
    y.backward()
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        y.backward()


def test_retain_graph_keeps_what_was_saved():
    x = leaf(2.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 8.0


def test_a_non_scalar_root_needs_a_gradient_of_its_shape():
    x = leaf([1.0, 2.0])
    with pytest.raises(RuntimeError, match="one element"):
        (x * 2).backward()
    with pytest.raises(RuntimeError, match=r"\(3,\).*\(2,\)"):
        (x * 2).backward(mg.tensor([1.0, 1.0, 1.0]))


def test_a_constant_has_no_backward():
    with pytest.raises(RuntimeError, match="does not require grad"):
        mg.tensor(1.0).backward()


def test_retain_grad_keeps_a_result_in_between():
    x = leaf(2.0)
    y = x * 3
    y.retain_grad()
    (y * y).backward()
    assert y.grad.item() == 12.0


def test_inputs_restricts_where_gradients_go():
    a, b = leaf(2.0), leaf(3.0)
    (a * b).backward(inputs=[a])
    assert a.grad.item() == 3.0
    assert b.grad is None


def test_grad_leaves_the_leaves_alone_and_names_an_unused_input():
    a, b = leaf(2.0), leaf(3.0)
    (g,) = grad(a * a, a)
    assert g.item() == 4.0
    assert a.grad is None
    with pytest.raises(RuntimeError, match=r"input 1.*allow_unused"):
        grad(a * a, [a, b])
    assert grad(a * a, [a, b], allow_unused=True)[1] is None


def test_grad_of_a_result_in_between():
    x = leaf(2.0)
    y = x * 3
    z = y * y
    assert [g.item() for g in grad(z, [y, x])] == [12.0, 36.0]


def test_several_roots_add_up_with_their_cotangents():
    x = leaf(2.0)
    backward([x * x, x * 3], [mg.tensor(0.5), mg.tensor(2.0)])
    assert x.grad.item() == 0.5 * 4 + 2.0 * 3


def test_third_derivative_of_a_power():
    x = leaf(2.0, dtype=mg.float64)
    y = x**5
    for expected in (5 * 2.0**4, 20 * 2.0**3, 60 * 2.0**2):
        (y,) = grad(y, x, create_graph=True)
        assert y.item() == expected


def test_backward_with_create_graph_lets_the_gradient_be_differentiated():
    x = leaf(3.0)
    (x**3).backward(create_graph=True)
    g = x.grad
    x.grad = None
    g.backward()
    assert x.grad.item() == 18.0


def test_the_second_derivative_of_an_elementwise_op_comes_from_its_derivative():
    x = mg.Tensor(np.linspace(-3, 3, 7), requires_grad=True)
    (first,) = grad(mg.sigmoid(x).sum(), x, create_graph=True)
    (second,) = grad(first.sum(), x)
    s = 1 / (1 + np.exp(-x.array))
    np.testing.assert_allclose(first.array, s * (1 - s), rtol=1e-12)
    np.testing.assert_allclose(second.array, s * (1 - s) * (1 - 2 * s), atol=1e-14)


def test_no_grad_records_nothing_and_enable_grad_records_inside():
    x = leaf(1.0)
    with mg.no_grad():
        assert not (x * 2).requires_grad
        with mg.enable_grad():
            assert (x * 2).requires_grad
    assert (x * 2).requires_grad

    @mg.no_grad()
    def constant():
        return x * 2

    assert not constant().requires_grad


def test_set_grad_enabled_as_a_call_and_as_a_block():
    x = leaf(1.0)
    with mg.set_grad_enabled(False):
        assert not mg.is_grad_enabled()
    assert mg.is_grad_enabled()
    mg.set_grad_enabled(False)
    try:
        assert not (x * 2).requires_grad
    finally:
        mg.set_grad_enabled(True)


def test_detach_shares_memory_and_cuts_the_graph():
    x = leaf([1.0, 2.0])
    d = x.detach()
    assert d.array is x.array
    assert not d.requires_grad


def test_hooks_see_and_replace_gradients():
    x = leaf(2.0)
    seen = []
    y = x * 3
    y.register_hook(lambda g: seen.append(g.item()))
    y.register_hook(lambda g: g * 10)
    handle = x.register_hook(lambda g: g + 1)
    (y * y).backward()
    assert seen == [12.0]
    assert x.grad.item() == 12.0 * 10 * 3 + 1
    handle.remove()
    x.grad = None
    (x * 1).backward()
    assert x.grad.item() == 1.0


def test_node_hooks_see_and_replace_cotangents_and_contributions():
    x, y = leaf(2.0), leaf(5.0)
    z = x * y
    seen = []
    before = z.grad_fn.register_prehook(lambda g: g * 3)
    after = z.grad_fn.register_hook(lambda inputs, outputs: seen.append((inputs, outputs)))
    (z * 1).backward(retain_graph=True)
    assert seen == [((15.0, 6.0), (3.0,))]
    assert (x.grad.item(), y.grad.item()) == (15.0, 6.0)
    before.remove()
    after.remove()
    z.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 10, None))
    x.grad = y.grad = None
    (z * 1).backward()
    assert x.grad.item() == 50.0
    assert y.grad is None


def test_inference_mode_records_nothing():
    x = leaf(1.0)
    with mg.inference_mode():
        assert not (x * 2).requires_grad
    with mg.inference_mode(False):
        assert (x * 2).requires_grad


def test_a_graph_that_nobody_holds_is_freed_at_once_without_the_collector():
    gc.disable()
    try:
        x = leaf([1.0])
        y = mg.exp(x * 2)
        node = weakref.ref(y.grad_fn)
        del y
        assert node() is None
    finally:
        gc.enable()


def test_saved_arrays_are_freed_during_backward():
    x = leaf(np.ones(10))
    y = mg.exp(x)
    array = weakref.ref(y.array)
    z = y.sum()
    del y
    assert array() is not None
    z.backward()
    assert array() is None


def test_a_chain_of_a_million_nodes_runs_backward_and_is_freed():
    x = leaf(1.0)
    y = x
    for _ in range(1_000_000):
        y = y + 1.0
    y.backward()
    assert x.grad.item() == 1.0
    del y


def test_a_value_used_by_many_others():
    x = leaf(2.0)
    y = x * 1
    mg.stack([y * 1.0 for _ in range(3000)]).sum().backward()
    assert x.grad.item() == 3000.0


def test_grad_mode_belongs_to_its_thread():
    seen = []
    with mg.no_grad():
        thread = threading.Thread(target=lambda: seen.append(mg.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_two_threads_go_backward_through_one_graph():
    x = mg.Tensor(np.linspace(0, 1, 50_000), requires_grad=True)
    y = (mg.exp(x) * mg.tanh(x)).sum()
    (expected,) = grad(y, x, retain_graph=True)
    results = []

    def work():
        for _ in range(5):
            results.append(grad(y, x, retain_graph=True)[0].array)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(results) == 10
    assert all(np.array_equal(r, expected.array) for r in results)


def test_mixed_dtypes_give_each_leaf_a_gradient_of_its_own_dtype():
    a = mg.tensor([1.0, 2.0], requires_grad=True)
    b = mg.tensor([3.0, 4.0], dtype=mg.float64, requires_grad=True)
    (a * b).sum().backward()
    assert a.grad.dtype == mg.float32
    assert b.grad.dtype == mg.float64


def test_only_floating_tensors_can_require_grad():
    with pytest.raises(RuntimeError, match="int64"):
        mg.tensor([1, 2]).requires_grad_()


def test_a_small_net_agrees_with_pytorch():
    torch = oracle()
    random = np.random.default_rng(0)
    arrays = [random.standard_normal(s) for s in [(5, 3), (4, 3), (4,), (2, 4)]]

    def loss(library, x, w, b, v):
        h = library.tanh(x @ w.T + b)
        return ((h @ v.T).exp().sum(1) + 1).log().mean()

    ours = [mg.Tensor(a, requires_grad=True) for a in arrays]
    theirs = [torch.tensor(a, requires_grad=True) for a in arrays]
    loss(mg, *ours).backward()
    loss(torch, *theirs).backward()
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.grad.array, b.grad.numpy(), rtol=1e-12)


def test_a_loop_over_slices_adds_each_gradient_into_its_place():
    x = mg.Tensor(np.arange(12.0).reshape(4, 3), requires_grad=True)
    first, *_ = parts = x.split(2)
    loss = (
        sum((k + 1) * row.sum() for k, row in enumerate(x))
        + first.sum() * 10
        + (parts[1] ** 2).sum()
        + x[0, 1]
        + x.sum()
    )
    handle = loss.grad_fn.register_hook(lambda contributions, _: None)  # with a hook, contributions are whole arrays
    loss.backward()
    handle.remove()
    expected = np.array([1.0, 2.0, 3.0, 4.0])[:, None] + np.zeros((4, 3)) + 1
    expected[:2] += 10
    expected[2:] += 2 * x.detach().numpy()[2:]
    expected[0, 1] += 1
    np.testing.assert_allclose(x.grad, expected)


def test_contributions_to_slices_are_arrays_for_whoever_watches():
    x = mg.Tensor(np.arange(3.0), requires_grad=True)
    with mg.Tape() as tape:
        loss = x[1] * 5 + x[2]
        contributions = [c for step in tape.steps(loss) for c in step.contributions.values()]
    assert [c.tolist() for c in contributions if c.shape == (3,)] == [[0, 0, 1], [0, 5, 0]]
    assert x.grad.tolist() == [0, 5, 1]


def test_an_array_that_a_hook_returns_or_the_caller_gives_is_not_written_to():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    product = x * 3
    mine = np.array([5.0, 5.0], np.float32)
    product.grad_fn.register_hook(lambda contributions, upstream: (mine, *contributions[1:]))
    (product + x * x).sum().backward()
    assert mine.tolist() == [5.0, 5.0]
    assert x.grad.tolist() == [7.0, 9.0]
    given = mg.tensor([1.0, 1.0])
    values, _ = mg.stack([x * x, x]).max(0)
    both = values + x
    both.backward(given)
    assert given.tolist() == [1.0, 1.0]


def test_a_branch_that_leads_to_no_wanted_input_does_not_end_the_walk():
    x, w = (mg.tensor(v, requires_grad=True) for v in (3.0, 5.0))
    square = x * x
    loss = square + w.exp()  # the branch of w is recorded last, so it is visited first
    (gradient,) = mg.autograd.grad(loss, [x])
    assert gradient.item() == 6.0 and x.grad is None and w.grad is None


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_hook_on_a_leaf_is_given_a_tensor_that_is_recorded_where_the_walk_is(create_graph):
    x, seen = mg.tensor(3.0, requires_grad=True), []
    x.register_hook(seen.append)
    (x * x * x).backward(create_graph=create_graph)
    assert isinstance(seen[0], mg.Tensor) and seen[0].item() == 27.0
    assert (seen[0].grad_fn is not None) == create_graph


def test_set_grad_enabled_as_a_decorator():
    """It holds inside the function only, at each call and after an error, as in PyTorch."""

    @mg.set_grad_enabled(False)
    def plain(x):
        """Doubles."""
        return 1 / x.item() if x.item() == 0 else x * 2

    assert mg.is_grad_enabled()
    x = mg.tensor(3.0, requires_grad=True)
    for _ in range(2):
        assert not plain(x).requires_grad and mg.is_grad_enabled()
    with pytest.raises(ZeroDivisionError):
        plain(mg.tensor(0.0))
    assert mg.is_grad_enabled() and plain.__doc__ == "Doubles."
    with mg.no_grad():
        assert mg.set_grad_enabled(True)(lambda: (x * 2).requires_grad)()
        assert not mg.is_grad_enabled()
