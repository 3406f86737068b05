import csv
import json
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
from hypothesis import given, settings
from hypothesis import strategies as st

import microgradnet as mg
from microgradnet.training import MetricsLog, TensorBoardLog, read_metrics

SUFFIXES = pytest.mark.parametrize("suffix", ["csv", "jsonl"])
# Texts that look like numbers come back as numbers, so the texts here begin with a letter that none begins with.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\n\r")).map(lambda text: "x" + text)
VALUES = st.integers() | st.floats() | st.booleans() | st.none() | TEXTS


def same(a, b) -> bool:
    return a == b or (a != a and b != b)


@SUFFIXES
@given(rows=st.lists(st.tuples(VALUES, VALUES, VALUES), max_size=5), resumed=st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read(tmp_path_factory, suffix, rows, resumed):
    path = tmp_path_factory.mktemp("log") / f"run.{suffix}"
    for part, resume in ((rows[:resumed], False), (rows[resumed:], True)):
        with MetricsLog(path, resume=resume) as log:
            for a, b, c in part:
                log(**{"a": a, "loss, mean": b, "Ümlaut": c})
    assert log.rows == len(rows)
    back = read_metrics(path)
    assert [list(row) for row in back] == [["a", "loss, mean", "Ümlaut"]] * len(rows)
    for row, expected in zip(back, rows, strict=True):
        assert all(same(value, known) for value, known in zip(row.values(), expected, strict=True))


@SUFFIXES
def test_other_programs_read_it(suffix, tmp_path):
    path = tmp_path / "folder" / f"run.{suffix}"
    with MetricsLog(path) as log:
        log(step=0, loss=mg.tensor(0.5), accuracy=np.float32(0.25), note='say "a, b"')
        log(note="", loss=math.nan, step=1, accuracy=math.inf)
    lines = path.read_text().splitlines()
    if suffix == "csv":
        rows = list(csv.reader(lines))
        assert rows[0] == ["step", "loss", "accuracy", "note"]
        assert rows[1:] == [["0", "0.5", "0.25", 'say "a, b"'], ["1", "nan", "inf", ""]]
    else:
        rows = [json.loads(line, parse_constant=pytest.fail) for line in lines]
        assert rows[0] == {"step": 0, "loss": 0.5, "accuracy": 0.25, "note": 'say "a, b"'}
        assert rows[1] == {"note": "", "loss": "nan", "step": 1, "accuracy": "inf"}


@SUFFIXES
def test_a_torn_row_is_cut_off(suffix, tmp_path):
    path = tmp_path / f"run.{suffix}"
    with MetricsLog(path) as log:
        for step in range(3):
            log(step=step, loss=0.5)
    whole = path.read_bytes()
    begin = whole[:-1].rfind(b"\n") + 1
    for end in range(begin, len(whole)):
        path.write_bytes(whole[:end])
        assert [row["step"] for row in read_metrics(path)] == [0, 1]
        with MetricsLog(path, resume=True) as log:
            assert log.rows == 2
            log(step=2, loss=0.5)
        assert path.read_bytes() == whole


@SUFFIXES
def test_a_torn_first_row_leaves_an_empty_log(suffix, tmp_path):
    path = tmp_path / f"run.{suffix}"
    path.write_text("step,lo")
    assert read_metrics(path) == []
    with MetricsLog(path, resume=True) as log:
        log(step=1)
    assert read_metrics(path) == [{"step": 1}]


@SUFFIXES
def test_a_checkpoint_takes_the_log_back_with_it(suffix, tmp_path):
    path = tmp_path / f"run.{suffix}"
    with MetricsLog(path) as log:
        for step in range(10):
            log(step=step)
            if step == 5:
                mg.save_checkpoint(tmp_path / "c", log=log)
    with MetricsLog(path, resume=True) as log:
        assert log.rows == 10
        mg.load_checkpoint(tmp_path / "c", log=log)
        for step in range(6, 8):
            log(step=step)
    assert [row["step"] for row in read_metrics(path)] == list(range(8))
    with MetricsLog(path) as log, pytest.raises(ValueError, match=r"has 0 rows, the checkpoint was made with 6: open"):
        mg.load_checkpoint(tmp_path / "c", log=log)


@SUFFIXES
def test_kill_9_at_any_moment_loses_no_row_that_was_written(suffix, tmp_path):
    path = tmp_path / f"run.{suffix}"
    code = f"""
        import itertools
        from microgradnet.training import MetricsLog
        log = MetricsLog({str(path)!r}, resume=True)
        print(log.rows, flush=True)
        for step in itertools.count(log.rows):
            log(step=step, text="x" * 2000)
            print(step, flush=True)
    """
    written = -1
    for pause in (0.0, 0.02):
        command = [sys.executable, "-c", textwrap.dedent(code)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
        assert int(process.stdout.readline()) >= written + 1
        process.stdout.readline()
        time.sleep(pause)
        os.kill(process.pid, signal.SIGKILL)
        lines = process.stdout.read().split("\n")[:-1]
        process.wait()
        process.stdout.close()
        written = max([written, *map(int, lines)])
        rows = read_metrics(path)
        assert [row["step"] for row in rows] == list(range(len(rows))) and len(rows) > written
        assert all(len(row["text"]) == 2000 for row in rows)


def test_bad_rows_and_paths_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"^MetricsLog: a path that ends in \.csv or \.jsonl expected, got 'run\.t'$"):
        MetricsLog("run.t")
    with pytest.raises(ValueError, match=r"^read_metrics: a path that ends in \.csv or \.jsonl expected, got 'run'$"):
        read_metrics("run")
    with MetricsLog(tmp_path / "run.csv") as log:
        log(step=1, loss=2)
        with pytest.raises(ValueError, match=r"^MetricsLog: run\.csv has the columns step, loss; got step$"):
            log(step=1)
        with pytest.raises(TypeError, match=r"^MetricsLog: loss must be a number or a text, got \[1\]$"):
            log(step=1, loss=[1])
        with pytest.raises(ValueError, match=r"^MetricsLog: 'loss' has a line break in it: 'a\\nb'$"):
            log(step=1, loss="a\nb")
    assert read_metrics(tmp_path / "run.csv") == [{"step": 1, "loss": 2}]


def test_tensorboard_event_files(tmp_path):
    pytest.importorskip("tensorboardX", reason="the writer is optional, and of no extra")
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.record_writer import masked_crc32c

    with TensorBoardLog(tmp_path) as log:
        for step in range(3):
            log(step=step, loss=mg.tensor(0.5 * step), accuracy=0.25)
    (path,) = tmp_path.iterdir()
    content, events = path.read_bytes(), []
    while content:  # each record: its length, a checksum of that, the event, a checksum of that
        length = int.from_bytes(content[:8], "little")
        record = content[12 : 12 + length]
        assert int.from_bytes(content[12 + length : 16 + length], "little") == masked_crc32c(record)
        events.append(Event.FromString(record))
        content = content[16 + length :]
    scalars = [(e.step, v.tag, v.simple_value) for e in events for v in e.summary.value]
    assert scalars == [(s, tag, v) for s in range(3) for tag, v in (("loss", 0.5 * s), ("accuracy", 0.25))]


def test_without_the_writer_it_is_asked_for(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match=r"^TensorBoardLog: tensorboardX is needed: pip install tensorboardX$"):
        TensorBoardLog(tmp_path)


def test_a_full_disk_leaves_whole_rows_only(tmp_path, monkeypatch):
    """A part of a row is taken back, whether the system takes a part of it or refuses the rest."""
    log = MetricsLog(tmp_path / "run.csv")
    log(step=1, loss=0.5)

    class Full:
        def __init__(self, file, error):
            self.file, self.error = file, error

        def write(self, content):
            written = self.file.write(content[:3])
            if self.error:
                raise OSError(28, "No space left on device")
            return written

        def __getattr__(self, name):
            return getattr(self.file, name)

    file = log._file
    for error in (False, True):
        log._file = Full(file, error)
        with pytest.raises(OSError, match=r"only a part of a row|No space left"):
            log(step=2, loss=0.25)
        assert log.rows == 1
    log._file = file
    log(step=3, loss=0.125)
    log.close()
    assert read_metrics(tmp_path / "run.csv") == [{"step": 1, "loss": 0.5}, {"step": 3, "loss": 0.125}]


def test_a_full_disk_at_the_first_row_leaves_no_header(tmp_path):
    log = MetricsLog(tmp_path / "run.csv")

    class Full:
        def __init__(self, file):
            self.file = file

        def write(self, content):
            return self.file.write(content[:-2])

        def __getattr__(self, name):
            return getattr(self.file, name)

    file, log._file = log._file, Full(log._file)
    with pytest.raises(OSError, match="only a part"):
        log(step=1)
    log._file = file
    log(loss=2.0)
    log.close()
    assert read_metrics(tmp_path / "run.csv") == [{"loss": 2.0}]


@pytest.mark.parametrize("name", ["a\nb", "a\rb"])
@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_line_break_in_a_name_is_refused(tmp_path, name, suffix):
    with MetricsLog(tmp_path / f"run.{suffix}") as log, pytest.raises(ValueError, match="line break"):
        log(**{name: 1})
    assert (tmp_path / f"run.{suffix}").read_bytes() == b""
