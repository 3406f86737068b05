"""Searches are the same however they are run: in one process or two, at once or after being killed."""

import math
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

import microgradnet as mg
from microgradnet.training import linear_range, log_range, search
from tests.training import objectives

SPACE = {"lr": log_range(1e-6, 1), "momentum": linear_range(0, 1)}
ONE = {"lr": linear_range(0, 1)}


def without_times(trials) -> list:
    return [trial[:4] for trial in trials]


def test_random_search_draws_each_scale_evenly():
    trials = search(objectives.valley, SPACE, 300)
    assert [trial.number for trial in trials] == list(range(300))
    decades = np.histogram([math.log10(t.parameters["lr"]) for t in trials], 6, (-6, 0))[0]
    tenths = np.histogram([t.parameters["momentum"] for t in trials], 6, (0, 1))[0]
    assert min(decades) > 30 and min(tenths) > 30
    assert len({t.parameters["lr"] for t in trials}) == 300
    for t in trials:
        assert t.error is None and t.value == objectives.valley(**t.parameters) and t.seconds >= 0


def test_a_grid_has_every_combination():
    space = {**SPACE, "activation": ["tanh", "relu", None]}
    trials = search(lambda lr, momentum, activation: 0.0, space, 30, "grid")
    rates, momenta = (sorted({t.parameters[name] for t in trials}) for name in SPACE)
    np.testing.assert_allclose(rates, [1e-6, 1e-3, 1])
    assert momenta == [0, 0.5, 1]
    combinations = {tuple(t.parameters.values()) for t in trials}
    assert len(combinations) == len(trials) == 27


@pytest.mark.parametrize("seed", range(5))
def test_coarse_to_fine_comes_closer_than_random(seed):
    rounds = search(objectives.valley, SPACE, 60, "coarse-to-fine", seed=seed)
    best = [min(t.value for t in rounds[: 20 * (number + 1)]) for number in range(3)]
    assert best[2] < best[0] and best[2] < 0.05
    width = [np.ptp([math.log10(t.parameters["lr"]) for t in rounds[20 * n : 20 * (n + 1)]]) for n in range(3)]
    assert width[1] <= 2 and width[2] <= 2 / 3 and width[0] > 3
    centre = min(rounds[:20], key=lambda t: t.value).parameters["lr"]
    assert all(abs(math.log10(t.parameters["lr"] / centre)) <= 1 + 1e-9 for t in rounds[20:40])


def test_the_largest_is_sought_if_asked():
    trials = search(objectives.valley, SPACE, 30, "coarse-to-fine", direction="maximize")
    best = max(trials[:10], key=lambda t: t.value)
    assert all(abs(t.parameters["momentum"] - best.parameters["momentum"]) <= 1 / 6 + 1e-9 for t in trials[10:20])


@pytest.mark.parametrize("sampler", ["random", "coarse-to-fine"])
def test_two_processes_find_what_one_does(sampler):
    here = search(objectives.noisy, ONE, 9, sampler, seed=3)
    there = search(objectives.noisy, ONE, 9, sampler, seed=3, processes=2)
    assert without_times(here) == without_times(there)
    assert without_times(here) != without_times(search(objectives.noisy, ONE, 9, sampler, seed=4))


def test_each_process_has_one_thread():
    assert {t.value for t in search(objectives.threads, ONE, 4, processes=2)} == {1}


def test_the_generator_goes_on_where_it_was():
    mg.manual_seed(5)
    expected = mg.rand(3).numpy()
    mg.manual_seed(5)
    search(objectives.noisy, ONE, 3)
    np.testing.assert_array_equal(mg.rand(3).numpy(), expected)


@pytest.mark.parametrize("processes", [1, 2])
def test_errors_are_reported_and_lose_nothing(processes, tmp_path):
    objective = objectives.troubled if processes == 2 else objectives.troubled_here
    with pytest.warns(RuntimeWarning, match=r"^search: trial \d+ \{'lr': 0\.\d+\} failed: ") as warned:
        trials = search(objective, ONE, 20, processes=processes, storage=tmp_path / "s.db")
    assert len(trials) == 20
    for trial in trials:
        lr = trial.parameters["lr"]
        if lr < 0.2:
            assert trial.error.startswith("ZeroDivisionError: too small (objectives.py, line ")
        elif lr < 0.4:
            assert trial.error == "the objective is not a number (NaN)"
        elif lr < 0.5 and processes == 2:
            assert trial.error == "its process ended with 7"
        else:
            assert trial.error is None and trial.value == pytest.approx(lr, abs=0.11)
        assert (trial.value is None) == (trial.error is not None)
    failed = [t for t in trials if t.error is not None]
    assert len(warned) == len(failed) and len({t.error[:9] for t in failed}) == processes + 1
    calls = []
    again = search(calls.append, ONE, 20, storage=tmp_path / "s.db")
    assert again == trials and not calls


def test_a_search_goes_on_after_an_exception_outside_of_trials(tmp_path):
    def stop(trial):
        if trial.number == 4:
            raise KeyboardInterrupt

    whole = search(objectives.noisy, ONE, 9, "coarse-to-fine")
    with pytest.raises(KeyboardInterrupt):
        search(objectives.noisy, ONE, 9, "coarse-to-fine", storage=tmp_path / "a" / "s.db", callback=stop)
    rest = []
    again = search(
        objectives.noisy, ONE, 9, "coarse-to-fine", storage=tmp_path / "a" / "s.db", processes=2, callback=rest.append
    )
    assert sorted(trial.number for trial in rest) == [5, 6, 7, 8]
    assert without_times(again) == without_times(whole)


