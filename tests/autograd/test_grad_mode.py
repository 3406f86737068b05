"""Blocks that switch recording off and on, one inside the other."""

import pytest

import microgradnet as mg

BLOCKS = {"no_grad": mg.no_grad, "enable_grad": mg.enable_grad, "inference_mode": mg.inference_mode}


@pytest.mark.parametrize("inner", BLOCKS)
@pytest.mark.parametrize("outer", BLOCKS)
def test_a_block_restores_what_was_before_it(outer, inner):
    with BLOCKS[outer]():
        before = mg.is_grad_enabled()
        assert before == (outer == "enable_grad")
        with BLOCKS[inner]():
            assert mg.is_grad_enabled() == (inner == "enable_grad")
        assert mg.is_grad_enabled() == before
    assert mg.is_grad_enabled()


@pytest.mark.parametrize("outer", BLOCKS)
def test_a_decorated_function_restores_what_was_before_it(outer):
    inside = mg.no_grad()(mg.is_grad_enabled)
    with BLOCKS[outer]():
        assert not inside()
        assert mg.is_grad_enabled() == (outer == "enable_grad")


def test_a_block_restores_what_was_before_it_when_an_error_leaves_it():
    with mg.no_grad():
        with pytest.raises(KeyError), mg.enable_grad():
            raise KeyError
        assert not mg.is_grad_enabled()
    assert mg.is_grad_enabled()


def test_set_grad_enabled_as_a_call_and_as_a_block():
    with mg.set_grad_enabled(False):
        assert not mg.is_grad_enabled()
        with mg.set_grad_enabled(True):
            assert mg.is_grad_enabled()
        assert not mg.is_grad_enabled()
    assert mg.is_grad_enabled()
    later = mg.set_grad_enabled(False)
    assert not mg.is_grad_enabled()
    mg.set_grad_enabled(True)
    with later:
        assert not mg.is_grad_enabled()
    mg.set_grad_enabled(True)
    assert mg.is_grad_enabled()


def test_inference_mode_can_be_told_not_to_be_one():
    with mg.inference_mode(False):
        assert mg.is_grad_enabled()
    with mg.no_grad(), mg.inference_mode(False):
        assert not mg.is_grad_enabled()


def test_what_is_made_in_a_block_needs_no_gradient_and_what_is_made_after_it_does():
    x = mg.tensor(2.0, requires_grad=True)
    with mg.no_grad():
        with mg.no_grad():
            a = x * 2
        b = x * 3
    c = x * 5
    assert [t.requires_grad for t in (a, b, c)] == [False, False, True]
    (a + b + c).backward()
    assert x.grad.item() == 5.0
