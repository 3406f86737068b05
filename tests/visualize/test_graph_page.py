"""The interactive page: one file, safe with any label; its layout; and what a browser makes of it."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import microgradnet as mg
import visualize
from microgradnet import nn
from visualize.page.embed import HERE

from .browser import chromium, run_page

NASTY = [
    "<script>alert(1)</script>",
    "</script><b>",
    "<!-- <script>",
    "half a pair \ud800",
    "\u2028",
    "&amp;\"'",
    "x" * 9000,
]


def blocks(count: int = 4) -> visualize.Picture:
    model = nn.Sequential(*(nn.Sequential(nn.Linear(3, 3), nn.Tanh()) for _ in range(count)))
    with mg.Tape() as tape:
        model(mg.ones(2, 3)).sum().backward()
    return visualize.draw(tape, model, "blocks")


def data_of(page: str) -> dict:
    return json.loads(re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.S)[1])


def test_the_page_is_one_file_that_asks_for_nothing(tmp_path):
    page = blocks().save(tmp_path / "model.html").read_text()
    assert not re.search(r"(src|href)\s*=|https?://(?!www\.w3\.org/2000/svg)|@import|url\(", page)
    assert "default-src 'none'" in page
    assert not re.search(r"/\*(CSS|JS|DATA)\*/", page)


@pytest.mark.parametrize("name", NASTY, ids=["script", "closing", "comment", "surrogate", "line", "entity", "long"])
def test_any_name_stays_text(name, tmp_path):
    x = mg.tensor(2.0, requires_grad=True, name=name)
    page = visualize.draw(x * x, title=name).save(tmp_path / "x.html").read_text()
    assert page.count("</script>") == 2
    assert "<script>alert" not in page
    assert data_of(page)["nodes"][0]["label"] == name.replace("\ud800", "?")


def test_the_page_has_the_whole_graph_where_the_picture_has_a_part():
    model = nn.Sequential(*(nn.Linear(2, 2) for _ in range(300)))
    picture = visualize.draw(model(mg.ones(1, 2)), model)
    data = data_of(picture.html())
    assert len(picture.graph.nodes) < 10
    assert sum(node["kind"] == "parameter" for node in data["nodes"]) == 600
    assert data["ops"] == 300


def lay_out(scene: dict) -> dict:
    """What the page's layout makes of a scene."""
    if shutil.which("node") is None:
        pytest.skip("no node on this machine: the layout was not tried")
    program = """
        const {layout} = require(process.argv[1]);
        const scene = JSON.parse(require("fs").readFileSync(0)), drawn = layout(scene);
        const items = scene.items.map(({id, x, y, w, h}) => ({id, x, y, w, h}));
        console.log(JSON.stringify({...drawn, items}));
    """
    command = ["node", "-e", program, str(HERE / "layout.js")]
    return json.loads(
        subprocess.run(command, input=json.dumps(scene), capture_output=True, text=True, check=True).stdout
    )


def scene_of(boxes: list[tuple[str, str]], edges: list[tuple[str, str]]) -> dict:
    """Items (id, id of the box around it); those that others are in are open."""
    around = {parent for _, parent in boxes}
    items = [
        {"id": name, "parent": parent, "order": i, "w": 100, "h": 50, "open": name in around}
        for i, (name, parent) in enumerate(boxes)
    ]
    return {"items": items, "edges": [{"source": a, "target": b} for a, b in edges]}


def ends(path: str) -> list[tuple[float, float]]:
    return [tuple(map(float, point.split(","))) for point in re.findall(r"-?[\d.]+,-?[\d.]+", path)]


def test_boxes_lie_inside_their_module_and_apart():
    names = [("a", ""), ("M", ""), ("b", "M"), ("I", "M"), ("c", "I"), ("d", "I"), ("e", "M"), ("f", "")]
    drawn = lay_out(
        scene_of(names, [("a", "b"), ("b", "c"), ("b", "d"), ("c", "e"), ("d", "e"), ("a", "f"), ("e", "f")])
    )
    at = {item["id"]: item for item in drawn["items"]}
    for name, parent in names:
        inner, outer = at[name], at.get(parent, {"x": 0, "y": 0, "w": drawn["w"], "h": drawn["h"]})
        assert outer["x"] < inner["x"] and inner["x"] + inner["w"] < outer["x"] + outer["w"]
        assert outer["y"] < inner["y"] and inner["y"] + inner["h"] < outer["y"] + outer["h"]
    for i, (a, parent) in enumerate(names):
        for b, other in names[:i]:
            if parent == other:
                p, q = at[a], at[b]
                beside = p["x"] >= q["x"] + q["w"] or q["x"] >= p["x"] + p["w"]
                assert beside or p["y"] >= q["y"] + q["h"] or q["y"] >= p["y"] + p["h"]
    for source, target in (("a", "b"), ("b", "c"), ("e", "f")):
        assert at[source]["x"] + at[source]["w"] <= at[target]["x"]


