"""The site's lists are complete, and its tables hold what benchmarks/results hold."""

import importlib
import json
import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from sklearn.utils import Bunch

from skgan_aug.comparison import paired_difference

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "api.md").read_text()
SECTIONS = dict(
    re.findall(
        r"currentmodule:: (\S+)\n\.\. autosummary::\n(?:   :.*\n)+\n((?:   \w+\n)+)", TEXT
    )
)
# Modules of which only some names are for users.
PARTLY_PUBLIC = ("skgan_aug.images", "skgan_aug.selection")


def test_every_section_is_read():
    assert len(SECTIONS) == TEXT.count("currentmodule::") > 10


@pytest.mark.parametrize("name", SECTIONS)
def test_every_class_and_function_is_listed(name):
    module = importlib.import_module(name)
    listed = SECTIONS[name].split()
    assert all(callable(getattr(module, each)) for each in listed)
    if name not in PARTLY_PUBLIC:
        public = [each for each in module.__all__ if callable(getattr(module, each))]
        assert sorted(listed) == sorted(public)


def test_the_gallery_shows_every_example():
    order = runpy.run_path(str(ROOT / "docs" / "_extensions" / "gallery.py"))["ORDER"]
    assert sorted(order) == sorted(path.stem for path in (ROOT / "examples").glob("*.py"))


def headings(text):
    """Where links into a page may lead, as GitHub writes it."""
    lines = re.findall(
        r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE
    )
    plain = (re.sub(r"\[(.*?)\]\(.*?\)", r"\1", line).strip().lower() for line in lines)
    return {re.sub(r"[^\w\- ]", "", line).replace(" ", "-") for line in plain}


def test_links_into_pages_lead_somewhere_on_github():
    """On the built site .ci/check_site.py looks."""
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    places = {path: headings(path.read_text(encoding="utf-8")) for path in pages}
    links = [
        (path, name, place)
        for path in pages
        for name, place in re.findall(r"\]\(([\w./]*)#([^)]+)\)", path.read_text("utf-8"))
    ]
    assert len(links) > 50
    for path, name, place in links:
        assert place in places[(path.parent / name).resolve() if name else path], (path, place)


def measured(name):
    return json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text())


def page(name):
    return (ROOT / name).read_text(encoding="utf-8")


def rows(text, *columns):
    """{first cell: the others} of the table with these headers, without emphasis."""
    lines = text[text.index("| " + " | ".join(columns) + " |") :].splitlines()
    table = {}
    for line in lines[2:]:
        if not line.startswith("|"):
            break
        name, *cells = (cell.strip(" *").replace("**", "") for cell in line.split("|")[1:-1])
        table[name] = cells
    return table


BLOOD_CELLS = (
    "balanced accuracy",
    "recall of the rare classes",
    "balanced accuracy, with flips and shifts",
    "recall, with flips and shifts",
    "seconds of the sampler",
)
SAMPLERS = {
    "no resampling": "none",
    "logit adjustment": "logit_adjustment",
    "Borderline-SMOTE": "borderline_smote",
    "ADASYN": "adasyn",
    "SMOTE": "smote",
    "random over-sampling": "random",
    "CycleGAN": "cyclegan",
}


@pytest.mark.parametrize(
    ("results", "columns"),
    [("compare_blood_cells", (0, 1)), ("compare_blood_cells_flips", (2, 3))],
)
def test_blood_cells(results, columns):
    table = rows(page("docs/alternatives.md").replace("| | ", "|  | "), "", *BLOOD_CELLS)
    summary = {row["sampler"]: row for row in measured(results)["summary"]}
    assert set(table) == set(SAMPLERS)
    for title, cells in table.items():
        row = summary[SAMPLERS[title]]
        for score, column in zip(
            ("balanced_accuracy", "minority_recall"), columns, strict=True
        ):
            found = f"{100 * row[score]:.1f} ± {100 * row[f'{score}_sd']:.1f}"
            assert (title, cells[column]) == (title, found)


def scores(results, *samplers):
    summary = {row["sampler"]: row for row in measured(results)["summary"]}
    return [f"{100 * summary[name]['balanced_accuracy']:.1f}" for name in samplers]


