"""The command line: what it prints, writes, and how it ends."""

import html
import json
import os
import re
import shlex
import subprocess
import sys

import numpy as np
import pytest
from joblib.externals.loky.process_executor import TerminatedWorkerError
from PIL import Image
from typer.testing import CliRunner

import skgan_aug
from skgan_aug import CycleGANOverSampler, cli
from skgan_aug.cli._app import app
from skgan_aug.comparison import CELL_KEYS

QUICK = ["--seeds", "1", "--classifier-steps", "5", "--jobs", "1"]
RARE = ["--rare", "bee", "--rare-count", "6"]
FIGURES = r"\d+\.\d( ± \d+\.\d)?"


def run(*args):
    return CliRunner().invoke(app, [str(arg) for arg in args])


def make_arrays(seed=0, **counts):
    """Return images whose brightness tells the class."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(counts)), list(counts.values()))
    X = rng.integers(0, 60, (len(y), 8, 8)) + 60 * y.reshape(-1, 1, 1)
    return X.astype(np.uint8), y


def write_folder(folder, **counts):
    """Class folders of the images of ``make_arrays``."""
    names = list(counts)
    for number, (image, label) in enumerate(zip(*make_arrays(**counts), strict=True)):
        path = folder / names[label] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)


@pytest.fixture
def npz(tmp_path):
    X, y = make_arrays(ant=30, bee=30, cat=30)
    X_test, y_test = make_arrays(1, ant=5, bee=5, cat=5)
    path = tmp_path / "insects.npz"
    classes = np.array(["ant", "bee", "cat"])
    np.savez(path, X_train=X, y_train=y, X_test=X_test, y_test=y_test, classes=classes)
    return path


def test_outputs_are_written_before_the_terminal_refuses_the_table(npz, tmp_path):
    figures = tmp_path / "out.json"
    given = ["--data", npz, *RARE, "--samplers", "none,random", "--json", figures, *QUICK]
    code = "import sys; from skgan_aug.cli import main; sys.argv[0] = 'skgan-aug'; main()"
    command = [sys.executable, "-c", code, "compare", *map(str, given)]
    environment = os.environ | {"PYTHONIOENCODING": "ascii:strict"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert b"no resampling" in done.stdout
    assert json.loads(figures.read_text())["cells"]


def test_an_output_that_fails_takes_no_other_along(npz, tmp_path, monkeypatch):
    figures, page = tmp_path / "out.json", tmp_path / "out.html"
    monkeypatch.setattr(json, "dumps", lambda *args, **kwargs: 1 / 0)
    given = ["--data", npz, *RARE, "--samplers", "none,random", *QUICK]
    outcome = run("compare", *given, "--json", figures, "--report", page)
    assert outcome.exit_code == 2
    assert f"--json {figures} could not be written: division by zero" in plain(outcome.stderr)
    assert "no resampling" in outcome.stdout
    assert page.exists()
    assert not figures.exists()


def test_a_plot_that_needs_what_is_missing_is_refused_before_the_work(npz, monkeypatch):
    from matplotlib.figure import Figure

    def fail(*args, **kwargs):
        raise RuntimeError("xelatex not found")

    monkeypatch.setattr(Figure, "savefig", fail)
    outcome = run("compare", "--data", npz, "--plot", npz.with_suffix(".pgf"), *QUICK)
    assert outcome.exit_code == 2
    assert "--plot" in outcome.stderr
    assert "xelatex not found" in plain(outcome.stderr)
    assert not outcome.stdout


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("16 images"),
        TerminatedWorkerError("killed"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_memory_that_runs_out_is_one_line(npz, monkeypatch, error):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(cli._compare, "compare_samplers", fail)
    outcome = run("compare", "--data", npz, *QUICK)
    assert outcome.exit_code == 2
    message = plain(outcome.stderr)
    assert message.endswith(f"Use a smaller --size or fewer --jobs. ({error})")


def plain(text):
    return " ".join(text.split())


def test_a_memory_that_cannot_be_made_is_refused_before_the_work(npz):
    outcome = run("compare", "--data", npz, "--memory", npz, *QUICK)
    assert outcome.exit_code == 2
    assert re.search(r"--memory=.*insects\.npz.* cannot be made", plain(outcome.stderr))
    assert not outcome.stdout


def test_folds_that_a_class_has_no_images_for(tmp_path):
    X, y = make_arrays(ant=9, bee=3)
    np.savez(tmp_path / "few.npz", X=X, y=y, classes=["ant", "bee"])
    outcome = run("compare", "--data", tmp_path / "few.npz", *QUICK)
    assert outcome.exit_code == 2
    assert "--folds 5: class bee has 3 images" in outcome.stderr
    assert "Give --folds 3, or" in outcome.stderr
    np.savez(tmp_path / "one.npz", X=X[:10], y=y[:10], classes=["ant", "bee"])
    outcome = run("compare", "--data", tmp_path / "one.npz", "--folds", 2, *QUICK)
    assert "--folds 2: class bee has 1 image, not" in outcome.stderr
    assert "Add images, leave the class out" in outcome.stderr


def test_groups_stay_in_one_fold(tmp_path):
    X, y = make_arrays(ant=24, bee=12)
    groups = np.arange(36) // 6
    np.savez(tmp_path / "patients.npz", X=X, y=y, groups=groups)
    given = ["--samplers", "none", "--folds", 2, *QUICK]
    outcome = run("compare", "--data", tmp_path / "patients.npz", *given)
    assert "36 images of 8 x 8 for training, 2 folds, by groups; 2 classes" in outcome.stdout


def test_images_to_validate_on_are_tested_on(tmp_path):
    for split, n in (("training", 6), ("val", 2)):
        for name, level in (("ant", 50), ("bee", 200)):
            for number in range(n if name == "ant" else n - 1):
                file = tmp_path / "set" / split / name / f"{number}.png"
                file.parent.mkdir(parents=True, exist_ok=True)
                Image.new("L", (8, 8), level).save(file)
    (tmp_path / "set" / "val" / "ant" / "5.heic").touch()
    given = ["--samplers", "none,random", *QUICK]
    outcome = run("compare", "--data", tmp_path / "set", *given)
    assert outcome.exit_code == 0, outcome.output
    assert (
        "set: 11 images of 8 x 8 for training, 3 for validation; 2 classes" in outcome.stdout
    )
    assert "their names are not those of images: 1, such as" in plain(outcome.stderr)


def test_digits_by_default(tmp_path):
    figures = tmp_path / "out.json"
    outcome = run("compare", "--samplers", "none,random", "--json", figures, *QUICK)
    assert outcome.exit_code == 0, outcome.output
    lines = outcome.stdout.splitlines()
    assert lines[0] == (
        "digits: 1257 images of 8 x 8 for training, 540 for testing; 10 classes, "
        "of which 3, 8, 9 keep 12 training images each."
    )
    for title in ("no resampling", "random over-sampling"):
        (row,) = [line for line in lines if line.startswith(title)]
        assert re.fullmatch(rf"{title} +({FIGURES} +){{3}}\d+\.\d", row)
    written = json.loads(figures.read_text(), parse_constant=pytest.fail)
    assert written["settings"]["rare"] is None  # as typed, and what it came to
    compared = written["comparison"]
    assert compared["rare"] == ["3", "8", "9"]
    assert compared["train_counts"]["3"] == 12
    assert compared["row_shape"] == [8, 8]
    assert compared["samplers"] == {"none": None, "random": "RandomOverSampler()"}
    assert compared["classifier"] == "TorchCNNClassifier()"
    assert written["test_train_ratio"] == 0.0


def test_npz_with_rare_classes_by_name_and_label(npz, tmp_path):
    figures, picture = tmp_path / "out.json", tmp_path / "out.png"
    outcome = run(
        *("compare", "--data", npz, "--rare", "bee,2", "--rare-count", 8, "--size", "6x4"),
        *("--samplers", "none,smote", "--ratios", "0.5,1", "--json", figures),
        *("--plot", picture, *QUICK, "--seeds", 2),
    )
    assert outcome.exit_code == 0, outcome.output
    assert outcome.stdout.startswith(
        "insects.npz: 90 images of 6 x 4 for training, 15 for testing; 3 classes, "
        "of which bee, cat keep 8 training images each."
    )
    assert "SMOTE, ratio 0.5" in outcome.stdout
    written = json.loads(figures.read_text())
    assert written["classes"] == ["ant", "bee", "cat"]
    assert written["minority_classes"] == ["bee", "cat"]
    assert written["versions"]["skgan_aug"] == skgan_aug.__version__
    assert written["settings"]["seeds"] == 2
    cells = written["cells"]
    assert [cell["sampler"] for cell in cells] == ["none"] * 2 + ["smote"] * 4
    assert [cell["n_train"] for cell in cells] == [46, 46, 60, 60, 90, 90]
    assert all(tuple(cell) == CELL_KEYS and len(cell["recall"]) == 3 for cell in cells)
    assert [cell["ratio"] for cell in cells] == [None, None, 0.5, 0.5, 1.0, 1.0]
    assert [row["sampler"] for row in written["summary"]] == ["none", "smote", "smote"]
    with Image.open(picture) as image:
        assert image.format == "PNG"


def test_a_class_may_be_named_twice(npz):
    options = ["--rare", "bee,1,bee", "--rare-count", 8, "--samplers", "none", *QUICK]
    outcome = run("compare", "--data", npz, *options)
    assert "of which bee keep 8 training images" in outcome.stdout


def test_lists_may_run_over_several_lines(npz):
    options = ["--rare-count", 8, "--samplers", "none,\n  random\r\n", *QUICK]
    outcome = run("compare", "--data", npz, "--rare", "bee,\n  cat", *options)
    assert "of which bee, cat keep 8 training images" in outcome.stdout, outcome.output


def test_a_rare_class_whose_name_has_a_comma(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (30, 8, 8), dtype=np.uint8)
    path = tmp_path / "people.npz"
    np.savez(path, X=images, y=np.repeat(["Doe, J", "Roe, R", "cat"], 10))
    options = ["--rare-count", 4, "--samplers", "none", "--folds", 2, *QUICK]
    outcome = run("compare", "--data", path, "--rare", '"Roe, R", cat', *options)
    assert "of which Roe, R, cat keep 4 training images" in outcome.stdout, outcome.output


def test_a_long_name_of_the_data_fits_over_the_plot(npz, monkeypatch):
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    figures, savefig = [], Figure.savefig

    def save(figure, *args, **kwargs):
        figures.append(figure)
        return savefig(figure, *args, **kwargs)

    monkeypatch.setattr(Figure, "savefig", save)
    data = npz.rename(npz.with_name("insects" * 9 + ".npz"))
    given = ["--data", data, *RARE, "--samplers", "none,random", *QUICK]
    outcome = run("compare", *given, "--plot", data.with_suffix(".png"))
    assert outcome.exit_code == 0, outcome.output
    title = next(text for text in figures[-1].findobj(Text) if "insects" in text.get_text())
    figures[-1].canvas.draw()
    box = title.get_window_extent()
    assert 0 <= box.x0 < box.x1 <= figures[-1].bbox.x1


def test_a_damaged_file_is_left_out_and_named(tmp_path):
    rng = np.random.RandomState(0)
    for name in ("ant", "bee"):
        folder = tmp_path / "insects" / name
        folder.mkdir(parents=True)
        for number in range(6):
            pixels = rng.randint(256, size=(5, 5)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}.png")
    (folder / "6.png").write_bytes(b"no image")
    options = ("compare", "--data", tmp_path / "insects", "--folds", 2, *QUICK)
    outcome = run(*options, "--samplers", "none,random", "--rare", "bee", "--rare-count", 2)
    assert outcome.exit_code == 0, outcome.output
    assert "insects: 12 images" in outcome.stdout
    assert re.search(r"1 of 13 image files cannot be read .*6\.png", outcome.stderr)
    outcome = run(*options, "--samplers", "none,random", "--rare", "bee", "--rare-count", 4)
    assert outcome.exit_code == 2
    message = "--rare-count 4: class bee has 6 images, 3 to train on in each of 2 folds"
    assert message in outcome.stderr


def text_of(page):
    return html.unescape(re.sub("<[^>]+>", "", page.read_text(encoding="utf-8")))


def command_in(page):
    (command,) = re.findall("skgan-aug compare .*", text_of(page))
    return shlex.split(command)


def test_report_is_a_page_with_the_command_that_makes_it(npz, tmp_path):
    data = npz.rename(tmp_path / "my insects; rm.npz")
    page = tmp_path / "report.html"
    options = ["--data", data, "--rare", "cat", "--rare-count", 6, "--max-iter", 1, "--flips"]
    outcome = run("compare", *options, "--samplers", "none,cyclegan", *QUICK, "--report", page)
    assert outcome.exit_code == 0, outcome.output
    assert "With flips and shifts, CycleGAN over-sampling has too few runs" in text_of(page)
    words = command_in(page)
    assert words[words.index("--data") + 1] == str(data)
    assert words[words.index("--augmentation") + 1] == "flips_shifts"
    again = CliRunner().invoke(app, words[1:])
    assert again.exit_code == 0, again.output


def test_report_without_its_extra_is_refused_before_the_work(npz, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    outcome = run("compare", "--data", npz, *QUICK, "--report", tmp_path / "report.html")
    assert outcome.exit_code == 2
    assert "A report needs jinja2: pip install 'skgan_aug[report]'" in outcome.stderr
    assert "balanced accuracy" not in outcome.stdout


def test_folder_of_class_folders_is_tested_in_folds(tmp_path):
    write_folder(tmp_path / "set", ant=12, bee=6)
    outcome = run(
        *("compare", "--data", tmp_path / "set", "--samplers", "random", "--folds", 2, *QUICK)
    )
    assert outcome.exit_code == 0, outcome.output
    assert outcome.stdout.startswith(
        "set: 18 images of 8 x 8 for training, 2 folds; 2 classes.\n"
    )


def test_names_are_neither_markup_nor_orders_to_the_terminal(tmp_path):
    names = ["[red]ant", "bee\x1b[31m$\\frac$\udce9"]
    data = tmp_path / "my[red]$\\frac$"
    write_folder(data, **dict.fromkeys(names, 12))
    outputs = [tmp_path / "report.html", tmp_path / "figure.svg"]
    outcome = run(
        *("compare", "--data", data, "--rare", names[0], "--rare-count", 5, "--folds", 2),
        *("--samplers", "none", "--report", outputs[0], "--plot", outputs[1], *QUICK),
    )
    assert outcome.exit_code == 0, outcome.output
    assert outcome.stdout.startswith("my[red]$\\frac$: 24 images")
    assert "of which [red]ant keep 5" in outcome.stdout
    assert "\x1b[31m" not in outcome.output
    assert all(path.exists() for path in outputs)
    assert "bee\ufffd[31m$\\frac$\ufffd" in outputs[0].read_text(encoding="utf-8")


def test_flips_may_be_said_twice(npz, tmp_path):
    given = ["--flips", "--augmentation", "flips_shifts", "--samplers", "none,random", *QUICK]
    outcome = run("compare", "--data", npz, *RARE, "--json", tmp_path / "out.json", *given)
    assert outcome.exit_code == 0, outcome.output
    settings = json.loads((tmp_path / "out.json").read_text())["settings"]
    assert settings["augmentation"] == "flips_shifts"


def test_a_test_split_of_which_nothing_can_be_read(tmp_path):
    for name in ("ant", "bee"):
        (tmp_path / "train" / name).mkdir(parents=True)
        Image.new("L", (8, 8)).save(tmp_path / "train" / name / "1.png")
    (tmp_path / "test" / "ant").mkdir(parents=True)
    (tmp_path / "test" / "ant" / "1.png").write_bytes(b"no image")
    outcome = run("compare", "--data", tmp_path, *QUICK)
    assert outcome.exit_code == 2
    assert f"No image in {tmp_path / 'test'} can be read. Repair" in plain(outcome.stderr)


def test_a_sampler_that_cannot_run_says_why_in_its_row(npz):
    outcome = run(
        *("compare", "--data", npz, "--rare", "cat", "--rare-count", 3),
        *("--samplers", "smote,random", *QUICK),
    )
    assert outcome.exit_code == 0, outcome.output
    text = re.sub(r"\s+", " ", outcome.stdout)
    assert re.search(r"SMOTE could not run: ValueError: .*'cat' has 3 rows .* needs 6", text)
    assert re.search(rf"random over-sampling +({FIGURES} +){{3}}", outcome.stdout)


def test_where_nothing_could_run_the_code_is_1(npz, tmp_path):
    figures = tmp_path / "out.json"
    outcome = run(
        *("compare", "--data", npz, "--rare", "cat", "--rare-count", 3),
        *("--samplers", "smote", "--json", figures, *QUICK),
    )
    assert outcome.exit_code == 1
    assert "SMOTE could not run" in re.sub(r"\s+", " ", outcome.stdout)
    (row,) = json.loads(figures.read_text())["summary"]
    assert row["n_failed"] == row["n_cells"] == 1


def test_a_memory_may_stand_where_no_cyclegan_is_compared(npz, tmp_path):
    given = ["--data", npz, *RARE, "--samplers", "none", "--memory", tmp_path / "kept", *QUICK]
    assert run("compare", *given).exit_code == 0


@pytest.mark.parametrize("name", ["forest", "svc"])
def test_a_classifier_of_scikit_learn_learns_from_rows_of_pixels(npz, tmp_path, name):
    figures, page = tmp_path / "out.json", tmp_path / "out.html"
    outcome = run(
        *("compare", "--data", npz, *RARE, "--samplers", "random,smote,cyclegan"),
        *("--max-iter", 2, "--seeds", 1, "--jobs", 1, "--classifier", name),
        *("--json", figures, "--report", page),
    )
    assert outcome.exit_code == 0, outcome.output
    written = json.loads(figures.read_text())
    assert written["comparison"]["classifier"] in ("RandomForestClassifier()", "SVC()")
    assert written["comparison"]["classifier_steps"] is None
    assert written["comparison"]["image_shape"] == [8, 8]
    assert [cell["error"] for cell in written["cells"]] == [None] * 3
    assert written["cells"][0]["balanced_accuracy"] == 1.0  # brightness tells the class
    words = command_in(page)
    assert words[words.index("--classifier") + 1] == name
    assert "Translations" in text_of(page)


def test_a_network_by_name(npz, tmp_path):
    figures = tmp_path / "out.json"
    given = ["--samplers", "none", "--classifier", "resnet", "--json", figures, *QUICK]
    outcome = run("compare", "--data", npz, *RARE, *given)
    assert outcome.exit_code == 0, outcome.output
    compared = json.loads(figures.read_text())["comparison"]
    assert compared["classifier"] == "TorchCNNClassifier(module='resnet')"


def test_a_network_that_learns_beside_how_frequent_classes_are(npz, tmp_path):
    figures = tmp_path / "out.json"
    given = ["--samplers", "none", "--logit-adjustment", 1, "--json", figures, *QUICK]
    outcome = run("compare", "--data", npz, *RARE, *given)
    assert outcome.exit_code == 0, outcome.output
    compared = json.loads(figures.read_text())["comparison"]
    assert compared["classifier"] == "TorchCNNClassifier(logit_adjustment=1.0)"


@pytest.mark.parametrize(
    ("options", "has_row"),
    [([], True), (["--logit-adjustment", 0.5], False), (["--classifier", "forest"], False)],
)
def test_logit_adjustment_has_a_row_where_nothing_has_it_yet(options, has_row, npz, tmp_path):
    page, figures = tmp_path / "out.html", tmp_path / "out.json"
    given = ["--max-iter", 1, "--report", page, "--json", figures, "--seeds", 1, "--jobs", 1]
    steps = [] if "forest" in options else ["--classifier-steps", 2]
    outcome = run("compare", "--data", npz, *RARE, *given, *steps, *options)
    assert outcome.exit_code == 0, outcome.output
    assert ("logit adjustment" in outcome.stdout) == has_row
    assert ("logit adjustment" in text_of(page)) == has_row
    compared = json.loads(figures.read_text())["comparison"]["samplers"]
    assert (compared.pop("logit_adjustment", None) == "LogitAdjustment()") == has_row
    others = ["none", "random", "smote", "borderline_smote", "adasyn", "cyclegan"]
    assert list(compared) == others


def test_a_forest_has_no_logits_to_adjust(npz):
    given = ["--samplers", "none,logit_adjustment", "--classifier", "forest"]
    outcome = run("compare", "--data", npz, *RARE, *given, "--seeds", 1, "--jobs", 1)
    assert outcome.exit_code == 2
    message = "--samplers logit_adjustment is for networks, and --classifier forest is none."
    assert message in outcome.stderr


def test_vectors_are_rows_as_they_are(tmp_path):
    X = np.repeat(np.eye(3, dtype=np.float32), 20, axis=0)
    np.savez(tmp_path / "vectors.npz", X=X, y=np.repeat([0, 1, 2], 20))
    given = ["--classifier", "forest", "--samplers", "none,smote", "--seeds", 1, "--jobs", 1]
    rare = ["--rare", 2, "--rare-count", 8]
    outcome = run("compare", "--data", tmp_path / "vectors.npz", *rare, *given)
    assert outcome.exit_code == 0, outcome.output
    assert "100.0" in outcome.stdout


@pytest.mark.parametrize("option", ["--augmentation", "--copy-augmentation"])
def test_vectors_cannot_be_flipped(option, tmp_path):
    np.savez(tmp_path / "vectors.npz", X=np.eye(40), y=np.repeat([0, 1], 20))
    outcome = run("compare", "--data", tmp_path / "vectors.npz", option, "flips", *QUICK)
    assert outcome.exit_code == 2
    assert re.search(rf"{option} flips is for images, and .*vectors.npz holds", outcome.stderr)


def test_copies_beside_translations_and_alone_are_augmented(npz, tmp_path, monkeypatch):
    seen = set()
    resample = CycleGANOverSampler.fit_resample

    def recording(self, X, y):
        X_new, y_new = resample(self, X, y)
        is_copy = ~self.synthetic_mask_
        is_copy[: len(X)] = False
        is_as_it_was = X_new[is_copy] == X[self.source_indices_[is_copy]]
        seen.add((self.synthetic_fraction, bool(is_as_it_was.all())))
        return X_new, y_new

    monkeypatch.setattr(CycleGANOverSampler, "fit_resample", recording)
    page = tmp_path / "out.html"
    outcome = run(
        *("compare", "--data", npz, *RARE, "--max-iter", 2, "--copy-augmentation", "shifts"),
        *("--samplers", "random,smote,cyclegan", "--classifier", "forest", "--report", page),
        *("--seeds", 1, "--jobs", 1),
    )
    assert outcome.exit_code == 0, outcome.output
    assert seen == {(0.0, False), ("scale", False)}
    judged = "CycleGAN beside shifted copies"
    for title in (judged, "shifted copies", "SMOTE"):
        assert re.search(rf"^{title} +{FIGURES}", outcome.stdout, re.MULTILINE)
    assert re.search(
        f"^{judged} .*SMOTE .* and .*shifted copies", outcome.stdout, re.MULTILINE
    )
    text = html.unescape(re.sub("<[^>]*>", "", page.read_text()))
    assert f"Does {judged} raise balanced accuracy more than SMOTE or shifted copies?" in text
    assert f"By {judged}, from the first draw" in text
    assert "--copy-augmentation shifts" in text


def test_cyclegan_row_and_verdict(npz):
    outcome = run(
        *("compare", "--data", npz, "--rare", "cat", "--rare-count", 6, "--max-iter", 2),
        *("--samplers", "none,random,cyclegan", "--synthetic-fraction", 0.5),
        *("--classifier-weight", 1, "--min-strength", 1),
        *(*QUICK, "--seeds", 3),
    )
    assert outcome.exit_code == 0, outcome.output
    assert re.search(rf"CycleGAN +({FIGURES} +){{3}}", outcome.stdout)
    verdict = outcome.stdout.splitlines()[-1]
    names = "(random over-sampling|no resampling)"
    opening = "(raised|lowered|shows no evidence of a difference in) balanced accuracy"
    clear = rf"by \d+\.\d ± \d+\.\d points (over|against) {names}"
    undecided = rf"from {names} \([+−]\d+\.\d ± \d+\.\d points\)"
    phrase = f"({clear}|{undecided})"
    sentence = rf"CycleGAN over-sampling {opening} {phrase}( and |; it {opening} ){phrase}\."
    assert re.fullmatch(sentence, verdict)
    assert verdict.count("random over-sampling") == verdict.count("no resampling") == 1


def test_the_table_says_what_its_spreads_are(npz):
    options = ("compare", "--data", npz, *RARE, *QUICK)
    given = ["--samplers", "none,cyclegan", "--max-iter", 2, "--seeds", 3]
    repeated = run(*options, *given).stdout.splitlines()
    assert repeated[-2] == (
        "Scores in points: mean ± standard deviation of runs; below, ± half of a 95% interval."
    )
    alone = run(*options, "--samplers", "none", "--seeds", 2).stdout.splitlines()
    assert alone[-1] == "Scores in points: mean ± standard deviation of runs."
    assert run(*options, "--samplers", "none").stdout.splitlines()[-1] == "Scores in points."


def test_seconds_without_training_are_said_to_be(npz, tmp_path):
    kept, figures, page = tmp_path / "kept", tmp_path / "out.json", tmp_path / "out.html"
    options = ("compare", "--data", npz, *RARE, "--max-iter", 2, "--samplers", "cyclegan")
    options += (*QUICK, "--memory", kept, "--json", figures, "--report", page)
    said = "found in --memory: 1 CycleGAN; seconds leave out the training."
    # The ratios of the first run share what it has trained itself.
    for ratios, n_found in (("0.5,1", 0), ("1", 1)):
        outcome = run(*options, "--ratios", ratios)
        assert outcome.exit_code == 0, outcome.output
        assert json.loads(figures.read_text())["found_in_memory"] == n_found
        assert (said in outcome.stdout) == (said in page.read_text()) == bool(n_found)


@pytest.mark.skipif(sys.platform == "win32", reason="it has no /dev")
def test_a_file_that_is_printed_to_is_not_replaced(npz, tmp_path):
    log = tmp_path / "log.txt"
    log.write_text("precious\n")
    code = "from skgan_aug.cli import main; main()"
    given = ["--data", npz, "--samplers", "none", *QUICK, "--json"]
    for output in ("/dev/stdout", log):
        command = [sys.executable, "-c", code, "compare", *map(str, [*given, output])]
        with open(log, "a") as file:
            done = subprocess.run(
                command, stdout=file, stderr=subprocess.PIPE, text=True, check=False
            )
        assert done.returncode == 2
        assert f"--json {output} is the file that what is printed goes to" in done.stderr
    assert log.read_text() == "precious\n"


def test_an_encoding_without_minus_signs_does_not_turn_losses_into_gains():
    code = "from skgan_aug.cli import _app, main; _app.app = lambda: print('−5.8 ± 2.4 粒')"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; main()"],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii:strict"},
        check=True,
    )
    assert done.stdout.split() == [b"-5.8", b"+/-", b"2.4", b"?"]


def test_memory_trains_once_for_both_augmentations(npz, tmp_path):
    kept = tmp_path / "kept"
    options = ("compare", "--data", npz, "--rare", "cat", "--rare-count", 6, "--max-iter", 2)
    for augmentation in ((), ("--flips",)):
        outcome = run(
            *(*options, "--samplers", "cyclegan", "--memory", kept, *QUICK, *augmentation)
        )
        assert outcome.exit_code == 0, outcome.output
        assert "1 CycleGAN, " in run("cache", "list", kept).stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--data", "nowhere.npz"], "no file nowhere.npz"),
        (["--data", "nothere"], "no folder of that name. Give a .npz archive, or a folder"),
        (["--samplers", "smoet"], "samplers names 'smoet'"),
        (
            ["--samplers", "foo"],
            "--samplers names 'foo', which is unknown. Choose among none, logit_adjustment, "
            "random, smote, borderline_smote, adasyn, cyclegan.",
        ),
        (["--rare", "eleven"], "--rare names eleven, which is no class"),
        (["--rare-count", "5000"], "--rare-count 5000: class 3 has 128 images. Ask for"),
        (["--size", "big"], "--size big is no size"),
        (["--size", "0"], "--size 0 is no size"),
        (["--ratios", "0.5;1"], "--ratios 0.5;1"),
        (["--ratios", "1.5"], "ratios holds 1.5"),
        (["--json", "nowhere/out.json"], "--json nowhere/out.json"),
        (["--plot", "out.xyz"], "--plot out.xyz"),
        (["--plot", "nowhere/out.png"], "--plot nowhere/out.png"),
        (["--report", "nowhere/out.html"], "--report nowhere/out.html"),
        (["--json", "."], "--json . is a folder: name a file"),
        (["--report", "out.pdf"], "--report out.pdf: it is a page, whose name must end in"),
        (["--json", "a.png", "--plot", "./a.png"], "--json and --plot are both a.png. Give"),
        (["--data", "a.npz", "--json", "a.npz"], "--data and --json are both a.npz"),
        (["--flips", "--augmentation", "shifts"], "but --augmentation shifts is given too"),
        (["--rare", ""], "--rare '' names nothing"),
        (["--samplers", ","], "--samplers ',' names nothing"),
        (["--ratios", ""], "--ratios '' names nothing"),
        (
            ["--augmentation", "turns"],
            "--augmentation names 'turns', which is unknown. Choose among flips, shifts, "
            "flips_shifts.",
        ),
        (
            ["--classifier", "tree"],
            "--classifier names 'tree', which is unknown. Choose among compact, resnet, "
            "paper, forest, svc.",
        ),
        (["--classifier", "svc", "--flips"], "--augmentation flips_shifts is for networks"),
        (["--classifier", "svc", "--flips"], "Or give it as --copy-augmentation."),
        (
            ["--classifier", "svc", "--logit-adjustment", "1"],
            "--logit-adjustment 1.0 is for networks",
        ),
        (["--copy-augmentation", "turns"], "--copy-augmentation names 'turns', which is"),
        (
            ["--copy-augmentation", "flips", "--samplers", "none,smote"],
            "--copy-augmentation flips is for the copies of random and cyclegan, and "
            "--samplers none,smote names neither.",
        ),
        *(
            (
                ["--samplers", "none,smote", option, "1"],
                f"{option} {value} is for cyclegan, which --samplers none,smote does not name",
            )
            for option, value in [
                ("--max-iter", 1),
                ("--classifier-weight", 1.0),
                ("--synthetic-fraction", 1.0),
                ("--min-strength", 1.0),
            ]
        ),
        (["--classifier", "forest"], "--classifier-steps 5 is for networks, and --classifier"),
    ],
)
def test_mistakes_end_in_one_line_and_code_2(args, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = run("compare", "--samplers", "none,cyclegan", *QUICK, *args)
    assert outcome.exit_code == 2
    assert isinstance(outcome.exception, SystemExit)
    error = outcome.stderr.splitlines()[-1]
    assert error.startswith("Error: ")
    assert message in error
    assert "balanced accuracy" not in outcome.stdout


@pytest.mark.parametrize("wrong", [["--ratios", "0"], ["--rare-count", "5"]], ids=str)
def test_what_no_data_could_mend_is_refused_before_they_are_loaded(wrong):
    outcome = run("compare", "--data", "nowhere.npz", *wrong, *QUICK)
    assert outcome.exit_code == 2
    assert "nowhere.npz" not in outcome.stderr


def test_a_folder_of_one_class(tmp_path):
    (tmp_path / "ant").mkdir()
    Image.new("L", (8, 8)).save(tmp_path / "ant" / "1.png")
    outcome = run("compare", "--data", tmp_path, *QUICK)
    assert outcome.exit_code == 2
    assert "--data holds images of one class to train on" in plain(outcome.stderr)
    assert not outcome.stdout


def test_a_ratio_named_twice_is_one(npz):
    given = ["--samplers", "random", "--ratios", "0.5,0.5", *QUICK]
    outcome = run("compare", "--data", npz, *RARE, *given)
    assert outcome.stderr.startswith("1 of 1: random over-sampling")


@pytest.mark.parametrize("fraction", ["2", "half"])
def test_fraction_must_be_a_share(fraction):
    outcome = run("compare", "--synthetic-fraction", fraction, *QUICK)
    assert outcome.exit_code == 2
    error = re.sub(r"\x1b\[[0-9;]*m", "", outcome.stderr)
    assert "Invalid value for '--synthetic-fraction'" in error


def test_a_rare_count_needs_classes_that_it_is_for(npz):
    outcome = run("compare", "--data", npz, "--rare-count", 6, *QUICK)
    assert outcome.exit_code == 2
    assert "--rare-count 6 is given without --rare" in outcome.stderr


def test_rare_classes_without_a_count_keep_all_their_images(tmp_path):
    data, figures = tmp_path / "insects.npz", tmp_path / "out.json"
    X, y = make_arrays(ant=30, bee=20, cat=8)
    np.savez(data, X=X, y=y, X_test=X, y_test=y, classes=["ant", "bee", "cat"])
    given = ["--rare", "cat", "--samplers", "none,random", "--json", figures, *QUICK]
    outcome = run("compare", "--data", data, *given)
    assert outcome.exit_code == 0, outcome.output
    assert "3 classes, of which cat is rare." in outcome.stdout
    written = json.loads(figures.read_text())
    assert written["minority_classes"] == ["cat"]
    assert [cell["n_train"] for cell in written["cells"]] == [58, 80]


def test_warnings_while_it_runs_are_lines_that_name_the_classes(npz, monkeypatch, tmp_path):
    monkeypatch.setattr("skgan_aug.over_sampling.diagnose", lambda *_, **__: ["it failed"])
    given = ["--samplers", "cyclegan", "--max-iter", 1, "--memory", tmp_path / "kept", *QUICK]
    outcome = run("compare", "--data", npz, *RARE, *given)
    assert outcome.exit_code == 0, outcome.output
    warned, *others = [line for line in outcome.stderr.splitlines() if "failed" in line]
    assert re.fullmatch("Warning: CycleGAN (ant|cat) -> bee: it failed.", warned)
    assert not others
    assert re.search(
        "CycleGAN (ant|cat) -> bee", run("cache", "list", tmp_path / "kept").stdout
    )


def test_each_warning_is_printed_once(npz, monkeypatch):
    monkeypatch.setattr(
        "skgan_aug.over_sampling.diagnose", lambda *_, **__: ["it failed again"]
    )
    given = ["--samplers", "cyclegan", "--max-iter", 1, "--ratios", "0.5,1"]
    outcome = run("compare", "--data", npz, *RARE, *given, *QUICK)
    assert outcome.exit_code == 0, outcome.output
    assert outcome.stderr.count("it failed again") == 1


def test_a_folder_has_names_and_no_labels(tmp_path):
    write_folder(tmp_path / "set", **{"1": 8, "2": 8, "3": 8})
    for rare in ("0", "0,1"):
        given = ["--rare", rare, "--samplers", "none,random", *QUICK]
        outcome = run("compare", "--data", tmp_path / "set", *given)
        assert outcome.exit_code == 2
        assert "--rare names 0, which is no class. The classes are 1, 2, 3." in outcome.stderr


@pytest.mark.parametrize("option", ["--json", "--plot", "--report"])
def test_a_link_to_nowhere_is_refused_before_the_work(npz, tmp_path, option):
    suffix = {"--json": ".json", "--plot": ".png", "--report": ".html"}[option]
    link = tmp_path / f"link{suffix}"
    link.symlink_to(tmp_path / "missing" / f"file{suffix}")
    outcome = run("compare", "--data", npz, *RARE, "--samplers", "none", *QUICK, option, link)
    assert outcome.exit_code == 2
    assert f"there is no folder {tmp_path / 'missing'}" in outcome.stderr
    assert not outcome.stdout


def test_a_link_in_a_circle_is_refused_before_the_work(npz, tmp_path):
    for name, other in ("ab", "ba"):
        (tmp_path / f"{name}.json").symlink_to(tmp_path / f"{other}.json")
    given = ["--samplers", "none", "--json", tmp_path / "a.json", *QUICK]
    outcome = run("compare", "--data", npz, *RARE, *given)
    assert outcome.exit_code == 2
    assert "is a link in a circle" in outcome.stderr
    assert not outcome.stdout


def test_values_that_no_sampler_takes_are_refused_before_the_work(npz):
    given = ["--samplers", "none,cyclegan", "--classifier-weight", "inf", *QUICK]
    outcome = run("compare", "--data", npz, *RARE, *given)
    assert outcome.exit_code == 2
    assert "'classifier_weight' parameter" in outcome.stderr
    assert not outcome.stdout


def test_classes_keep_the_order_of_their_labels_and_untested_ones_are_named(tmp_path):
    data, figures = tmp_path / "animals.npz", tmp_path / "out.json"
    X, y = make_arrays(zebra=30, yak=12, ant=12)
    X_val, y_val = make_arrays(1, zebra=5, yak=5)
    names = ["zebra", "yak", "ant"]
    np.savez(data, X_train=X, y_train=y, X_val=X_val, y_val=y_val, target_names=names)
    given = ["--samplers", "none,random", "--json", figures, *QUICK]
    outcome = run("compare", "--data", data, *given)
    assert outcome.exit_code == 0, outcome.output
    assert outcome.stdout.startswith(
        "animals.npz: 54 images of 8 x 8 for training, 10 for validation; 3 classes. "
        "No test images of ant: its recall is not measured.\n"
    )
    written = json.loads(figures.read_text())
    assert written["classes"] == names
    assert written["minority_classes"] == names[1:]
    for cell in written["cells"]:
        assert [recall is None for recall in cell["recall"]] == [False, False, True]


def test_a_class_that_cannot_be_learnt_is_not_tested_on(tmp_path):
    X, y = make_arrays(ant=9, bee=9)
    np.savez(tmp_path / "set.npz", X=X, y=y, X_test=X, y_test=y + 1)
    outcome = run("compare", "--data", tmp_path / "set.npz", *QUICK)
    assert outcome.exit_code == 2
    assert "Images for testing are of class 2, which those to train on lack" in outcome.stderr


def test_without_a_terminal_each_finished_cell_is_a_line(tmp_path, monkeypatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    X, y = make_arrays(ant=12, bee=6)
    np.savez(tmp_path / "set.npz", X=X, y=y)
    given = ["--samplers", "none,random", "--folds", 2, *QUICK]
    outcome = run("compare", "--data", tmp_path / "set.npz", *given)
    assert [re.sub(r"\d:\d\d:\d\d", "TIME", line) for line in outcome.stderr.splitlines()] == [
        "1 of 4: no resampling, seed 1, fold 1: done, TIME elapsed",
        "2 of 4: no resampling, seed 1, fold 2: done, TIME elapsed",
        "3 of 4: random over-sampling, ratio 1, seed 1, fold 1: done, TIME elapsed",
        "4 of 4: random over-sampling, ratio 1, seed 1, fold 2: done, TIME elapsed",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "Stopped; nothing was kept: --memory keeps CycleGANs."),
        (["--memory", "kept"], "Stopped; finished CycleGANs are in kept."),
    ],
)
def test_ctrl_c_says_what_was_kept(npz, tmp_path, monkeypatch, options, message):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli._compare, "compare_samplers", interrupt)
    outcome = run("compare", "--data", npz, *QUICK, *options)
    assert outcome.exit_code == 130
    assert outcome.stderr.splitlines()[-1] == message


@pytest.mark.parametrize("of_ctrl_c", ["default_int_handler", "SIG_IGN"])
def test_sigterm_ends_the_command_as_ctrl_c_does(npz, of_ctrl_c):
    """Even in the background of a script, where Ctrl-C is ignored."""
    code = f"""
