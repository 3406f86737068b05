"""The life of a scalar tape: what is kept, what is dropped, and how little memory it takes."""

import gc
import random
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microgradnet.scalar import ScalarTape, Value
from microgradnet.scalar import sum as node_sum
from microgradnet.scalar import tape as tape_module

ROOT = Path(__file__).parents[2]


def test_a_steps_numbers_are_dropped_and_the_parameters_stay():
    with ScalarTape() as tape:
        w = Value(1.0)
        mark = tape.mark()
        loss = (w * 3) ** 2
        loss.backward()
        assert w.grad == 18.0
        tape.truncate(mark)
        assert len(tape) == 1
        assert (w.data, w.grad) == (1.0, 18.0)
        for use in (lambda: loss.data, lambda: loss.grad, loss.backward, lambda: loss.op, lambda: loss + 1, loss.tanh):
            with pytest.raises(RuntimeError, match=r"dropped from its tape by truncate\(\)"):
                use()


def test_a_dropped_value_is_noticed_although_its_place_was_taken_again():
    with ScalarTape() as tape:
        w = Value(2.0)
        mark = tape.mark()
        stale = w * 3
        tape.truncate(mark)
        fresh = w * 5
        for use in (lambda: stale.data, lambda: w * stale, lambda: stale * w, stale.exp, lambda: node_sum([w, stale])):
            with pytest.raises(RuntimeError, match="dropped"):
                use()
        assert fresh.data == 10.0


def test_a_value_dropped_two_truncations_ago_is_noticed_at_the_latest_when_it_is_computed_with():
    with ScalarTape() as tape:
        w = Value(2.0)
        outer = tape.mark()
        kept = w * 2
        inner = tape.mark()
        first = kept * 3
        tape.truncate(inner)
        second = kept * 4
        later = tape.mark()
        third = second * 5
        tape.truncate(later)
        assert (kept.data, second.data) == (4.0, 16.0)
        with pytest.raises(RuntimeError, match=r"add: this Value was dropped"):
            (first + w).data  # noqa: B018
        with pytest.raises(RuntimeError, match="dropped"):
            third.data  # noqa: B018
        assert (second + w).data == 18.0, "the tape goes on after the error"
        tape.truncate(outer)
        assert len(tape) == 1
        with pytest.raises(ValueError, match=r"truncate: .* was dropped itself"):
            tape.truncate(inner)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["op", "mark", "truncate", "read", "sum"]), max_size=60), st.integers(0, 10**6))
def test_any_sequence_of_marks_and_truncations_keeps_what_it_should(actions, seed):
    """Against a model: a list of the numbers that are alive."""
    choose = random.Random(seed)
    with ScalarTape() as tape:
        alive = [(Value(1.25), 1.25)]
        marks = []
        for action in actions:
            if action == "op":
                (a, x), (b, y) = choose.choice(alive), choose.choice(alive)
                alive.append((a * 0.5 + b, x * 0.5 + y))
            elif action == "sum":
                picked = [choose.choice(alive) for _ in range(3)]
                alive.append((node_sum([v for v, _ in picked]), 0.0 + picked[0][1] + picked[1][1] + picked[2][1]))
            elif action == "mark":
                marks.append((tape.mark(), len(alive)))
            elif action == "truncate" and marks:
                mark, count = marks.pop(choose.randrange(len(marks)))
                marks = [m for m in marks if m[0] <= mark]
                tape.truncate(mark)
                del alive[count:]
            elif action == "read":
                value, number = choose.choice(alive)
                assert value.data == number
        assert [v.data for v, _ in alive] == [x for _, x in alive]


def test_what_is_made_after_a_truncation_knows_its_operands_and_the_dropped_labels_are_gone():
    with ScalarTape() as tape:
        w = Value(2.0, label="w")
        mark = tape.mark()
        (w * 3).label = "dropped"
        tape.truncate(mark)
        a, b = w * 5, w * 7
        product = a * b
        assert product.operands == [a, b] and a.operands[0] == w
        assert list(tape.labels.values()) == ["w"]


