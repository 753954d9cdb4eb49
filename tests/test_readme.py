"""The commands of README.md and of the first pages, from a folder of images to a comparison.

The commands that README.md marks are run by .ci/run itself.
"""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier
from skgan_aug.cli._app import app

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "docs/getting_started.md", "docs/index.md"]
# What keeps a command short: of two values of an option, the last counts.
COMPARE = shlex.split(
    "--seeds 1 --folds 2 --size 8 --max-iter 2 --classifier-steps 2 --jobs 1"
)
AUGMENT = shlex.split("--size 8 --max-iter 2 --jobs 1")
CELLS = ["basophil", "eosinophil", "lymphocyte", "monocyte", "neutrophil", "platelet"]


def read(page):
    return (ROOT / page).read_text(encoding="utf-8")


def bash_lines(page):
    """Lines of the bash blocks of a page, those that go on in the next one joined with it."""
    blocks = re.findall(r"```bash\n(.*?)```", read(page), re.S)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]


def own_image_commands():
    """What readers are told to run on images of their own, in blocks and in sentences."""
    for page in PAGES:
        quoted = re.findall(r"`(skgan-aug augment \w[^`]*)`", read(page))
        for line in [*bash_lines(page), *quoted]:
            if line.startswith("skgan-aug ") and "cells/" in line:
                yield line


@pytest.fixture
def cells(tmp_path, monkeypatch):
    """A folder ``cells`` in the current one, of which four classes are rare."""
    image = pytest.importorskip("PIL.Image")
    monkeypatch.chdir(tmp_path)
    rng = np.random.RandomState(0)
    for position, name in enumerate(CELLS):
        Path("cells", name).mkdir(parents=True)
        for i in range(14 if position < 4 else 24):
            pixels = rng.randint(100, size=(12, 12, 3)) + 25 * position
            image.fromarray(pixels.astype(np.uint8)).save(Path("cells", name, f"{i}.png"))


def test_there_are_such_commands():
    verbs = [shlex.split(command)[1] for command in own_image_commands()]
    assert verbs.count("compare") >= 2
    assert verbs.count("augment") >= 1


@pytest.mark.parametrize("command", list(own_image_commands()))
@pytest.mark.usefixtures("cells")
def test_a_command_runs_on_a_folder_of_images(command):
    command = command.replace("--rare-count 40", "--rare-count 5")
    _, verb, *options = shlex.split(command)
    outcome = CliRunner().invoke(
        app, [verb, *options, *(COMPARE if verb == "compare" else AUGMENT)]
    )
    assert outcome.exit_code == 0, outcome.output
    written = [
        option for option in options if Path(option).suffix in {".json", ".png", ".html"}
    ]
    assert all(Path(path).stat().st_size > 0 for path in written)
    if verb == "compare":
        assert re.search(r"^CycleGAN +\d", outcome.stdout, re.M)
    else:
        assert len(list(Path(options[1]).glob("*/*.png"))) == 24 * len(CELLS)


@pytest.mark.parametrize("page", ["README.md", "docs/index.md"])
def test_the_python_of_a_first_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(CycleGANOverSampler.__init__.__kwdefaults__, "max_iter", 2)
    monkeypatch.setitem(TorchCNNClassifier.__init__.__kwdefaults__, "max_epochs", 2)
    rng = np.random.RandomState(0)
    y = np.repeat(["cat", "dog"], [20, 10])
    X = rng.randint(128, size=(30, 8, 8)) + 100 * (y == "cat").reshape(-1, 1, 1)
    (block,) = re.findall(r"```python\n(.*?)```", read(page), re.S)
    names = {"X": X.astype(np.uint8), "y": y}
    exec(block.replace("[0.25, 0.5, 1.0]", "[0.75, 1.0]"), names)
    if "search" in names:
        assert names["search"].best_score_ > 0


def test_extras_that_are_named_exist():
    tomllib = pytest.importorskip("tomllib")  # Python 3.11
    metadata = tomllib.loads(read("pyproject.toml"))
    known = metadata["project"]["optional-dependencies"].keys()
    named = set()
    for page in [*PAGES, *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]:
        for extras in re.findall(r"(?:skgan_aug|\.)\[([\w,]+)\]'?\"?", read(page)):
            named |= set(extras.split(","))
    assert {"cli", "plot", "report"} <= named <= known
