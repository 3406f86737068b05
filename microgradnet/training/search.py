"""Search for hyperparameters: at random, on a grid, or from coarse to fine; stored on disk, resumable, parallel.

    from microgradnet.training import linear_range, log_range, search

    def held_out_loss(lr, momentum):
        ...
        return loss

    if __name__ == "__main__":
        space = {"lr": log_range(1e-5, 1e-1), "momentum": linear_range(0, 0.99)}
        trials = search(held_out_loss, space, 40, storage="search.db", processes=2)
        best = min((t for t in trials if t.error is None), key=lambda t: t.value)

Optuna defines the ranges, draws the random values and stores the trials in an SQLite file that its other tools read.
"""

import contextlib
import functools
import itertools
import math
import time
import traceback
import warnings
from collections.abc import Callable, Generator, Hashable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..random import substream

ROUNDS = 3  # of a coarse-to-fine search
NARROWING = 1 / 3  # of each range from one round to the next


class Trial(NamedTuple):
    """One trial: its ``value``, or None and an ``error`` that says what went wrong."""

    number: int
    parameters: dict
    value: float | None
    error: str | None
    seconds: float


def linear_range(low: float, high: float) -> Any:
    """Numbers from ``low`` to ``high``, all equally likely."""
    return _distributions().FloatDistribution(low, high)


def log_range(low: float, high: float) -> Any:
    """Numbers from ``low`` > 0 to ``high`` with uniform logarithms: for learning rates, penalties and scales."""
    return _distributions().FloatDistribution(low, high, log=True)


def search(
    objective: Callable[..., float],
    space: dict,
    trials: int,
    sampler: str = "random",
    *,
    storage: str | Path | None = None,
    processes: int = 1,
    seed: int = 0,
    direction: str = "minimize",
    callback: Callable[[Trial], None] | None = None,
) -> list[Trial]:
    """Calls ``objective(**parameters)`` for ``trials`` choices of parameters, and returns the table of trials.

    Args:
        objective: returns the number to optimize, such as the loss on held-out data.
        space: name -> ``log_range``, ``linear_range`` or a list of choices (numbers, strings, booleans, None).
        trials: number of trials; for a grid, the maximum.
        sampler: "random" draws every parameter anew for each trial: n trials try n values of it (Bergstra and Bengio
            2012). "grid" takes all combinations of equally spaced values, ends included, as many of each range as fit
            into ``trials``. "coarse-to-fine" draws a third of the trials like "random", the next third from ranges
            one third as wide around the best so far, and the last from ranges a ninth as wide.
        storage: an SQLite file. An interrupted search continues with the remaining trials; a random one can also be
            extended.
        processes: with 1 the trials run here. With more, each runs on one thread in one of as many processes;
            ``objective`` must be a function at module level, and a script must start under
            ``if __name__ == "__main__":``.
        seed: determines all choices, for any number of processes and interruptions. In each trial the default generator
            is seeded with ``seed`` and the trial's number; afterwards it is restored.
        direction: "minimize" or "maximize".
        callback: called with each Trial as soon as it is done, in this process.

    An exception in a trial, a result that is not a number, or the death of its process causes a warning and becomes the
    trial's ``error``; it is not retried, and the others continue.

    Raises ValueError for a bad argument, or a storage whose search had other arguments; ImportError without Optuna.
    """
    distributions = {name: _distribution(name, values) for name, values in space.items()}
    if not distributions:
        raise ValueError("search: space has no parameter")
    if sampler not in PLANS:
        raise ValueError(f"search: sampler must be one of {', '.join(PLANS)}, got {sampler!r}")
    for name, count in (("trials", trials), ("processes", processes)):
        if not isinstance(count, int) or count < 1:
            raise ValueError(f"search: {name} must be a positive integer, got {count!r}")
    if direction not in ("minimize", "maximize"):
        raise ValueError(f"search: direction must be 'minimize' or 'maximize', got {direction!r}")
    plan = PLANS[sampler](distributions, trials, seed)
    numbers, choices = itertools.count(), next(plan)
    # A random search is a prefix of any longer one; the others depend on their number of trials.
    laid_out_for = None if sampler == "random" else trials
    study = _study(storage, direction, distributions, sampler=sampler, seed=seed, trials=laid_out_for)
    done = {trial.number: trial for trial in map(_trial_of, study.get_trials(deepcopy=False))}
    table: list[Trial] = []
    while choices:
        batch = {next(numbers): parameters for parameters in choices}
        todo = {number: parameters for number, parameters in batch.items() if number not in done}
        with contextlib.closing(_run(objective, todo, processes, seed)) as results:
            for trial in results:
                done[trial.number] = trial
                study.add_trial(_stored(trial, distributions))
                if trial.error is not None:
                    message = f"search: trial {trial.number} {trial.parameters} failed: {trial.error}"
                    warnings.warn(message, RuntimeWarning, stacklevel=2)
                if callback is not None:
                    callback(trial)
        table += [done[number] for number in batch]
        choices = plan.send(_best(table, direction))  # type: ignore[arg-type]
    return table


def _random(distributions: dict, trials: int, seed: int) -> Generator:
    """A plan yields one list of parameters per round and is sent the best trial so far; () ends it."""
    draw = _draws(seed)
    yield [draw(distributions) for _ in range(trials)]
    yield ()