def test_a_sum_of_very_many_has_room_for_all_its_operands():
    with ScalarTape():
        values = [Value(float(i)) for i in range(5000)]
        total = node_sum(values)
        assert total.data == 5000 * 4999 / 2
        assert total.operands == values
        total.backward()
        assert {v.grad for v in values} == {1.0}


def test_values_of_two_tapes_do_not_meet():
    with ScalarTape():
        a = Value(1.0)
    with ScalarTape():
        b = Value(1.0)
        for use in (lambda: a + b, lambda: a.maximum(b), lambda: node_sum([a, b])):
            with pytest.raises(RuntimeError, match="different tapes"):
                use()


def test_a_loop_that_never_truncates_does_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(tape_module, "COLLECT_FROM", 5000)
    with ScalarTape() as tape:
        tape.collect_at = 5000
        weights = [Value(v) for v in (0.5, -0.25)]
        kept = weights[0] * 7
        weights[1].label = "bias"
        for _ in range(200):
            loss = sum((weights[0] * x + weights[1] - 2 * x) ** 2 for x in range(25))
            for w in weights:
                w.grad = 0.0
            loss.backward()
            for w in weights:
                w.data -= 5e-5 * w.grad
        assert len(tape) < 10_000
        assert weights[1].label == "bias"
        assert kept.data == 3.5 and kept.operands[0] == weights[0]
        assert weights[0].data == pytest.approx(2.0, abs=0.1)


def test_collecting_keeps_the_gradients_of_what_is_kept():
    with ScalarTape() as tape:
        dropped = [Value(9.0) for _ in range(3)]
        a, b = Value(2.0), Value(3.0)
        (a * b + sum(dropped)).backward()
        a_alone = a.grad
        del dropped
        count = len(tape)
        tape.collect()
        assert len(tape) == 2 < count
        assert (a_alone, a.grad, b.grad) == (3.0, 3.0, 2.0)
        (a * b * b).backward()
        assert (a.grad, b.grad) == (3.0 + 9.0, 2.0 + 12.0), "a gradient adds up over a collection"


def test_collecting_changes_no_number():
    def losses(every: int) -> list[float]:
        with ScalarTape() as tape:
            w = [Value(0.1 * i) for i in range(5)]
            out = []
            for step in range(20):
                loss = node_sum([(v * (i + 1)).tanh() for i, v in enumerate(w)]) ** 2
                for v in w:
                    v.grad = 0.0
                loss.backward()
                for v in w:
                    v.data -= 0.01 * v.grad
                out.append(loss.data)
                if step % every == 0:
                    tape.collect()
            return out

    assert losses(1) == losses(1000)


def test_a_tape_that_nobody_holds_frees_everything():
    def make():
        with ScalarTape():
            x = Value(1.0)
            for _ in range(200_000):
                x = x * 1.0000001
            x.backward()
            return x

    make()
    gc.collect()
    tracemalloc.start()
    x = make()
    held = tracemalloc.get_traced_memory()[0]
    del x
    freed = held - tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held > 5_000_000
    assert freed > 0.98 * held


MILLIONS = """
import resource, sys
from pathlib import Path
from microgradnet.scalar import ScalarTape, Value
with ScalarTape() as tape:
    first = x = Value(1.0)
    one = Value(1.0)
    for _ in range(10_000_000):
        x = x + one
    x.backward()
    status = Path("/proc/self/status")  # Linux's getrusage counts the process that forked this one too
    if status.exists():
        peak = 1024 * int(next(s for s in status.read_text().splitlines() if s.startswith("VmHWM")).split()[1])
    else:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(len(tape), x.data, first.grad, one.grad, peak, tape.nbytes / len(tape))
"""


def test_ten_million_nodes_are_recorded_and_differentiated_in_under_a_gigabyte():
    done = subprocess.run([sys.executable, "-c", MILLIONS], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    nodes, value, first, one, peak, each = map(float, done.stdout.split())
    assert (nodes, value, first, one) == (10_000_002, 10_000_001.0, 1.0, 10_000_000.0)
    assert peak < 1e9
    assert each < 30, "bytes a node, with room to grow"
