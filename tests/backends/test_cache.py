"""Compiled kernels on disk: whatever happens to the folder, a kernel is right, and it never stops a program."""

import hashlib
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from microgradnet.backends import cache

USE = """
    import numpy as np, microgradnet as mg
    x = mg.tensor([-1.0, 0.5, 2.0])
    assert mg.relu(x).tolist() == [0, 0.5, 2]
    print("fine")
"""


def run(folder: Path, code: str = USE, **environment: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "MICROGRADNET_CACHE": str(folder), **environment}
    command = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=300, cwd=Path(__file__).parents[2]
    )


def command(folder: Path, *words: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "MICROGRADNET_CACHE": str(folder)}
    return subprocess.run(
        [sys.executable, "-m", "microgradnet", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        cwd=Path(__file__).parents[2],
    )


def files(folder: Path, pattern: str) -> set[str]:
    return {path.name for path in folder.rglob(pattern)}


def test_a_second_process_takes_the_kernels_from_disk(tmp_path):
    assert run(tmp_path).stdout == "fine\n"
    made = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nbc")}
    assert made
    assert run(tmp_path).stdout == "fine\n"
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nbc")} == made


def test_two_processes_at_once_share_an_empty_folder(tmp_path):
    environment = {**os.environ, "MICROGRADNET_CACHE": str(tmp_path)}
    command = [sys.executable, "-c", textwrap.dedent(USE)]
    both = [
        subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for _ in range(2)
    ]
    for process in both:
        out, error = process.communicate(timeout=300)
        assert out == "fine\n", error


DAMAGES = {
    "empty": lambda content: b"",
    "foreign": lambda content: b"garbage \x00\xff(",
    "cut short": lambda content: content[: len(content) // 2],
    "one bit": lambda content: content[:-400] + bytes([content[-400] ^ 4]) + content[-399:],
    "no digest": lambda content: content[32:],
}


@pytest.mark.parametrize("pattern", ["mg_*.py", "*.nbc"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_made_anew(tmp_path, pattern, damage):
    assert run(tmp_path).stdout == "fine\n"
    sound = {path: path.read_bytes() for path in tmp_path.rglob(pattern)}
    assert sound
    for path, content in sound.items():
        path.write_bytes(DAMAGES[damage](content))
    result = run(tmp_path)
    assert result.stdout == "fine\n", result.stderr
    for path, content in sound.items():
        assert abs(path.stat().st_size - len(content)) < 100  # code for the same source


def test_machine_code_of_other_libraries_is_made_anew(tmp_path):
    assert run(tmp_path).stdout == "fine\n"
    for path in tmp_path.rglob("*.nbc"):
        data = b"cno.such.module\nname\n."  # a sound digest over a pickle that cannot be read
        path.write_bytes(hashlib.sha256(data).digest() + data)
    result = run(tmp_path)
    assert result.stdout == "fine\n", result.stderr


def test_another_processor_does_not_get_this_ones_machine_code(tmp_path):
    assert run(tmp_path).stdout == "fine\n"
    before = files(tmp_path, "*.nbc")
    result = run(tmp_path, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="")
    assert result.stdout == "fine\n", result.stderr
    assert files(tmp_path, "*.nbc") > before


def test_without_a_folder_everything_runs_and_it_is_said_once(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    result = run(blocked / "cache", USE + "    mg.tanh(x)\n")
    assert result.stdout == "fine\n"
    assert result.stderr.count("no folder for compiled kernels can be written") == 1
    assert str(blocked / "cache") in result.stderr
    assert not list(tmp_path.rglob("mg_*"))


FULL_DISK = """
    import errno, os
    def replace(*names):
        raise OSError(errno.ENOSPC, "No space left on device")
    os.replace = replace
"""


def test_on_a_full_disk_everything_runs_and_it_is_said_once(tmp_path):
    result = run(tmp_path, FULL_DISK + USE + "    mg.tanh(x)\n")
    assert result.stdout == "fine\n", result.stderr
    assert result.stderr.count("cannot be kept") == 1 and "No space left on device" in result.stderr
    assert files(tmp_path, "*") == set()


INTERRUPTED = """
    import os
    def replace(*names):
        raise KeyboardInterrupt
    os.replace = replace
"""


def test_an_interrupt_while_compiling_leaves_nothing_half_written(tmp_path):
    assert "KeyboardInterrupt" in run(tmp_path, INTERRUPTED + USE).stderr
    assert files(tmp_path, "*") == set()
    assert run(tmp_path).stdout == "fine\n"


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Windows has no such modes")
@pytest.mark.parametrize(
    ("mode_above", "mode", "said"),
    [(0o755, 0o777, "everybody may write to"), (0o777, 0o755, "everybody may write to"), (0o1777, 0o700, None)],
)
def test_a_folder_that_others_may_write_to_is_refused(tmp_path, mode_above, mode, said):
    folder = tmp_path / "above" / "kernels"
    folder.mkdir(parents=True)
    folder.chmod(mode)
    folder.parent.chmod(mode_above)
    result = run(folder)
    if said is None:
        assert result.stdout == "fine\n", result.stderr
        return
    last = result.stderr.splitlines()[-1]
    assert "PermissionError: MICROGRADNET_CACHE=" in last and said in last and "only you can write to" in last
    assert files(folder, "*") == set()


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("given_away", ["kernels", "above", "link"])
def test_a_folder_of_another_user_is_refused(tmp_path, given_away):
    folder = tmp_path / "above" / "kernels"
    folder.mkdir(parents=True)
    if given_away == "link":
        link = tmp_path / "link"
        link.symlink_to(folder)
        os.lchown(link, 12345, 12345)
        folder = link
    else:
        os.chown(tmp_path / "above" if given_away == "above" else folder, 12345, 12345)
    result = run(folder)
    assert "belongs to another user (id 12345)" in result.stderr.splitlines()[-1]


def test_a_change_of_source_is_another_kernel(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "folder", lambda: tmp_path)
    text = "@njit(cache=True)\ndef f(x):\n    return x * {}\n"
    assert cache.load("scaled", text.format(2)).f(np.float64(3)) == 6
    assert cache.load("scaled", text.format(5)).f(np.float64(3)) == 15
    assert len(files(tmp_path, "mg_scaled_*.py")) == 2


def test_compiled_kernels_are_counted_and_said_once(tmp_path):
    """Only what was compiled counts, and a run that finds all on disk says nothing."""
    code = """
        import microgradnet as mg
        from microgradnet.backends import cache
        x = mg.tensor([-1.0, 0.5, 2.0])
        for op in (mg.relu, mg.relu, mg.tanh):
            op(x)
        print(cache.compiled.count)
        for _ in range(3):
            cache.count_compilation(0.6)
    """
    first = run(tmp_path, code)
    made = len(files(tmp_path, "*.nbc"))
    assert first.stdout == f"{made}\n"
    assert first.stderr.count("compiled on first use") == 1 and first.stderr.count("warm-up") == 1
    again = run(tmp_path, code.replace("range(3)", "range(0)"))
    assert (again.stdout, again.stderr) == ("0\n", "")


def test_after_the_warm_up_nothing_is_compiled(tmp_path):
    code = """
        import numpy as np, microgradnet as mg
        from microgradnet.backends import cache
        for dtype in (mg.float32, mg.float64):
            for size in (3, 1 << 22):
                x = mg.tensor(np.ones(size), dtype=dtype, requires_grad=True)
                mg.softsign(x).sum().backward()
            norm = mg.nn.LayerNorm(4, dtype=dtype)
            norm(mg.ones(2, 4, dtype=dtype)).sum().backward()
            mg.optim.Adagrad(norm.parameters()).step()
        print(cache.compiled.count)
    """
    names = ("softsign", "LayerNorm", "Adagrad")
    warm = command(tmp_path, "warm-up", *names)
    assert "kernels compiled in" in warm.stdout, warm.stderr
    assert run(tmp_path, code).stdout == "0\n"
    again = command(tmp_path, "warm-up", *names)
    assert again.stdout.splitlines()[-1].startswith("0 kernels compiled in")
    wrong = command(tmp_path, "warm-up", "SignSGB")
    assert wrong.returncode == 2 and "SignSGB" in wrong.stderr
