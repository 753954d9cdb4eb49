"""What the guides tell readers to type runs."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier
from skgan_aug.cli._app import app

GUIDES = Path(__file__).parents[1] / "docs"
# Pages with a test of their own, below or in test_distributed.py (scaling) and test_readme.py.
OWN_TEST = {"classifier", "getting_started", "images", "index", "judging", "saving", "scaling"}


def python_blocks(name):
    text = (GUIDES / f"{name}.md").read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, re.S)


@pytest.mark.parametrize(
    "name",
    sorted(
        path.stem
        for path in GUIDES.glob("*.md")
        if path.stem not in OWN_TEST and python_blocks(path.stem)
    ),
)
@pytest.mark.filterwarnings("ignore:The least populated class", "ignore:Some of the")
def test_the_python_of_a_guide_runs(name, tmp_path, monkeypatch):
    """On images of three classes; what sets no budget gets a small one."""
    monkeypatch.chdir(tmp_path)
    for estimator, budget in (
        (CycleGANOverSampler, "max_iter"),
        (TorchCNNClassifier, "max_epochs"),
    ):
        monkeypatch.setitem(estimator.__init__.__kwdefaults__, budget, 2)
    rng = np.random.RandomState(0)
    y = np.repeat(["neutrophil", "basophil", "monocyte"], [24, 9, 7])
    X = rng.randint(128, size=(len(y), 8, 8)) + 60 * (y == "neutrophil").reshape(-1, 1, 1)
    names = {"X": X.astype(np.uint8), "y": y, "__name__": name}
    for block in python_blocks(name):
        exec(compile(block, f"{name}.md", "exec"), names)


@pytest.mark.filterwarnings("ignore::UserWarning:torch.nn.modules.lazy")
def test_the_guide_to_the_classifier():
    rng = np.random.RandomState(0)
    y = np.repeat(["cat", "dog"], [30, 12])
    X = rng.randint(128, size=(42, 12, 12, 3)) + 100 * (y == "cat").reshape(-1, 1, 1, 1)
    names = {"X": X.astype(np.uint8), "y": y}
    blocks = python_blocks("classifier")
    assert len(blocks) == 2
    for block in blocks:
        exec(block, names)
    assert names["scores"].shape == (2,)
    assert (names["scores"] > 0.5).all()


def test_getting_started():
    rng = np.random.RandomState(0)
    y = np.repeat(["cat", "dog"], [12, 6])
    X = rng.randint(128, size=(18, 8, 8)) + 100 * (y == "cat").reshape(-1, 1, 1)
    (block,) = python_blocks("getting_started")
    names = {"X": X.astype(np.uint8), "y": y}
    exec(block, names)
    assert names["scores"].shape == (2,)


def test_the_guide_to_judging():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    pyplot.close("all")
    rng = np.random.RandomState(0)
    y = np.repeat(["cat", "dog"], [24, 12])
    X = rng.randint(128, size=(36, 8, 8)) + 100 * (y == "cat").reshape(-1, 1, 1)
    blocks = python_blocks("judging")
    names = {"X": X.astype(np.uint8), "y": y}
    for block in blocks:
        exec(block, names)
    assert len(pyplot.get_fignums()) == 2
    assert "dog" in str(names["report"])
    pyplot.close("all")


def test_the_guide_to_images(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.RandomState(0)
    names = [f"cells/{name}/{i}.jpg" for name, n in (("a", 5), ("b", 2)) for i in range(n)]
    names += [
        f"jaffe/{name}{i}.1.tiff"
        for name in ("KA.AN", "KA.HA", "YM.AN", "YM.HA")
        for i in "12"
    ]
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.randint(256, size=(20, 24)).astype(np.uint8)).save(name)
    text = (GUIDES / "images.md").read_text().replace("max_iter=1300", "max_iter=2")
    blocks = re.findall(r"```(python|bash)\n(.*?)```", text, re.S)
    assert [language for language, _ in blocks] == ["python", "bash", "python", "python"]
    variables = {}
    for language, block in blocks:
        if language == "python":
            exec(block, variables)
            continue
        for line in block.splitlines():
            command = [*line.split()[1:], "--max-iter", "2", "--jobs", "1"]
            assert CliRunner().invoke(app, command).exit_code == 0
        Path("balanced").rename("of_the_command")
    assert variables["X"].shape == (7, 32, 32)
    assert variables["scores"].shape == (2,)
    for folder in ("of_the_command", "balanced"):
        assert len(list(Path(folder, "b").iterdir())) == 5


@pytest.mark.filterwarnings("ignore:tiny.safetensors does not hold")
def test_the_guide_to_saving(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    y = np.repeat(["cat", "dog"], [12, 6])
    X = np.random.RandomState(0).randint(256, size=(18, 8, 8)).astype(np.uint8)
    text = (GUIDES / "saving.md").read_text()
    text = text.replace("Sampler()", "Sampler(max_iter=2)")
    text = text.replace("Classifier()", "Classifier(max_epochs=2)")
    blocks = re.findall(r"```python\n(.*?)```", text, re.S)
    assert len(blocks) == 2
    names = {"X": X, "y": y}
    for block in blocks:
        exec(block, names)
    assert names["classifier"].predict(X).shape == (18,)