import os, signal, time
from skgan_aug.cli import _compare, main

def terminate(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(10)

signal.signal(signal.SIGINT, signal.{of_ctrl_c})
_compare.compare_samplers = terminate
main()
"""
    command = [sys.executable, "-c", code, "compare", "--data", str(npz)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 143
    assert done.stderr == "Stopped; nothing was kept: --memory keeps CycleGANs.\n"


def test_images_beside_the_class_folders_are_named(tmp_path):
    data, out = tmp_path / "set", tmp_path / "out"
    write_folder(data, ant=6, bee=3)
    Image.new("L", (8, 8)).save(data / "stray.png")
    (data / "ant" / "broken.png").touch()
    given = ["--samplers", "none,random", "--folds", 2, *QUICK]
    outcome = run("compare", "--data", data, *given)
    assert "Image files left out because they are in no class folder: 1 (" in outcome.stderr
    assert "stray.png" in outcome.stderr
    outcome = run("augment", data, out, "--max-iter", 1, "--jobs", 1, "--quiet")
    assert outcome.stderr.splitlines() == [
        "Files left out because they cannot be read: 1",
        "  ant/broken.png: empty file",
        "Image files left out because they are in no class folder: 1",
        "  stray.png",
        f"All of them: {out / 'left_out.csv'}",
    ]
    assert "stray.png,in no class folder" in (out / "left_out.csv").read_text()


def test_vectors_have_no_size(tmp_path):
    X, y = make_arrays(ant=9, bee=9)
    np.savez(tmp_path / "rows.npz", X=X.reshape(18, 64), y=y)
    outcome = run("compare", "--data", tmp_path / "rows.npz", "--size", 8, *QUICK)
    assert outcome.exit_code == 2
    assert re.search(r"--size 8: X in .*rows\.npz holds rows of shape \(64,\)", outcome.stderr)
    assert "Leave --size out" in outcome.stderr


def test_version_and_help():
    assert run("--version").stdout.strip() == skgan_aug.__version__
    assert "compare" in run("--help").stdout
    text = re.sub(r"\x1b\[[0-9;]*m", "", run("compare", "--help").stdout)
    assert "--rare-count" in text
    assert "shifts or flips_shifts" in plain(text.replace("│", ""))


@pytest.mark.parametrize("package", ["typer", "rich"])
def test_without_the_extra_one_line_says_what_to_install(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SystemExit, match=rf"needs {package}: pip install 'skgan_aug\[cli\]'"):
        cli.main()


def test_as_a_module():
    outcome = subprocess.run(
        [sys.executable, "-m", "skgan_aug.cli", "--version"], capture_output=True, text=True
    )
    assert outcome.stdout.strip() == skgan_aug.__version__


def test_the_cache_is_listed_and_cleared(tmp_path):
    X = np.random.RandomState(0).randint(256, size=(9, 8, 8)).astype(np.uint8)
    sampler = CycleGANOverSampler(memory=tmp_path / "kept", max_iter=1, random_state=0)
    sampler.fit_resample(X, np.repeat(["cat", "dog"], [6, 3]))
    listed = run("cache", "list", tmp_path / "kept").stdout
    assert "CycleGAN cat -> dog" in listed
    assert "1 CycleGAN, " in listed
    assert "Removed 1 CycleGAN from" in run("cache", "clear", tmp_path / "kept").stdout
    assert "0 CycleGANs" in run("cache", "list", tmp_path / "kept").stdout


def test_long_names_in_the_cache_are_listed_whole(tmp_path):
    X = np.random.RandomState(0).randint(256, size=(9, 8, 8)).astype(np.uint8)
    sampler = CycleGANOverSampler(memory=tmp_path / "kept", max_iter=1, random_state=0)
    sampler.fit_resample(X, np.repeat(["b" * 90, "d" * 100], [6, 3]))
    listed = run("cache", "list", tmp_path / "kept").stdout
    assert (listed.count("b"), listed.count("d", listed.index("d" * 10))) == (90, 100)


def test_a_cache_that_is_not_there_is_an_error(tmp_path):
    outcome = run("cache", "clear", tmp_path / "nowhere")
    assert outcome.exit_code == 2
    assert "There is no folder" in outcome.stderr
