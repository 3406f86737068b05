"""One counter of structural changes: modules, parameters, modes and hooks. Who has looked can tell cheaply whether all
is as it was.

A change is anything but the numbers in an array: an attribute of a module, a hook that is added or removed, another
array in a tensor, ``requires_grad``, the default dtype.
"""

count = 0


def changed() -> None:
    """Says that something has changed."""
    global count
    count += 1