def test_an_edge_into_a_module_goes_through_its_border_to_the_box_that_reads():
    drawn = lay_out(scene_of([("a", ""), ("M", ""), ("b", "M"), ("c", "M")], [("a", "c"), ("b", "c")]))
    at = {item["id"]: item for item in drawn["items"]}
    outer, inner = (
        next(k for k in drawn["links"] if k["source"] == "a" and bool(k.get("head")) == head) for head in (0, 1)
    )
    assert ends(outer["d"])[-1] == ends(inner["d"])[0]
    assert ends(inner["d"])[0][0] == at["M"]["x"]
    head = inner["head"]
    assert head[0] == at["c"]["x"] and at["c"]["y"] <= head[1] <= at["c"]["y"] + at["c"]["h"]


def test_a_long_chain_is_cut_into_rows():
    names = [(f"n{i}", "") for i in range(60)]
    drawn = lay_out(scene_of(names, [(f"n{i}", f"n{i + 1}") for i in range(59)]))
    assert drawn["w"] < 3 * drawn["h"]
    rows = {item["y"] for item in drawn["items"]}
    assert 4 < len(rows) < 30


def test_nothing_is_laid_out_as_nothing():
    drawn = lay_out(scene_of([], []))
    assert drawn["links"] == [] and 0 < drawn["w"] < 100 and 0 < drawn["h"] < 100


def test_an_edge_over_several_layers_passes_between_the_boxes():
    names = [(f"n{i}", "") for i in range(4)]
    drawn = lay_out(scene_of(names, [("n0", "n1"), ("n1", "n2"), ("n2", "n3"), ("n0", "n3")]))
    at = {item["id"]: item for item in drawn["items"]}
    long = next(link for link in drawn["links"] if link["source"] == "n0" and link["targets"] == ["n3"])
    for x, y in ends(long["d"]):
        for name in ("n1", "n2"):
            box = at[name]
            assert not (box["x"] < x < box["x"] + box["w"] and box["y"] < y < box["y"] + box["h"])


def boxes(page: str) -> list[tuple[str, str]]:
    """What opens, and whether it is open or closed."""
    return sorted(re.findall(r'aria-label="([^"]*), [\d,]+ ops?, (open|closed)"', page))


def test_a_browser_draws_modules_open_where_they_are_few_and_repeats_closed(tmp_path):
    path = blocks(30).save(tmp_path / "model.html")
    page = run_page(f"file://{path}", tmp_path / "profile")
    assert boxes(page) == [("Sequential", "open"), ("Sequential × 30", "closed")]
    assert page.count('class="box output"') == 1


def test_a_box_is_painted_before_what_is_in_it(tmp_path):
    path = blocks(2).save(tmp_path / "model.html")
    page = run_page(f"file://{path}", tmp_path / "profile")
    painted = re.findall(r'class="box group opened"[^>]*aria-label="([^",]*)', page)
    assert painted[:4] == ["Sequential", "0: Sequential", "0: Linear", "1: Tanh"]


def test_a_browser_finds_a_parameter_opens_its_module_and_marks_its_path_to_the_result(tmp_path):
    path = blocks(30).save(tmp_path / "model.html")
    page = run_page(f"file://{path}#find=28.0.weight", tmp_path / "profile")
    # The modules around it, opened; what the other 29 hold stays closed.
    assert ("28: Sequential", "open") in boxes(page) and ("28.0: Linear" not in page)
    assert ("27: Sequential", "closed") in boxes(page)
    assert re.search(r'class="box parameter[^"]* onpath[^"]* picked|class="box parameter[^"]* picked[^"]* onpath', page)
    on = re.findall(r'class="(box [^"]*onpath[^"]*)"[^>]*aria-label="([^",]*)', page)
    assert any("29: Sequential" in label for _, label in on)  # after it
    assert not any("27: Sequential" in label for _, label in on)  # before it
    assert "5 ops from here to" in page  # linear, tanh, linear, tanh, sum
    assert page.count('class="edge onpath"') >= 5


def test_a_browser_opens_100000_ops_in_less_than_3_seconds(tmp_path):
    class Deep(nn.Module):
        def forward(self, x):
            for _ in range(25_000):
                x = mg.tanh(x) + 1.0
            return x

    chromium()
    model = nn.Sequential(Deep(), Deep())
    path = visualize.draw(model(mg.ones(2, requires_grad=True))).save(tmp_path / "large.html")
    page = run_page(f"file://{path}", tmp_path / "profile", 20_000)
    loops = [("tanh → add × 25,000", "closed")] * 2
    assert boxes(page) == [("0: Deep", "open"), ("1: Deep", "open"), ("Sequential", "open"), *loops]
    assert int(re.search(r'data-ready="(\d+)"', page)[1]) < 3000


def test_the_page_s_files_are_in_the_package():
    assert {"base.css", "graph.css", "graph.html", "graph.js", "layout.js"} <= {p.name for p in Path(HERE).iterdir()}
