"""Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict: as lists and dicts, and beside PyTorch's."""

from collections import OrderedDict

import pytest

import microgradnet as mg
from microgradnet import nn
from tests.covered import covers
from tests.oracle import oracle


def modules(library) -> list:
    return [library.nn.Linear(2, 3), library.nn.ReLU(), library.nn.Linear(3, 1, bias=False)]


def edit(library, container: str):
    """A container after every kind of edit."""
    kind = getattr(library.nn, container)
    made = kind(*modules(library)) if container == "Sequential" else kind(modules(library))
    made.append(library.nn.Tanh())
    made.insert(1, library.nn.Sigmoid())
    made.extend([library.nn.Identity(), library.nn.Identity()])
    made[-1] = library.nn.Flatten()
    del made[0]
    made.pop(1)
    return made


@covers("nn.Sequential", "nn.ModuleList")
@pytest.mark.parametrize("container", ["Sequential", "ModuleList"])
def test_edits_leave_what_pytorchs_do(container):
    torch = oracle()
    ours, theirs = edit(mg, container), edit(torch, container)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert repr(ours[1:3]) == repr(theirs[1:3])
    assert repr(ours[-1]) == repr(theirs[-1])
    assert repr(ours + ours) == repr(theirs + theirs)
    assert len(ours) == len(theirs)
    del ours[:2], theirs[:2]
    assert repr(ours) == repr(theirs)


def test_sequential_with_names_applies_in_order():
    model = nn.Sequential(OrderedDict(first=nn.Identity(), act=nn.ReLU()))
    assert [name for name, _ in model.named_children()] == ["first", "act"]
    assert model.act is model[1]
    assert model(mg.tensor([-1.0, 2.0])).tolist() == [0.0, 2.0]


@covers("nn.ModuleDict")
def test_module_dict_is_a_dict_that_owns():
    torch = oracle()
    made = []
    for library in (mg, torch):
        d = library.nn.ModuleDict({"a": library.nn.Linear(1, 1), "b": library.nn.ReLU()})
        d["c"] = library.nn.Tanh()
        d.update([["d", library.nn.Sigmoid()]])
        del d["b"]
        made.append((repr(d), list(d.keys()), "a" in d, "b" in d, len(d), repr(d.pop("c")), list(d)))
    assert made[0] == made[1]
    assert [n for n, _ in nn.ModuleDict({"a": nn.Linear(1, 1)}).named_parameters()] == ["a.weight", "a.bias"]


@covers("nn.ParameterList", "nn.ParameterDict")
def test_parameters_in_lists_and_dicts_are_found_and_trained():
    params = nn.ParameterList([mg.ones(2), nn.Parameter([3.0])])
    params += [mg.zeros(1)]
    assert [n for n, _ in params.named_parameters()] == ["0", "1", "2"]
    assert len(params[1:]) == 2
    params[0] = mg.zeros(4)
    assert params[0].shape == (4,)
    assert params[-1].requires_grad
    named = nn.ParameterDict({"a": mg.ones(2)})
    named["b"] = nn.Parameter([1.0])
    assert [n for n, _ in named.named_parameters()] == ["a", "b"]
    assert named.setdefault("a") is named["a"]
    assert named.get("z") is None
    assert named.pop("a").tolist() == [1.0, 1.0]
    assert list(named.keys()) == ["b"]
    torch = oracle()
    theirs = torch.nn.ParameterDict({"b": torch.nn.Parameter(torch.tensor([1.0]))})
    assert list(named.state_dict()) == list(theirs.state_dict())
    (named["b"] * 5).sum().backward()
    assert named["b"].grad.tolist() == [5.0]


def test_errors_name_the_container():
    with pytest.raises(TypeError, match="Sequential: modules expected, 1 is a function"):
        nn.Sequential(nn.ReLU(), lambda x: x)
    with pytest.raises(IndexError, match="ModuleList: index 3 is out of range, it has 1"):
        nn.ModuleList([nn.ReLU()])[3]
    with pytest.raises(TypeError, match="ModuleDict: modules expected, 'a' is a int"):
        nn.ModuleDict({"a": 3})
    with pytest.raises(TypeError, match="several tensors expected"):
        nn.ParameterList(mg.ones(2))
    with pytest.raises(TypeError, match="several modules expected, got ReLU"):
        nn.ModuleList().extend(nn.ReLU())
    with pytest.raises(KeyError, match="exists already"):
        nn.ParameterDict({"forward": mg.ones(1)})
