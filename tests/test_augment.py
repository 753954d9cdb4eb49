"""A folder of images becomes a balanced one: nothing lost, nothing overwritten, resumable."""

import contextlib
import csv
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections import Counter
from pathlib import Path

import joblib
import numpy as np
import pytest
from filelock import FileLock
from PIL import Image
from typer.testing import CliRunner

from skgan_aug import CycleGANOverSampler
from skgan_aug._random import derive_seed
from skgan_aug.cli._app import app
from skgan_aug.cli._augment import parse_source
from skgan_aug.datasets import load_image_folder
from skgan_aug.folders import _augment, augment_folder, plan_folder
from skgan_aug.folders._output import FileNames, OutputFolder

QUICK = ["--max-iter", 2, "--jobs", 1]
SLOW_FOLDER, SLOW_MAIN = "SKGAN_AUG_TEST_SLOW_FOLDER", "SKGAN_AUG_TEST_SLOW_MAIN"


def run(*args):
    return CliRunner().invoke(app, ["augment", *(str(arg) for arg in args)])


def make_folder(root, *, size=(8, 8), suffix=".png", seed=0, **counts):
    """Write colour images whose brightness tells the class."""
    rng = np.random.default_rng(seed)
    for label, (name, n) in enumerate(counts.items()):
        (root / name).mkdir(parents=True)
        for number in range(n):
            pixels = rng.integers(0, 60, (*size, 3)) + 60 * label
            Image.fromarray(pixels.astype(np.uint8)).save(root / name / f"{number}{suffix}")
    return root


def sampler(**params):
    return CycleGANOverSampler(**{"max_iter": 2, "random_state": 0} | params)


def darkest(candidates):
    return -candidates.mean(axis=(1, 2, 3))


def slow_selection(candidates):
    """In a worker of :func:`fill_slowly`, wait until the test has killed what started it."""
    folder = os.environ.get(SLOW_FOLDER)
    if folder and os.environ[SLOW_MAIN] != str(os.getpid()):
        Path(folder, "started").touch()
        while not Path(folder, "go").exists():
            time.sleep(0.01)
    return darkest(candidates)


def fill_slowly(pets, out):
    os.environ |= {SLOW_FOLDER: str(Path(out).parent), SLOW_MAIN: str(os.getpid())}
    plan = plan_folder(pets, sampler(selection=slow_selection, n_jobs=2))
    augment_folder(plan, out)


def manifest(out):
    with (out / "manifest.csv").open(newline="", errors="surrogateescape") as file:
        return list(csv.DictReader(file))


