"""One-line checks of hyperparameters."""


def require(optimizer, group: dict, *, positive=(), not_negative=(), below_one=()) -> None:
    """Raises ValueError unless the group's entries of these names are > 0, >= 0, or in [0, 1).

    If an entry is a tuple, each of its numbers is checked.
    """
    ranges = (
        (positive, "positive", lambda value: value > 0),
        (not_negative, "at least 0", lambda value: value >= 0),
        (below_one, "in [0, 1)", lambda value: 0 <= value < 1),
    )
    for names, expected, holds in ranges:
        for name in names:
            value = group[name]
            if not all(holds(v) for v in (value if isinstance(value, tuple | list) else (value,))):
                raise ValueError(f"{type(optimizer).__name__}: {name} must be {expected}, got {value}")


def require_betas(optimizer, group: dict, count: int) -> None:
    """Raises ValueError unless ``betas`` has ``count`` numbers."""
    if len(group["betas"]) != count:
        raise ValueError(f"{type(optimizer).__name__}: betas has {count} numbers, got {group['betas']}")