def test_a_random_search_can_be_given_more_trials(tmp_path):
    first = search(objectives.noisy, ONE, 4, storage=tmp_path / "s.db")
    more = search(objectives.noisy, ONE, 7, storage=tmp_path / "s.db")
    assert more[:4] == first and without_times(more) == without_times(search(objectives.noisy, ONE, 7))


@pytest.mark.parametrize("processes", [1, 2])
def test_after_kill_9_the_trials_that_remain_are_run(processes, tmp_path):
    code = f"""
        from microgradnet.training import linear_range, search
        from tests.training.objectives import slow

        if __name__ == "__main__":
            space = {{"lr": linear_range(0, 1), "folder": [{str(tmp_path)!r}]}}
            search(slow, space, 24, storage={str(tmp_path / "s.db")!r}, processes={processes},
                   callback=lambda trial: print(trial.number, flush=True))
    """
    (tmp_path / "script.py").write_text(textwrap.dedent(code))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, tmp_path / "script.py"]
    done = []
    for pause in (0.0, 0.03):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        done += [int(process.stdout.readline()) for _ in range(4)]
        time.sleep(pause)
        os.kill(process.pid, signal.SIGKILL)
        done += [int(line) for line in process.stdout.read().split()]
        process.wait()
        process.stdout.close()
    time.sleep(0.3)  # a trial that was under way when its parent was killed comes to its end, for nothing
    before = len((tmp_path / "calls").read_text())
    rest = []
    space = {"lr": linear_range(0, 1), "folder": [str(tmp_path)]}
    trials = search(objectives.slow, space, 24, storage=tmp_path / "s.db", callback=rest.append)
    assert len(trials) == 24 and not any(t.error for t in trials)
    # What was done but could not be printed before the kill is on disk all the same.
    assert set(done).isdisjoint(t.number for t in rest) and 24 - len(done) - 2 <= len(rest) <= 24 - len(done)
    assert len((tmp_path / "calls").read_text()) == before + len(rest)
    assert [t.parameters for t in trials] == [t.parameters for t in search(lambda lr, folder: 0, space, 24)]


def test_optuna_reads_the_storage(tmp_path):
    import optuna

    trials = search(objectives.valley, SPACE, 10, storage=tmp_path / "s.db")
    study = optuna.load_study(study_name="search", storage=f"sqlite:///{tmp_path / 's.db'}")
    assert study.best_value == min(t.value for t in trials)
    assert [t.params for t in study.trials] == [t.parameters for t in trials]


def test_a_storage_of_another_search_is_refused(tmp_path):
    search(objectives.valley, SPACE, 5, "grid", storage=tmp_path / "s.db")
    others = [
        ({"sampler": "random"}, "sampler grid, not random"),
        ({"seed": 1}, "seed 0, not 1"),
        ({"trials": 9}, "trials 5, not 9"),
        ({"direction": "maximize"}, "direction minimize, not maximize"),
        ({"space": {**SPACE, "momentum": linear_range(0, 0.9)}}, "space .*, not .*"),
    ]
    for change, words in others:
        arguments = {"space": SPACE, "trials": 5, "sampler": "grid", **change}
        with pytest.raises(ValueError, match=f"^search: .* has a search with {words}"):
            search(objectives.valley, storage=tmp_path / "s.db", **arguments)


def test_what_other_processes_cannot_have_is_named():
    with pytest.raises(TypeError, match=r"^search: several processes need a function of a module, to import it: "):
        search(lambda lr: lr, ONE, 2, processes=2)


def test_a_script_without_its_main_guard_is_told_so(tmp_path):
    code = """
        from microgradnet.training import linear_range, search
        from tests.training.objectives import valley
        search(valley, {"lr": linear_range(0.1, 1), "momentum": [0]}, 2, processes=2)
    """
    (tmp_path / "script.py").write_text(textwrap.dedent(code))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, tmp_path / "script.py"]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("RuntimeError: search: a process could not begin: a script must")


BAD = [
    ({"space": {}}, "space has no parameter"),
    ({"space": {"lr": []}}, r"lr needs a log_range, a linear_range or a list of choices, got \[\]"),
    ({"space": {"lr": 0.1}}, "lr needs a log_range, a linear_range or a list of choices, got 0.1"),
    ({"trials": 0}, "trials must be a positive integer, got 0"),
    ({"processes": 0}, "processes must be a positive integer, got 0"),
    ({"sampler": "best"}, "sampler must be one of random, grid, coarse-to-fine, got 'best'"),
    ({"direction": "up"}, "direction must be 'minimize' or 'maximize', got 'up'"),
    ({"space": {**ONE, "b": [1, 2]}, "trials": 3, "sampler": "grid"}, "this grid needs at least 4 trials"),
]


@pytest.mark.parametrize(("change", "message"), BAD, ids=[message[:20] for _, message in BAD])
def test_bad_arguments_are_named(change, message):
    with pytest.raises(ValueError, match=f"^search: {message}"):
        search(objectives.valley, **{"space": ONE, "trials": 5, **change})


def test_without_optuna_it_is_asked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError, match=r"^search: Optuna is needed: pip install optuna$"):
        search(objectives.valley, SPACE, 5)


def test_importing_the_library_imports_no_search():
    code = "import sys, microgradnet; print([m for m in ('optuna', 'microgradnet.training') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True, cwd=Path(__file__).parents[2]) == "[]\n"
    code = "import sys, microgradnet.training; print('optuna' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True, cwd=Path(__file__).parents[2]) == "False\n"