def test_blood_cells_on_the_first_pages():
    names = "cyclegan", "logit_adjustment", "random", "smote", "none"
    readme, index = (" ".join(page(name).split()) for name in ("README.md", "docs/index.md"))
    cyclegan, adjusted, random, smote, none = scores("compare_blood_cells", *names)
    assert (
        f"CycleGAN {cyclegan}, logit adjustment (a loss that adds no rows) {adjusted}, random "
        f"over-sampling {random}, SMOTE {smote}, nothing {none} points" in readme
    )
    words = {
        "flips": "has flips and shifts, it is",
        "float32": "In float32 without them it is",
        "flips_float32": "and with them",
    }
    for results, lead in words.items():
        of_all = scores(f"compare_blood_cells_{results}", *names)
        assert f"{lead} {', '.join(of_all[:-1])} and {of_all[-1]}" in readme
    cyclegan, _, random, *_ = scores("compare_blood_cells_flips", *names)
    assert f"CycleGANs reach {cyclegan} and random over-sampling {random}" in index


@pytest.mark.parametrize("results", ["compare_blood_cells", "compare_blood_cells_float32"])
def test_how_far_ahead_of_smote_and_copies_it_is_on_40_images(results):
    summary = {row["sampler"]: row for row in measured(results)["summary"]}
    ours, *others = (
        100 * summary[name]["balanced_accuracy"] for name in ("cyclegan", "smote", "random")
    )
    smote, copies = (f"{ours - other:.1f}" for other in others)
    text = " ".join(page("docs/benchmark.md").split())
    found = f"{smote} points above SMOTE and {copies} above copies"
    assert found in text or f"and {smote} and {copies} where everything is" in text


@pytest.mark.parametrize(
    ("results", "baseline", "words"),
    [
        ("_flips", "smote", "is {} points above SMOTE (95% interval {} to {})"),
        ("_flips", "logit_adjustment", "{} above logit adjustment ({} to {})"),
        ("_flips", "random", "{} above copies ({} to {})"),
        ("_flips_float32", "random", "in float32 it is {} above copies ({} to {})"),
        ("", "logit_adjustment", "Without them it is {} above logit adjustment ({} to {})"),
    ],
)
def test_how_far_ahead_it_is_on_blood_cells(results, baseline, words):
    written = measured(f"compare_blood_cells{results}")
    cells = {
        key: np.array([each[key] for each in written["cells"]]) for key in written["cells"][0]
    }
    cells["ratio"] = cells["ratio"].astype(float)
    gain = paired_difference(Bunch(**written | cells), "cyclegan", baseline)
    found = words.format(
        f"{100 * gain.mean:.1f}", *(f"{100 * x:+.1f}" for x in (gain.low, gain.high))
    )
    assert found in " ".join(page("docs/alternatives.md").split())


HOW_LONG = ("image", "seconds per step", "minutes per pair", "float32: seconds", "minutes")


def cost(own):
    return f"{own['s_per_step']:.2f}", f"{own['s_per_pair'] / 60:.1f}"


def test_how_long_it_takes():
    table = rows(page("docs/devices.md"), *HOW_LONG)
    fast, slow = (
        measured(f"bench_training{machine}")["default by size"]
        for machine in ("", "_hidden_tiles")
    )
    assert table == {size: [*cost(fast[size]), *cost(slow[size])] for size in fast}


def test_bfloat16_is_slower_where_tiles_are_hidden():
    by_size = measured("bench_training_hidden_tiles")["default in either precision"]
    shares = [row["ratio"] for name, row in by_size.items() if "bfloat16" in name]
    words = f"at {min(shares)} to {max(shares)} of the speed of float32"
    assert words in " ".join(page("docs/devices.md").split())


def test_the_paper():
    table = rows(
        page("docs/paper.md").replace("| | ", "|  | "),
        "",
        "as it is",
        "random over-sampling",
        "CycleGAN",
    )
    results = measured("paper_fer2013")
    for column, sampler in enumerate(("none", "random", "cyclegan")):
        found = results[sampler]
        cells = {title: row[column] for title, row in table.items()}
        assert cells == {
            "accuracy": f"{found['accuracy']:.1f} ± {found['accuracy_sd']:.1f}",
            "balanced accuracy": f"{found['balanced_accuracy']:.1f}",
            **{
                f"recall of {name}": f"{recall:.1f}"
                for name, recall in found["recall"].items()
            },
        }