def _grid(distributions: dict, trials: int, seed: int) -> Generator:
    ranges = [d for d in distributions.values() if not hasattr(d, "choices")]
    choices = math.prod(len(d.choices) for d in distributions.values() if hasattr(d, "choices"))
    points = 1
    while ranges and choices * (points + 1) ** len(ranges) <= trials:
        points += 1
    if choices > trials or (ranges and points == 1):
        fewest = choices * 2 ** len(ranges)
        raise ValueError(f"search: this grid needs at least {fewest} trials, two values of each range; got {trials}")
    axes = [_spaced(distribution, points) for distribution in distributions.values()]
    yield [dict(zip(distributions, values, strict=True)) for values in itertools.product(*axes)]
    yield ()


def _coarse_to_fine(distributions: dict, trials: int, seed: int) -> Generator:
    draw, best = _draws(seed), None
    for number in range(ROUNDS):
        share = trials * (number + 1) // ROUNDS - trials * number // ROUNDS
        width = NARROWING**number if best is not None else 1.0
        ranges = {name: _around(d, best and best.parameters[name], width) for name, d in distributions.items()}
        if share:
            best = yield [draw(ranges) for _ in range(share)]
    yield ()


PLANS = {"random": _random, "grid": _grid, "coarse-to-fine": _coarse_to_fine}


def _draws(seed: int) -> Callable[[dict], dict]:
    """Optuna's random sampler as a function from distributions to values."""
    optuna = _optuna()
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    return lambda distributions: study.ask(distributions).params


def _spaced(distribution, points: int) -> list:
    if hasattr(distribution, "choices"):
        return list(distribution.choices)
    spaced = np.geomspace if distribution.log else np.linspace
    return spaced(distribution.low, distribution.high, points).tolist()


def _around(distribution, centre, width: float):
    """The part of a range around ``centre`` that is ``width`` times as wide, on the range's scale, and inside it."""
    if width == 1 or hasattr(distribution, "choices"):
        return distribution
    to, back = (math.log, math.exp) if distribution.log else (float, float)
    half = width / 2 * (to(distribution.high) - to(distribution.low))
    low, high = max(distribution.low, back(to(centre) - half)), min(distribution.high, back(to(centre) + half))
    return type(distribution)(low, high, log=distribution.log)


def _run(objective: Callable, todo: dict[int, dict], processes: int, seed: int) -> Generator[Trial, None, None]:
    attempt = functools.partial(_attempt, objective, seed)
    if processes == 1:
        results = ((number, attempt(number, parameters)) for number, parameters in todo.items())
    else:
        from .workers import in_processes  # multiprocessing takes 12 ms to import, and nothing else here needs it

        tasks: dict[Hashable, tuple] = {number: (number, parameters) for number, parameters in todo.items()}
        results = in_processes(attempt, tasks, processes, lambda code: (None, f"its process ended with {code}", 0.0))
    for number, (value, error, seconds) in results:
        yield Trial(number, todo[number], value, error, seconds)


def _attempt(objective: Callable, seed: int, number: int, parameters: dict) -> tuple[float | None, str | None, float]:
    """Value or error, and duration, of one call of the objective."""
    begin = time.perf_counter()
    try:
        with substream(seed, number):
            value, error = float(objective(**parameters)), None
        if math.isnan(value):
            value, error = None, "the objective is not a number (NaN)"
    except Exception as exception:
        where = traceback.extract_tb(exception.__traceback__)[-1]
        place = f"{Path(where.filename).name}, line {where.lineno}"
        value, error = None, f"{type(exception).__name__}: {exception} ({place})"
    return value, error, time.perf_counter() - begin


def _best(trials: list[Trial], direction: str) -> Trial | None:
    sign = 1 if direction == "minimize" else -1
    return min((t for t in trials if t.error is None), key=lambda t: (sign * t.value, t.number), default=None)  # type: ignore[operator]


def _study(storage, direction: str, distributions: dict, **settings):
    """The Optuna study in ``storage``, new or resumed."""
    optuna = _optuna()
    settings["direction"] = direction
    settings["space"] = {name: optuna.distributions.distribution_to_json(d) for name, d in distributions.items()}
    if storage is not None:
        Path(storage).parent.mkdir(parents=True, exist_ok=True)
    url = None if storage is None else f"sqlite:///{Path(storage)}"
    study = optuna.create_study(study_name="search", storage=url, load_if_exists=True, directions=[direction])
    before = study.user_attrs.get("settings", settings)
    for name, value in settings.items():
        if before[name] != value:
            raise ValueError(f"search: {storage} has a search with {name} {before[name]}, not {value}")
    study.set_user_attr("settings", settings)
    return study


def _stored(trial: Trial, distributions: dict):
    optuna = _optuna()
    return optuna.trial.create_trial(
        state=optuna.trial.TrialState.COMPLETE if trial.error is None else optuna.trial.TrialState.FAIL,
        value=trial.value,
        params=trial.parameters,
        distributions=distributions,
        user_attrs={"number": trial.number, "error": trial.error, "seconds": trial.seconds},
    )


def _trial_of(stored) -> Trial:
    kept = stored.user_attrs
    return Trial(kept["number"], stored.params, stored.value, kept["error"], kept["seconds"])


def _distribution(name: str, values):
    distributions = _distributions()
    if isinstance(values, distributions.FloatDistribution):
        return values
    if isinstance(values, list | tuple) and values:
        return distributions.CategoricalDistribution(values)
    raise ValueError(f"search: {name} needs a log_range, a linear_range or a list of choices, got {values!r}")


def _distributions():
    return _optuna().distributions


def _optuna():
    try:
        import optuna
    except ImportError:
        raise ImportError("search: Optuna is needed: pip install optuna") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # it reports every trial on stderr
    return optuna