def contents(folder):
    """{relative path: bytes} of all files."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def pets(tmp_path):
    return make_folder(tmp_path / "pets", cat=8, dog=3, owl=2)


class TestResult:
    def test_balanced_and_listed(self, pets, tmp_path):
        out = tmp_path / "out"
        outcome = run(pets, out, *QUICK, "--quiet")
        assert outcome.exit_code == 0, outcome.output
        assert outcome.output == ""
        data = load_image_folder(out)
        assert np.bincount(data.target).tolist() == [8, 8, 8]

        rows = manifest(out)
        assert {row["file"] for row in rows} == contents(out).keys() - {
            *("manifest.csv", "augment.json")
        }
        kinds = Counter((row["class"], row["kind"]) for row in rows)
        assert kinds == {
            **{("cat", "original"): 8, ("dog", "original"): 3, ("owl", "original"): 2},
            **{("dog", "synthetic"): 2, ("dog", "duplicate"): 3},
            **{("owl", "synthetic"): 3, ("owl", "duplicate"): 3},
        }
        for row in rows:
            assert row["file"].split("/")[0] == row["class"]
            file, source = out / row["file"], pets / row["source_file"]
            if row["kind"] == "synthetic":
                name = {"dog": "cat", "owl": "dog"}[row["class"]]
                assert re.fullmatch(rf"\d\.synthetic-from-{name}-\d\.png", file.name)
                assert row["source_file"] == f"{name}/{file.name[0]}.png"
                assert 0 <= float(row["score"]) <= 1
            else:
                assert row["score"] == ""
                assert file.read_bytes() == source.read_bytes()
            if row["kind"] == "duplicate":
                assert re.fullmatch(rf"{source.stem}\.duplicate-\d+\.png", file.name)

    def test_what_is_there_already_is_left_as_it_is(self, pets, tmp_path):
        before = contents(pets)
        augment_folder(plan_folder(pets, sampler()), tmp_path / "out")
        assert contents(pets) == before
        after = contents(tmp_path / "out")
        assert before.items() <= after.items()
        assert not (tmp_path / "out" / ".skgan-aug").exists()

    def test_originals_are_linked_or_copied(self, pets, tmp_path, monkeypatch):
        plan = plan_folder(pets, sampler())
        augment_folder(plan, tmp_path / "linked")
        assert (tmp_path / "linked/cat/0.png").samefile(pets / "cat/0.png")
        augment_folder(plan, tmp_path / "copied", copy=True)
        assert not (tmp_path / "copied/cat/0.png").samefile(pets / "cat/0.png")

        def fail(*args):
            raise OSError("no links here")

        monkeypatch.setattr(os, "link", fail)
        augment_folder(plan, tmp_path / "without_links")
        assert contents(tmp_path / "without_links") == contents(tmp_path / "linked")
        assert contents(tmp_path / "copied") == contents(tmp_path / "linked")

    def test_copies_keep_their_time_and_links_are_followed(self, pets, tmp_path):
        os.utime(pets / "cat/0.png", (1e9, 1e9))
        (pets / "cat/link.png").symlink_to("0.png")
        plan = plan_folder(pets, sampler(sampling_strategy={"dog": 4}))
        for copy in (False, True):
            out = tmp_path / str(copy)
            augment_folder(plan, out, copy=copy)
            assert (out / "cat/0.png").stat().st_mtime == 1e9
            assert not (out / "cat/link.png").is_symlink()
            assert (out / "cat/link.png").read_bytes() == (pets / "cat/0.png").read_bytes()

    def test_translations_are_those_of_the_sampler(self, tmp_path):
        pets = make_folder(tmp_path / "pets", cat=6, dog=3)
        data = load_image_folder(pets)
        expected = sampler(random_state=derive_seed(0, 1, 2))  # of cat -> dog
        X, _ = expected.fit_resample(data.images, data.target_names[data.target])
        added = np.flatnonzero(expected.synthetic_mask_)
        augment_folder(plan_folder(pets, sampler()), tmp_path / "out")
        rows = [row for row in manifest(tmp_path / "out") if row["kind"] == "synthetic"]
        assert len(rows) == len(added) == 2
        for row, position in zip(rows, added, strict=True):
            with Image.open(tmp_path / "out" / row["file"]) as image:
                np.testing.assert_array_equal(np.asarray(image), X[position])
            origin = expected.source_indices_[position]
            assert data.filenames[origin].endswith(row["source_file"])

    def test_each_pair_of_classes_has_a_seed_of_its_own(self, tmp_path):
        pets = make_folder(tmp_path / "pets", cat=20, dog=3, owl=3)
        written = {}
        for rare in (["dog", "owl"], ["owl"]):
            strategy = dict.fromkeys(rare, 20)
            plan = plan_folder(
                pets, sampler(sampling_strategy=strategy, source="cat", synthetic_fraction=1)
            )
            augment_folder(plan, tmp_path / rare[0])
            for name in rare:
                files = contents(tmp_path / rare[0] / name)
                written[rare[0], name] = {
                    file: raw for file, raw in files.items() if "synthetic" in file
                }
        assert len(written["dog", "dog"]) == len(written["dog", "owl"]) == 17
        assert written["dog", "dog"].keys() != written["dog", "owl"].keys()
        assert written["dog", "owl"] == written["owl", "owl"]  # whichever others are filled

    def test_nested_folders_and_names_that_meet(self, tmp_path):
        pets = make_folder(tmp_path / "pets", cat=6, dog=2)
        make_folder(pets / "cat", indoor=4)
        (pets / "dog/0.png").rename(pets / "dog/1.duplicate-1.png")
        out = tmp_path / "out"
        augment_folder(plan_folder(pets, sampler(synthetic_fraction=0.9)), out)
        files = contents(out)
        assert files["cat/indoor/3.png"] == contents(pets)["cat/indoor/3.png"]
        assert np.bincount(load_image_folder(out).target).tolist() == [10, 10]
        rows = [row for row in manifest(out) if row["source_file"].startswith("cat/indoor")]
        (name,) = [row["file"] for row in rows if row["source_file"] == "cat/indoor/3.png"][1:]
        assert re.fullmatch(r"dog/indoor-3\.synthetic-from-cat-1\.png", name)

    def test_grey_images_and_a_size(self, tmp_path):
        pets = make_folder(tmp_path / "pets", size=(20, 30), suffix=".jpg", cat=6, dog=3)
        out = tmp_path / "out"
        outcome = run(pets, out, *QUICK, "--size", "8x12", "--mode", "L", "--resize", "crop")
        assert outcome.exit_code == 0, outcome.output
        assert "trained in grey, 8 x 12" in outcome.stdout
        (name, *_) = [row["file"] for row in manifest(out) if row["kind"] == "synthetic"]
        with Image.open(out / name) as image:
            assert (image.mode, image.size, image.format) == ("L", (12, 8), "PNG")

    def test_ratio_classes_source_and_fraction(self, pets, tmp_path):
        out = tmp_path / "out"
        outcome = run(
            *(pets, out, *QUICK, "--ratio", 0.5, "--classes", "owl", "--source", "owl=dog"),
            *("--synthetic-fraction", 1, "--selection", "classifier", "--seed", 3),
        )
        assert outcome.exit_code == 0, outcome.output
        assert contents(out).keys() >= {"owl/0.png", "owl/1.png", "augment.json"}
        added = [row for row in manifest(out) if row["kind"] != "original"]
        assert [(row["class"], row["kind"]) for row in added] == [("owl", "synthetic")] * 2
        assert all(row["source_file"].startswith("dog/") for row in added)

    def test_translations_go_the_whole_way_when_told(self, pets, tmp_path):
        written = {}
        for strength in (0.0, 1.0):
            out = tmp_path / str(strength)
            outcome = run(pets, out, *QUICK, "--min-strength", strength)
            assert outcome.exit_code == 0, outcome.output
            names = [row["file"] for row in manifest(out) if row["kind"] == "synthetic"]
            written[strength] = {name: (out / name).read_bytes() for name in names}
        assert written[0.0].keys() == written[1.0].keys()
        assert all(written[1.0][name] != image for name, image in written[0.0].items())

    def test_a_class_that_gains_duplicates_alone(self, tmp_path):
        folder = make_folder(tmp_path / "pets", cat=6, dog=2, owl=5)
        (folder / "dog" / "1.png").unlink()  # too few to translate into, were there need
        plan = plan_folder(folder, sampler(sampling_strategy={"dog": 2, "owl": 6}))
        assert plan.sources == {}
        augment_folder(plan, tmp_path / "out")
        kinds = Counter((row["class"], row["kind"]) for row in manifest(tmp_path / "out"))
        assert (kinds["dog", "duplicate"], kinds["owl", "duplicate"]) == (1, 1)
        assert not any(kind == "synthetic" for _, kind in kinds)

    def test_the_rest_as_source(self, tmp_path):
        pets = make_folder(tmp_path / "pets", rest=3, cat=2, dog=30)
        out = tmp_path / "out"
        plan = plan_folder(pets, sampler(source={"cat": "rest", "rest": "dog"}))
        assert plan.sources == {"cat": "rest", "rest": "dog"}  # a class of this name
        make_folder(tmp_path / "others", owl=3, cat=2, dog=30)
        plan = plan_folder(tmp_path / "others", sampler(source="rest", synthetic_fraction=1))
        augment_folder(plan, out)
        sources = {
            row["source_file"].split("/")[0]
            for row in manifest(out)
            if row["class"] == "cat" and row["kind"] == "synthetic"
        }
        assert sources == {"owl", "dog"}

    def test_only_some_sources_are_read_where_there_are_very_many(
        self, pets, tmp_path, monkeypatch
    ):
        monkeypatch.setattr(_augment, "_MAX_SOURCES", 3)
        plan = plan_folder(pets, sampler(sampling_strategy={"dog": 5, "owl": 4}, source="cat"))
        rows_of = []
        fit_resample = CycleGANOverSampler.fit_resample

        def spy(self, X, y):
            rows_of.append(Counter(y.tolist()))
            return fit_resample(self, X, y)

        monkeypatch.setattr(CycleGANOverSampler, "fit_resample", spy)
        augment_folder(plan, tmp_path / "out")
        assert rows_of == [{"cat": 3, "dog": 3}, {"cat": 3, "owl": 2}]
        monkeypatch.setattr(_augment, "_MAX_SOURCES", 1)
        plan = plan_folder(pets, sampler(sampling_strategy={"owl": 4}, source="cat"))
        augment_folder(plan, tmp_path / "few")
        assert rows_of[2:] == [{"cat": 2, "owl": 2}]  # as many as are added

    def test_sources_are_not_read_where_nothing_is_translated(
        self, pets, tmp_path, monkeypatch
    ):
        plan = plan_folder(pets, sampler(synthetic_fraction=0, source="cat"))
        read, image = [], plan.read(0)

        def spy(self, position, size=None):
            read.append(self.y[position])
            return image

        monkeypatch.setattr(type(plan), "read", spy)
        augment_folder(plan, tmp_path / "out")
        assert read.count("cat") <= 2 * len(plan.n_to_add)

    def test_files_are_not_augmented(self, pets):
        with pytest.raises(ValueError, match="copy_augmentation='flips' changes copies"):
            plan_folder(pets, sampler(copy_augmentation="flips"))

    def test_a_balanced_folder_is_copied(self, tmp_path):
        pets = make_folder(tmp_path / "pets", cat=3, dog=3)
        augment_folder(plan_folder(pets, sampler(sampling_strategy="auto")), tmp_path / "o")
        assert {row["kind"] for row in manifest(tmp_path / "o")} == {"original"}

    def test_jobs_change_nothing(self, pets, tmp_path):
        for n_jobs in (1, 2):
            plan = plan_folder(pets, sampler(n_jobs=n_jobs))
            augment_folder(plan, tmp_path / f"out{n_jobs}")
        assert contents(tmp_path / "out1") == contents(tmp_path / "out2")

    def test_threads_leave_warnings_as_they_were(self, tmp_path):
        folder = make_folder(tmp_path / "in", cat=20, dog=6, owl=5, rat=4)
        with warnings.catch_warnings():
            before = warnings._showwarnmsg_impl, list(warnings.filters)
            with joblib.parallel_config(backend="threading"):
                for number in range(2):
                    plan = plan_folder(folder, sampler(n_jobs=3))
                    augment_folder(plan, tmp_path / f"out{number}")
            assert (warnings._showwarnmsg_impl, list(warnings.filters)) == before

    def test_relative_folders_are_the_same_ones_in_worker_processes(
        self, pets, tmp_path, monkeypatch
    ):
        augment_folder(plan_folder(pets, sampler()), tmp_path / "absolute")
        joblib.Parallel(2)(joblib.delayed(os.getpid)() for _ in range(2))  # these stay here
        monkeypatch.chdir(tmp_path)
        kept = {"memory": "kept", "checkpoint_dir": "checkpoints"}
        augment_folder(plan_folder("pets", sampler(n_jobs=2, **kept)), "out")
        assert contents(tmp_path / "out") == contents(tmp_path / "absolute")
        assert all((tmp_path / folder).is_dir() for folder in kept.values())

    def test_warnings_of_training_reach_the_user(self, pets, tmp_path, monkeypatch):
        def warn(*args, **kwargs):
            import warnings

            warnings.warn("it failed", stacklevel=1)
            return []

        monkeypatch.setattr(_augment, "_over_sample", warn)
        outcome = run(pets, tmp_path / "out", *QUICK, "--quiet")
        assert outcome.stderr.splitlines() == [
            "Warning: Class 'dog': it failed",
            "Warning: Class 'owl': it failed",
        ]

    def test_kept_cyclegans_serve_other_ratios(self, pets, tmp_path, monkeypatch):
        run(pets, tmp_path / "out1", *QUICK, "--memory", tmp_path / "kept", "--ratio", 0.75)
        monkeypatch.setattr(
            "skgan_aug.training.trainer.CycleGANTrainer.advance",
            lambda self: pytest.fail("trained again"),
        )
        outcome = run(pets, tmp_path / "out2", *QUICK, "--memory", tmp_path / "kept")
        assert outcome.exit_code == 0, outcome.output


class TestLeftOut:
    def test_damaged_and_foreign_files_are_listed(self, pets, tmp_path):
        (pets / "cat/broken.png").write_bytes(b"no image")
        (pets / "dog/empty.jpg").touch()
        (pets / "dog/notes.txt").touch()
        (pets / "owl/out.png").symlink_to("/dev/zero")
        out = tmp_path / "out"
        outcome = run(pets, out, *QUICK, "--quiet")
        assert outcome.exit_code == 0, outcome.output
        assert outcome.stderr.splitlines() == [
            "Files left out because they cannot be read: 3",
            "  owl/out.png: a link out of the folder",
            "  cat/broken.png: no image of a known format",
            "  dog/empty.jpg: empty file",
            "Files left out because their names are not those of images: 1",
            "  dog/notes.txt",
            f"All of them: {out / 'left_out.csv'}",
        ]
        with (out / "left_out.csv").open(newline="") as file:
            listed = dict(list(csv.reader(file))[1:])
        assert listed == {
            "owl/out.png": "a link out of the folder",
            "cat/broken.png": "no image of a known format",
            "dog/empty.jpg": "empty file",
            "dog/notes.txt": "no image by its name",
        }
        assert np.bincount(load_image_folder(out).target).tolist() == [8, 8, 8]

    def test_long_lists_are_cut_short(self, pets, tmp_path):
        for number in range(30):
            (pets / "cat" / f"x{number}.png").touch()
        outcome = run(pets, tmp_path / "out", "--dry-run")
        assert outcome.stderr.splitlines()[-1] == "  and 10 more"

    def test_names_of_any_bytes(self, tmp_path):
        pets = make_folder(tmp_path / "pets", cat=5, dog=2)
        os.rename(pets / "dog/1.png", os.fsencode(pets) + b"/dog/\xff,'\n.png")
        (pets / "cat/0.png").rename(pets / "cat" / ("ä" * 120 + ".png"))
        out = tmp_path / "out"
        augment_folder(plan_folder(pets, sampler(synthetic_fraction=0.9)), out)
        assert np.bincount(load_image_folder(out).target).tolist() == [5, 5]
        assert len(manifest(out)) == 10

    def test_accents_of_a_class_may_be_written_apart(self, tmp_path):
        pets = make_folder(tmp_path / "pets", cat=5, **{"ba\u0308r": 2})
        out = tmp_path / "out"
        outcome = run(pets, out, *QUICK, "--quiet", "--classes", "bär", "--source", "bär=cat")
        assert outcome.exit_code == 0, outcome.output
        folders = sorted(path.name for path in out.iterdir() if path.is_dir())
        assert folders == ["ba\u0308r", "cat"]
        assert {row["class"] for row in manifest(out)} == {"cat", "bär"}

    def test_names_that_a_terminal_would_obey(self, tmp_path):
        names = {"cat": "cat[red]", "dog": "dog\x1b[31m\udce9"}
        pets = make_folder(tmp_path / "pets", cat=5, dog=2)
        for name, new in names.items():
            (pets / name).rename(pets / new)
        (pets / names["cat"] / "[red]0.png").touch()
        out = tmp_path / "out[" / "w]"  # together, a closing tag
        outcome = run(pets, out, *QUICK)
        assert outcome.exit_code == 0, outcome.output
        assert "cat[red]" in outcome.stdout
        assert "dog\ufffd[31m\ufffd" in outcome.stdout
        assert f"{out}/manifest.csv lists every file." in outcome.stdout
        assert "  cat[red]/[red]0.png: empty file" in outcome.stderr
        assert np.bincount(load_image_folder(out).target).tolist() == [5, 5]

    @pytest.mark.slow
    def test_two_thousand_files_some_of_them_odd(self, tmp_path):
        photos = make_folder(
            *(tmp_path / "photos",), size=(40, 50), suffix=".jpg", ant=1700, bee=200, cat=97
        )
        whole = (photos / "ant/0.jpg").read_bytes()
        (photos / "ant/cut.jpg").write_bytes(whole[: len(whole) // 2])
        (photos / "bee/text.jpg").write_bytes(b"no image")
        (photos / "cat/zeros.jpg").write_bytes(bytes(2000))
        (photos / "cat/empty.jpg").touch()
        rng = np.random.default_rng(0)
        pixels = rng.integers(0, 256, (40, 50, 4), dtype=np.uint8)
        Image.fromarray(pixels).save(photos / "cat/four_channels.png")
        levels = rng.integers(0, 65536, (40, 50), dtype=np.uint16)
        Image.fromarray(levels).save(photos / "cat/deep.tif")
        before, out = contents(photos), tmp_path / "out"

        outcome = run(photos, out, *QUICK, "--size", 16)
        assert outcome.exit_code == 0, outcome.output
        broken = {"ant/cut.jpg", "bee/text.jpg", "cat/zeros.jpg", "cat/empty.jpg"}
        heading = "Files left out because they cannot be read: 4"
        listed = outcome.stderr[outcome.stderr.index(heading) :].splitlines()
        assert {line.split(":")[0].strip() for line in listed[1:5]} == broken
        after = contents(out)
        assert {name: after[name] for name in before.keys() - broken} == {
            name: before[name] for name in before.keys() - broken
        }
        assert broken.isdisjoint(after)
        assert contents(photos) == before
        data = load_image_folder(out, size=16)
        assert np.bincount(data.target).tolist() == [1700] * 3
        kinds = Counter((row["class"], row["kind"]) for row in manifest(out))
        assert kinds["cat", "original"] == 99
        assert kinds["cat", "synthetic"] + kinds["cat", "duplicate"] == 1601


class TestGoingOn:
    def interrupt(self, monkeypatch, plan, out, *, after):
        """Begin, and stop when ``after`` classes are finished."""
        fit_resample, calls = CycleGANOverSampler.fit_resample, []

        def stop(self, X, y):
            if len(calls) == after:
                raise KeyboardInterrupt
            calls.append(y)
            return fit_resample(self, X, y)

        with monkeypatch.context() as patch:
            patch.setattr(CycleGANOverSampler, "fit_resample", stop)
            with pytest.raises(KeyboardInterrupt):
                augment_folder(plan, out)

    @pytest.mark.parametrize("after", [0, 1])
    def test_result_is_that_of_an_undisturbed_run(self, pets, tmp_path, monkeypatch, after):
        plan = plan_folder(pets, sampler())
        augment_folder(plan, tmp_path / "whole")
        self.interrupt(monkeypatch, plan, tmp_path / "out", after=after)
        assert not (tmp_path / "out/manifest.csv").exists()
        n_fits = []
        fit_resample = CycleGANOverSampler.fit_resample
        monkeypatch.setattr(
            *(CycleGANOverSampler, "fit_resample"),
            lambda self, X, y: n_fits.append(y) or fit_resample(self, X, y),
        )
        augment_folder(plan, tmp_path / "out")
        assert len(n_fits) == 2 - after
        assert contents(tmp_path / "out") == contents(tmp_path / "whole")

    def test_a_finished_folder_stays_as_it_is(self, pets, tmp_path):
        out = tmp_path / "out"
        run(pets, out, *QUICK)
        written = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
        outcome = run(pets, out, *QUICK)
        assert outcome.exit_code == 0, outcome.output
        assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == written

    def test_ctrl_c_says_how_to_go_on(self, pets, tmp_path, monkeypatch):
        def interrupt(*args, **kwargs):
            raise KeyboardInterrupt

        monkeypatch.setattr(CycleGANOverSampler, "fit_resample", interrupt)
        outcome = run(pets, tmp_path / "out", *QUICK)
        assert outcome.exit_code == 130
        assert outcome.stderr.splitlines()[-1].startswith("Stopped. The same command")

    def test_numbers_of_numpy_are_settings_like_others(self, pets, tmp_path):
        out = tmp_path / "out"
        augment_folder(plan_folder(pets, sampler(max_iter=np.int64(2))), out)
        augment_folder(plan_folder(pets, sampler(max_iter=2)), out)
        with pytest.raises(ValueError, match="max_iter was 2, and is 3"):
            augment_folder(plan_folder(pets, sampler(max_iter=np.int64(3))), out)

    def test_what_changes_no_file_may_change(self, pets, tmp_path):
        out, strategy = tmp_path / "out", {"sampling_strategy": {"dog": 4}}
        augment_folder(plan_folder(pets, sampler(**strategy)), out)
        free = {"n_jobs": 1, "verbose": 1, "memory": tmp_path / "kept", "device": "cpu"}
        augment_folder(plan_folder(pets, sampler(**strategy, **free)), out)
        with pytest.raises(ValueError, match=r"learning_rate was .*, and is 0\.001\."):
            augment_folder(plan_folder(pets, sampler(**strategy, learning_rate=1e-3)), out)

    def test_a_file_of_another_size_or_time_is_another(self, pets, tmp_path):
        params, file = {"sampling_strategy": {"dog": 4}}, pets / "cat/0.png"
        augment_folder(plan_folder(pets, sampler(**params)), tmp_path / "out", copy=True)
        found, raw = file.stat(), file.read_bytes()
        for content, time_ns in ((raw + b" ", found.st_mtime_ns), (raw, 10**18)):
            file.write_bytes(content)
            os.utime(file, ns=(time_ns, time_ns))
            with pytest.raises(ValueError, match="begun with were others, or have changed"):
                augment_folder(plan_folder(pets, sampler(**params)), tmp_path / "out")

    def test_other_settings_are_refused(self, pets, tmp_path):
        out = tmp_path / "out"
        run(pets, out, *QUICK)
        before = contents(out)
        for args, name in [
            (["--max-iter", 3], "max_iter was 2, and is 3."),
            (["--seed", 1], "seed was 0, and is 1."),
            (["--size", 4], "size was 8, and is 4."),
            (["--ratio", 0.5], "classes was {'name': 'dog', 'n_images': 3, 'n_synthetic': 2,"),
        ]:
            outcome = run(pets, out, *QUICK, *args)
            assert outcome.exit_code == 2
            assert f"was begun with other settings: {name}" in outcome.stderr
        (pets / "cat/0.png").write_bytes((pets / "cat/1.png").read_bytes() + b" ")
        assert "the images that it was begun with were others" in run(pets, out, *QUICK).stderr
        assert contents(out).keys() == before.keys()

    def test_what_is_not_ours_is_refused(self, pets, tmp_path, no_training):
        (tmp_path / "full").mkdir()
        (tmp_path / "full/a.txt").touch()
        (tmp_path / "file").touch()
        (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
        for out, message in [
            (tmp_path / "full", "is not empty, and nothing is overwritten"),
            (tmp_path / "file", "is a file"),
            (tmp_path / "dangling", "is a link that leads nowhere"),
            (pets, "must not lie in one another"),
            (pets / "cat/out", "must not lie in one another"),
            (tmp_path, "must not lie in one another"),
        ]:
            outcome = run(pets, out, *QUICK)
            assert outcome.exit_code == 2
            assert message in outcome.stderr
        assert [path.name for path in (tmp_path / "full").iterdir()] == ["a.txt"]

    def test_a_foreign_file_in_the_way_stays(self, pets, tmp_path, monkeypatch):
        plan, out = plan_folder(pets, sampler()), tmp_path / "out"
        self.interrupt(monkeypatch, plan, out, after=0)
        (out / "cat/0.png").unlink()
        (out / "cat/0.png").write_bytes(b"mine")
        with pytest.raises(ValueError, match=r"cat/0\.png is there, but is not"):
            augment_folder(plan, out)
        assert (out / "cat/0.png").read_bytes() == b"mine"

    def test_two_runs_at_a_time_are_refused(self, pets, tmp_path):
        (tmp_path / "out/.skgan-aug").mkdir(parents=True)
        with FileLock(tmp_path / "out/.skgan-aug/lock"):
            outcome = run(pets, tmp_path / "out", *QUICK)
        assert outcome.exit_code == 2
        assert "Another run is filling" in outcome.stderr
        assert run(pets, tmp_path / "out", *QUICK).exit_code == 0

    def test_a_class_that_is_being_filled_is_waited_for(self, pets, tmp_path, monkeypatch):
        plan, out = plan_folder(pets, sampler()), tmp_path / "out"
        augment_folder(plan, tmp_path / "whole")
        self.interrupt(monkeypatch, plan, out, after=0)
        run_again = threading.Thread(target=augment_folder, args=(plan, out))
        with FileLock(out / ".skgan-aug/class0.lock"):
            run_again.start()
            run_again.join(timeout=2)
            assert not any(out.glob("dog/*.duplicate-*"))
        run_again.join()
        assert contents(out) == contents(tmp_path / "whole")

    @pytest.mark.slow
    def test_workers_that_outlive_their_run_lose_no_work(self, tmp_path, monkeypatch):
        """One is killed, alone, and started again while its worker is still at it."""
        pets, out = make_folder(tmp_path / "pets", cat=8, dog=3), tmp_path / "out"
        here = os.path.dirname(__file__)
        call = f"import test_augment as t; t.fill_slowly({str(pets)!r}, {str(out)!r})"
        command = [sys.executable, "-c", call]
        process = subprocess.Popen(command, cwd=here, start_new_session=True)
        while not (tmp_path / "started").exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
        process.wait()
        try:
            plan = plan_folder(pets, sampler(selection=slow_selection))
            monkeypatch.setattr(
                CycleGANOverSampler, "fit_resample", lambda *_: pytest.fail("made anew")
            )
            threading.Timer(1, (tmp_path / "go").touch).start()
            augment_folder(plan, out)
        finally:
            os.killpg(process.pid, signal.SIGTERM)  # the workers
        monkeypatch.undo()
        augment_folder(plan, tmp_path / "whole")
        assert contents(out) == contents(tmp_path / "whole")

    @pytest.mark.slow
    def test_sigterm_of_the_command_alone_ends_its_workers(self, pets, tmp_path):
        out = tmp_path / "out"
        command = [sys.executable, "-m", "skgan_aug.cli", "augment", str(pets), str(out)]
        process = subprocess.Popen(
            [*command, "--jobs", "2", "--max-iter", "100000"],
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        while not any(out.glob(".skgan-aug/class*.lock")):
            assert process.poll() is None
            time.sleep(0.01)
        process.terminate()
        try:
            message = process.communicate(timeout=60)[1]  # the workers hold the pipe, too
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        assert message == "Stopped. The same command goes on from here.\n"
        assert process.returncode == 143

    @pytest.mark.parametrize("finished", [False, True])
    def test_copies_in_place_of_the_links_of_an_earlier_run(
        self, pets, tmp_path, monkeypatch, finished
    ):
        make_folder(pets / "dog", indoor=2)
        plan, out = plan_folder(pets, sampler()), tmp_path / "out"
        augment_folder(plan, tmp_path / "whole")
        if finished:
            augment_folder(plan, out)
        else:
            self.interrupt(monkeypatch, plan, out, after=1)
        assert (out / "dog/indoor/0.png").samefile(pets / "dog/indoor/0.png")
        augment_folder(plan, out, copy=True)
        assert contents(out) == contents(tmp_path / "whole")
        assert {path.stat().st_nlink for path in out.rglob("*") if path.is_file()} == {1}

    def test_stopped_while_images_are_moved(self, pets, tmp_path, monkeypatch):
        plan, out = plan_folder(pets, sampler()), tmp_path / "out"
        augment_folder(plan, tmp_path / "whole")
        publish, calls = OutputFolder.publish, []

        def stop(*args):
            calls.append(args)
            if len(calls) == 2:
                raise KeyboardInterrupt
            publish(*args)

        with monkeypatch.context() as patch:
            patch.setattr(OutputFolder, "publish", stop)
            with pytest.raises(KeyboardInterrupt):
                augment_folder(plan, out)
        augment_folder(plan, out)
        assert contents(out) == contents(tmp_path / "whole")

    def test_added_files_that_others_touched(self, pets, tmp_path, monkeypatch):
        plan, out = plan_folder(pets, sampler()), tmp_path / "out"
        self.interrupt(monkeypatch, plan, out, after=1)
        (translation, *_) = out.glob("dog/*.synthetic-*")
        raw = translation.read_bytes()
        translation.unlink()
        with pytest.raises(ValueError, match=rf"{translation.name} is gone"):
            augment_folder(plan, out)
        (out / ".skgan-aug/class0/0.png").write_bytes(raw)
        translation.write_bytes(b"mine")
        with pytest.raises(ValueError, match="is in the way"):
            augment_folder(plan, out)
        assert translation.read_bytes() == b"mine"

    @pytest.mark.parametrize("name", ["augment.json", ".skgan-aug/class0.json"])
    def test_damaged_state(self, pets, tmp_path, monkeypatch, name):
        plan, out = plan_folder(pets, sampler()), tmp_path / "out"
        self.interrupt(monkeypatch, plan, out, after=1)
        (out / name).write_text("{")
        with pytest.raises(ValueError, match=rf"{name} is damaged"):
            augment_folder(plan, out)

    @pytest.mark.slow
    def test_killed_at_any_moment(self, pets, tmp_path):
        whole, out = tmp_path / "whole", tmp_path / "out"
        options = ["--max-iter", "150", "--jobs", "1", "--quiet"]
        command = [sys.executable, "-m", "skgan_aug.cli", "augment", str(pets)]
        subprocess.run([*command, str(whole), *options], check=True)
        for sign in ("augment.json", ".skgan-aug/class0.json", "*/*.synthetic-*"):
            process = subprocess.Popen([*command, str(out), *options])
            while process.poll() is None and not any(out.glob(sign)):
                time.sleep(0.01)
            process.kill()
            assert process.wait() == -signal.SIGKILL
        subprocess.run([*command, str(out), *options], check=True)
        assert contents(out) == contents(whole)


def test_without_a_terminal_there_is_a_line_for_each_class(pets, tmp_path):
    outcome = run(pets, tmp_path / "out", *QUICK)
    assert outcome.exit_code == 0, outcome.output
    assert outcome.stdout.splitlines()[-3:-1] == ["dog: 5 added", "owl: 6 added"]
    assert outcome.stderr == ""


class TestPlan:
    def test_a_ratio_at_which_nothing_is_made_is_said(self, pets, tmp_path, no_training):
        outcome = run(pets, tmp_path / "out", "--ratio", "0.01", "--dry-run")
        assert "No class gains images: all of them have enough" in outcome.stdout
        outcome = run(pets, tmp_path / "out", "--classes", "cat", "--dry-run")
        assert "No class gains images: those of --classes have enough" in outcome.stdout

    def test_dry_run_writes_nothing(self, pets, tmp_path, no_training):
        before = contents(tmp_path)
        outcome = run(pets, tmp_path / "out", "--dry-run")
        assert outcome.exit_code == 0, outcome.output
        lines = outcome.stdout.splitlines()
        assert lines[0] == f"{pets}: 13 images; trained in colour, 8 x 8"
        assert [line.split() for line in lines[2:5]] == [
            ["cat", "8", "0", "0", "8"],
            ["dog", "3", "2", "3", "8", "cat"],
            ["owl", "2", "3", "3", "8", "dog"],
        ]
        assert contents(tmp_path) == before
        assert not (tmp_path / "out").exists()

    def test_names_with_commas_go_between_quotes(self, tmp_path):
        people = make_folder(tmp_path / "people", **{"Doe, J": 6, "Roe, R": 2, "cat": 5})
        options = [*QUICK, "--dry-run", "--classes", '"Roe, R",cat']
        sources = '"Roe, R=Doe, J",cat=Doe'
        outcome = run(people, tmp_path / "out", *options, "--source", sources)
        assert "source='Doe' is no class" in outcome.stderr
        outcome = run(people, tmp_path / "out", *options, "--source", '"Doe, J"')
        assert outcome.exit_code == 0, outcome.output
        outcome = run(people, tmp_path / "out", *QUICK, "--classes", "Roe, R")
        assert "--classes names Roe, which is no class" in outcome.stderr
        assert "for a name with a comma" in " ".join(outcome.stderr.split())

    @pytest.mark.parametrize("classes", [["owl"], ["cat", "dog", "owl"]])
    def test_a_class_of_links_is_named_with_the_reason(self, tmp_path, classes):
        pets = make_folder(tmp_path / "pets", cat=6, dog=5, owl=2)
        for name in classes:
            for file in list((pets / name).iterdir()):
                moved = file.rename(tmp_path / f"{name}-{file.name}")
                file.symlink_to(moved)
        for options in ([], ["--source", "owl=cat"]):
            outcome = run(pets, tmp_path / "out", *QUICK, *options)
            assert outcome.exit_code == 2
            error = " ".join(outcome.stderr.split())
            assert f"No image of class {classes[0]!r}" in error
            assert "a link out of the folder" in error

    def test_a_class_of_damaged_files_is_named_with_the_reason(self, tmp_path):
        pets = make_folder(tmp_path / "pets", cat=6, owl=2)
        for file in (pets / "owl").iterdir():
            file.write_bytes(b"no image")
        with pytest.raises(ValueError, match=r"No image of class 'owl' in .*owl.0\.png: "):
            plan_folder(pets, sampler())
        for file in (pets / "cat").iterdir():
            file.write_bytes(b"no image")
        with pytest.raises(ValueError, match=r"None of the image files .*cat.0\.png: "):
            plan_folder(pets, sampler())

    @pytest.mark.parametrize("place", ["pets/cache", "pets/cat/cache", "out/cache"])
    def test_a_cache_among_class_folders_is_refused(self, tmp_path, place):
        pets = make_folder(tmp_path / "pets", cat=6, owl=2)
        before = contents(pets)
        outcome = run(pets, tmp_path / "out", *QUICK, "--memory", tmp_path / place)
        assert outcome.exit_code == 2
        assert "which is for class folders alone" in " ".join(outcome.stderr.split())
        compare = ["compare", "--data", pets, "--memory", tmp_path / "pets/cache"]
        outcome = CliRunner().invoke(app, list(map(str, compare)))
        assert outcome.exit_code == 2
        assert contents(pets) == before
        assert not (pets / "cache").exists()

    def test_majority_and_nearest_sources(self, tmp_path):
        pets = make_folder(tmp_path / "pets", cat=6, dog=5, owl=2)
        ratio = {"owl": 4}
        assert plan_folder(pets, sampler(sampling_strategy=ratio)).sources == {"owl": "dog"}
        majority = sampler(sampling_strategy=ratio, source="majority")
        assert plan_folder(pets, majority).sources == {"owl": "cat"}

    @pytest.mark.parametrize(
        ("args", "message"),
        [
            (["--ratio", 0], "--ratio 0.0"),
            (["--ratio", 1.5], "--ratio 1.5"),
            (["--classes", "cow"], "Error: --classes names cow, which is no class. The"),
            (["--classes", ""], "--classes '' names nothing"),
            (["--source", ","], "--source ',' names nothing"),
            (["--source", "cow"], "source='cow' is no class"),
            (["--source", "dog=cow"], "source='cow' is no class"),
            (["--source", "dog=cat,owl"], "--source dog=cat,owl"),
            (["--source", "dog=cat,dog=owl"], "--source dog=cat,dog=owl names a target twice"),
            (["--source", "dog"], "source='dog' is itself to be over-sampled"),
            (["--size", "big"], "--size big is no size"),
            (["--resize", "squeeze"], "--resize names 'squeeze', which is unknown"),
            (["--mode", "CMYK"], "--mode names 'CMYK', which is unknown"),
            (["--selection", "best"], "--selection names 'best', which is unknown"),
            (["--device", "tpu9"], "device='tpu9'"),
        ],
    )
    def test_mistakes_end_in_one_line_before_training(
        self, pets, tmp_path, args, message, no_training
    ):
        outcome = run(pets, tmp_path / "out", *QUICK, *args)
        assert outcome.exit_code == 2
        error = outcome.stderr.splitlines()[-1]
        assert error.startswith("Error: ")
        assert message in error
        assert not (tmp_path / "out").exists()

    def test_a_cache_in_the_new_folder_is_refused(self, pets, tmp_path, no_training):
        out = tmp_path / "out"
        outcome = run(pets, out, *QUICK, "--memory", out / "cache")
        assert outcome.exit_code == 2
        assert "class folders alone" in " ".join(outcome.stderr.split())
        assert not out.exists()

    def test_names_are_checked_before_files_are_read(self, pets, monkeypatch):
        monkeypatch.setattr(
            "skgan_aug.datasets._decode.read_image", lambda *_, **__: pytest.fail("was read")
        )
        for params in ({"source": "cow"}, {"sampling_strategy": {"cow": 3}}, {"max_iter": 0}):
            with pytest.raises(ValueError, match=r"cow|max_iter"):
                plan_folder(pets, sampler(**params))

    def test_the_command_checks_names_before_files_are_read(self, pets, tmp_path, monkeypatch):
        monkeypatch.setattr(
            "skgan_aug.datasets._decode.read_image", lambda *_, **__: pytest.fail("was read")
        )
        outcome = run(pets, tmp_path / "out", "--classes", "cow")
        assert "Error: --classes names cow" in outcome.stderr

    def test_folders_that_cannot_be_augmented(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="no folder"):
            plan_folder(tmp_path / "nowhere", sampler())
        lonely = make_folder(tmp_path / "lonely", cat=4, dog=1)
        remedies = r"sampling_strategy, a dict \(--classes; .*\(--synthetic-fraction 0\)"
        with pytest.raises(ValueError, match=f"Class 'dog' has a single row.*{remedies}"):
            plan_folder(lonely, sampler())
        for split in ("train", "test"):
            make_folder(tmp_path / "splits" / split, cat=4, dog=2)
        with pytest.raises(ValueError, match=r"holds splits.*give .*splits/train"):
            plan_folder(tmp_path / "splits", sampler())
        make_folder(tmp_path / "nested/pets", cat=4, dog=2)
        with pytest.raises(
            ValueError, match=r"one class folder, 'pets'.*a folder for each class"
        ):
            plan_folder(tmp_path / "nested", sampler())
        damaged = make_folder(tmp_path / "damaged", cat=4, dog=2)
        for number in range(2):
            (damaged / "dog" / f"{number}.png").write_bytes(b"")
        with pytest.raises(ValueError, match="No image of class 'dog'"):
            plan_folder(damaged, sampler())

    def test_one_colour_image_makes_all_colour(self, tmp_path):
        pets = make_folder(tmp_path / "pets", cat=4, dog=2)
        for file in (*pets.glob("dog/*"), pets / "cat/0.png"):
            with Image.open(file) as image:
                image.convert("L").save(file)
        assert plan_folder(pets, sampler()).mode == "RGB"

    def test_the_shape_of_images_is_that_of_the_files(self, pets):
        assert plan_folder(pets, sampler(image_shape=(3, 5))).image_size == (8, 8)

    def test_sizes_that_differ(self, pets):
        make_folder(pets / "cat", size=(6, 9), large=1)
        with pytest.raises(
            ValueError, match=r"differ in size.*Give the size to bring them to, .*--size"
        ):
            plan_folder(pets, sampler())
        assert plan_folder(pets, sampler(), size=8).image_size == (8, 8)

    def test_levels_of_12_bits_in_16_are_warned_of(self, pets):
        for file in pets.glob("*/*.png"):
            Image.fromarray(np.full((8, 8), 4095, dtype=np.uint16)).save(file)
        with pytest.warns(UserWarning, match="nearly black.*multiply these by 16") as caught:
            plan_folder(pets, sampler())
        assert [warning.filename for warning in caught] == [__file__]

    def test_a_few_blank_images_are_not_taken_for_all(self, pets):
        def make_blank(name, number):
            pixels = np.full((8, 8, 3), number, dtype=np.uint8)
            Image.fromarray(pixels).save(pets / name / f"{number}.png")

        for name, n in (("cat", 2), ("dog", 2), ("owl", 1)):
            for number in range(n):
                make_blank(name, number)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            plan_folder(pets, sampler())
        make_blank("owl", 1)  # the last one of its class
        with pytest.warns(UserWarning, match="All images of owl are nearly black"):
            plan_folder(pets, sampler())

    def test_what_the_networks_cannot_take(self, pets):
        with pytest.raises(ValueError, match="24"):
            plan_folder(pets, sampler(discriminator="paper"))

    def test_a_file_that_vanishes(self, pets, tmp_path):
        plan = plan_folder(pets, sampler())
        (pets / "dog/0.png").unlink()
        with pytest.raises((ValueError, FileNotFoundError), match=r"dog/0\.png"):
            augment_folder(plan, tmp_path / "out")


def test_sources_as_text():
    assert parse_source("nearest") == "nearest"
    assert parse_source("cat") == "cat"
    assert parse_source("dog=cat, owl = rest") == {"dog": "cat", "owl": "rest"}


def test_names_are_given_once(tmp_path):
    names = FileNames([tmp_path / "A.duplicate-1.png"])
    assert names.new(tmp_path, "a.duplicate", ".png").name == "a.duplicate-2.png"
    assert names.new(tmp_path, "A.duplicate", ".png").name == "A.duplicate-3.png"
    long = names.new(tmp_path, "ä" * 200 + ".synthetic-from-cat", ".png").name
    assert long.endswith("ä.synthetic-from-cat-1.png")
    assert len(os.fsencode(long)) < 255
    # A byte too long: without its first it would be hidden.
    dotted = names.new(tmp_path, "0." + 216 * "y" + ".synthetic-from-cat", ".png").name
    assert dotted.startswith("yy")


def test_settings_are_json(pets, tmp_path):
    augment_folder(plan_folder(pets, sampler(selection=darkest)), tmp_path / "out")
    settings = json.loads((tmp_path / "out/augment.json").read_text())
    assert settings["sampler"]["max_iter"] == 2
    assert settings["sampler"]["selection"] == "darkest"
    assert settings["classes"][1]["source"] == "cat"
    assert OutputFolder(tmp_path / "out").is_finished
