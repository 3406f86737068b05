"""What a user's type checker finds in a script that imports the installed package, strictly checked."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCRIPT = """
import microgradnet as mg
import visualize
from microgradnet import nn, optim

x = mg.tensor([1.0, 2.0], requires_grad=True)
reveal_type(x + 1)  # Tensor
reveal_type(2 / x)  # Tensor
reveal_type(x.sum(dim=0, keepdim=True))  # Tensor
reveal_type(x.sort().values)  # Tensor
reveal_type(x == x)  # Tensor
reveal_type(mg.add(x, 1, alpha=2))  # Tensor
reveal_type(mg.tanh(x))  # Tensor | Any
reveal_type(mg.allclose(x, x))  # bool
model = nn.Sequential(nn.Linear(2, 1))
optim.SGD(model.parameters(), lr=0.1).step()
visualize.draw(x.sum()).save("x.svg")
x.sum(dims=0)  # error: call-arg
x.tanh(1)  # error: call-arg
mg.tanh(x, x)  # error: call-arg
x.reshpe(2)  # error: attr-defined
mg.zeros("two")  # error: arg-type
"""


def test_a_script_sees_parameters_and_results(tmp_path):
    file = tmp_path / "script.py"
    file.write_text(SCRIPT, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--allow-untyped-calls",
        "--config-file=",
        "--follow-imports=silent",
        str(file),
    ]
    environment = {"MYPYPATH": str(ROOT), "PATH": ""}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    found: dict[int, str] = {}
    for line, kind, text in re.findall(r"^script\.py:(\d+): (error|note): (.*)$", done.stdout, re.MULTILINE):
        revealed = re.search(r'Revealed type is "(.*)"', text)
        code = re.search(r"\[([a-z-]+)\]$", text)
        if revealed:
            found[int(line)] = re.sub(r"[\w.]*\b(Tensor|bool|Any)\b", r"\1", revealed[1])
        elif kind == "error" and code:
            found[int(line)] = f"error: {code[1]}"
    said = {i: text.partition("  # ")[2] for i, text in enumerate(SCRIPT.splitlines(), 1) if "  # " in text}
    assert found == said, done.stdout + done.stderr
