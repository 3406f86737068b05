"""The step player's page: whole in one file, safe with any label, and right when a browser runs it."""

import html
import json
import re

import microgradnet as mg
import visualize
from visualize.picture.layered import HEIGHT, WIDTH, Layout

from .browser import run_page

NASTY = [
    "<script>alert(1)</script>",
    "</script><b>",
    "quote\" ' &amp;",
    "|{}",
    "two\nlines",
    "שלום",
    "x" * 10_000,
    "\u2028",
]


def played(names=("a", "b")) -> visualize.Player:
    leaves = [mg.tensor(float(i + 2), dtype=mg.float64, requires_grad=True) for i in range(len(names))]
    for leaf, name in zip(leaves, names, strict=True):
        leaf.name = name
    with mg.Tape() as tape:
        total = leaves[0] * 1.0
        for leaf in leaves[1:]:
            total = total * leaf
        mg.tanh(total)
    return visualize.play(tape, title=names[0])


def data_of(page: str) -> dict:
    return json.loads(re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.S)[1])


def test_the_page_is_one_file_that_asks_for_nothing():
    page = played().html()
    assert not re.search(r"(src|href)\s*=|https?://(?!www\.w3\.org/2000/svg)|@import|url\(", page)
    assert "default-src 'none'" in page
    data = data_of(page)
    assert [e["kind"] for e in data["events"]][-1] == "backward"
    assert len(data["transcript"]) == len(data["events"])


def test_labels_stay_text():
    page = played(NASTY).html()
    assert "<script>alert" not in page
    assert page.count("</script>") == 2
    labels = [n["label"] for n in data_of(page)["nodes"] if n["kind"] == "input"]
    assert sorted(labels) == sorted(NASTY)


def test_it_shows_itself_in_a_notebook():
    frame = played()._repr_mimebundle_()["text/html"]
    assert frame.startswith("<iframe srcdoc=")
    assert html.unescape(re.search(r'srcdoc="(.*?)" width', frame, re.S)[1]) == played().html()


def test_boxes_do_not_overlap_and_long_edges_run_between_them():
    leaves = [mg.tensor(1.0, requires_grad=True) for _ in range(6)]
    with mg.Tape() as tape:
        x = leaves[0]
        for leaf in leaves[1:]:
            x = mg.tanh(x * leaf) + leaves[0]
    graph = visualize.tell(tape).graph
    layout = Layout(graph)
    boxes = list(layout.corners.values())
    for i, (x, y) in enumerate(boxes):
        for u, v in boxes[:i]:
            assert abs(x - u) >= WIDTH or abs(y - v) >= HEIGHT
    for way in layout.bends:
        for x, y in way:
            assert not any(u <= x <= u + WIDTH and v < y < v + HEIGHT for u, v in boxes)
    assert any(layout.bends)


def test_a_browser_shows_the_step_that_is_asked_for(tmp_path):
    player = played()
    path = player.save(tmp_path / "steps.html")
    events = player.story.events
    page = run_page(f"file://{path}#step={len(events)}", tmp_path / "profile")
    assert f'<output id="count">{len(events)} / {len(events)}</output>' in page
    assert html.escape(events[-1].title, quote=False) in page
    assert page.count("<li") == len(events)
    for event in events:
        if event.kind == "backward":
            assert event.contribution in page
