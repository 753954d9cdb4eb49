"""The paper's experiment runs end to end on tiny data sets in their published layouts."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

PIL = pytest.importorskip("PIL.Image")
pytest.importorskip("matplotlib").use("agg")
pytest.importorskip("jinja2")

EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
SCRIPT = Path(__file__).parents[1] / "examples" / "reproduce_paper.py"
FEWEST = ["--fast", "--max-iter", "2", "--classifier-steps", "3", "--seeds", "2"]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("reproduce_paper", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def draw_faces(counts, seed=0, side=48):
    """Noise whose brightness tells the expression, and the expressions."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(EMOTIONS)), counts)
    noise = rng.integers(0, 60, (len(y), side, side))
    return (noise + 25 * y[:, None, None]).astype(np.uint8), y


@pytest.fixture(scope="module")
def fer2013(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "fer2013.csv"
    lines = ["emotion,pixels,Usage"]
    parts = {"Training": (8, 3, 6, 9, 5, 4, 9), "PrivateTest": (2,) * 7}
    for seed, (usage, counts) in enumerate(parts.items()):
        for image, label in zip(*draw_faces(counts, seed), strict=True):
            lines.append(f"{label},{' '.join(map(str, image.ravel()))},{usage}")
    path.write_text("\n".join(lines) + "\n")
    return path


def run(script, out, *arguments):
    script.main([*arguments, *FEWEST, "--out", str(out)])
    return json.loads((out / "figures.json").read_text())


def test_fer2013(script, fer2013, tmp_path):
    found = run(script, tmp_path, "--data", str(fer2013), "--classes", "disgust,sad")
    for sampler in ("none", "random", "cyclegan"):
        row = found[sampler]
        assert list(row["recall"]) == sorted(EMOTIONS)
        # The test split is balanced, so both are the mean of the recalls.
        assert row["accuracy"] == pytest.approx(row["balanced_accuracy"], abs=0.02)
    assert sorted(found["margins"]) == ["disgust", "sad"]
    assert "disgust" in (tmp_path / "report.html").read_text()
    assert PIL.open(tmp_path / "feature_map.png").size[0] > 100
    assert len(list((tmp_path / "cyclegans").glob("*.safetensors"))) == 4


@pytest.mark.slow
def test_sfew(script, tmp_path):
    for part, counts in (("Train", (5, 3, 3, 5, 5, 5, 6)), ("Val", (2,) * 7)):
        for number, (image, label) in enumerate(zip(*draw_faces(counts), strict=True)):
            folder = tmp_path / "SFEW" / part / EMOTIONS[label].title()
            folder.mkdir(parents=True, exist_ok=True)
            PIL.fromarray(image).save(folder / f"{number}.png")
    found = run(
        script, tmp_path / "out", "--dataset", "sfew", "--data", str(tmp_path / "SFEW")
    )
    assert sorted(found["margins"]) == ["disgust", "fear"]


def test_jaffe_translates_its_own_faces_by_what_was_learnt_from_fer2013(
    script, fer2013, tmp_path
):
    folder = tmp_path / "JAFFE"
    folder.mkdir()
    # Sad faces are as many as neutral ones, and one woman is never surprised.
    for woman, seed, n_surprised in (("KA", 0, 2), ("KL", 1, 0), ("TM", 2, 1)):
        counts = (2, 1, 1, 2, 3, n_surprised, 3)
        for number, (image, label) in enumerate(zip(*draw_faces(counts, seed), strict=True)):
            code = ("AN", "DI", "FE", "HA", "SA", "SU", "NE")[label]
            PIL.fromarray(image).save(folder / f"{woman}.{code}1.{number}.tiff")
    found = run(
        script,
        tmp_path / "out",
        *("--dataset", "jaffe", "--data", str(folder), "--gan-data", str(fer2013)),
    )
    assert {"none", "cyclegan"} <= found.keys()
    for sampler in ("none", "cyclegan"):
        values = [found[sampler]["accuracy"], *found[sampler]["recall"].values()]
        assert np.isfinite(values).all()
    assert sorted(found["margins"]) == ["disgust", "sad"]
    assert PIL.open(tmp_path / "out" / "feature_map.png").size[0] > 100
    # Two seeds, two pairs: neither women nor the look at features train more.
    assert len(list((tmp_path / "out/cyclegans").glob("*.safetensors"))) == 4
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<td>disgust, sad</td>" in page


def test_accuracy_is_the_share_that_is_recognised(script):
    options = script.parse_options(["--data", "x", "--fast"])
    y = np.repeat(["happy", "neutral", "sad"], [6, 8, 4])
    X = np.random.default_rng(0).integers(0, 255, (18, 4)).astype(float)
    folds = [(np.arange(9), np.r_[9:18]), (np.r_[9:18], np.r_[0:7])]
    result = script.compare_samplers(
        X,
        y,
        samplers={"none": None},
        classifier=DummyClassifier(strategy="constant", constant="neutral"),
        cv=folds,
        n_seeds=1,
    )
    found = script.figures(options, result, [y[test] for _, test in folds])["none"]
    # Neutral are 5 of 9 rows and 1 of 7; no row of the second fold is sad.
    assert found["accuracy"] == pytest.approx(100 * (5 / 9 + 1 / 7) / 2, abs=0.01)
    assert found["recall"] == {"happy": 0.0, "neutral": 100.0, "sad": 0.0}


def test_fer2013_without_test_images_is_refused(script, fer2013, tmp_path):
    lines = [line for line in fer2013.read_text().splitlines() if "Private" not in line]
    (tmp_path / "fer2013.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(ValueError, match="no test images"):
        script.load("fer2013", tmp_path / "fer2013.csv")


def test_jaffe_needs_fer2013(script, tmp_path, capsys):
    with pytest.raises(SystemExit):
        script.main(["--dataset", "jaffe", "--data", str(tmp_path)])
    assert "--gan-data" in capsys.readouterr().err


def test_a_transferring_sampler_keeps_the_rows_and_adds_one_per_source_row(script):
    X_other, y_other = draw_faces((3, 3, 3, 3, 3, 3, 4), side=8)
    X, y = draw_faces((2, 2, 2, 2, 2, 2, 5), seed=1, side=8)
    names = np.array(EMOTIONS)
    sampler = script.TransferringOverSampler(
        script.CycleGANOverSampler(source="neutral", max_iter=1, random_state=0),
        X_other,
        names[y_other],
        ["disgust", "sad"],
    )
    X_resampled, y_resampled = sampler.fit_resample(X, names[y])
    np.testing.assert_array_equal(X_resampled[: len(X)], X)
    assert y_resampled[len(X) :].tolist() == ["disgust"] * 5 + ["sad"] * 5
