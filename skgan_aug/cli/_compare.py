"""``skgan-aug compare``: load, compare, print, write."""

import json
import math
import os
import shlex
from contextlib import suppress
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import typer
from rich.console import Console

from .._augmentation import AUGMENTATIONS
from .._files import make_folder, output_file
from .._text import printable
from ..comparison import (
    CELL_KEYS,
    SAMPLERS,
    compare_samplers,
    make_samplers,
    summarize_comparison,
)
from ..comparison._answer import answer, choose_baselines
from ..comparison._compare import check_ratios
from ..inspection import SamplerComparisonDisplay
from ..inspection._figure import wrapped
from ..over_sampling import CycleGANOverSampler
from ..reporting import check_requirements, write_report
from ..training import CycleGANCache
from . import INTERRUPTED
from ._classifiers import arrange_for, make_classifier
from ._console import CellProgress, as_text, key_to_spreads, plain_warnings, summary_table
from ._jobs import default_jobs
from ._problem import check_choice, load_problem, refuse_inside, split_list

# A demonstration has two minutes.
DIGITS_MAX_ITER = 100
DIGITS_CLASSIFIER_STEPS = 400
CLASSIFIER_STEPS = 1000
_OF_CYCLEGAN = (
    "max_iter",
    "classifier_weight",
    "synthetic_fraction",
    "min_strength",
    "copy_augmentation",
    "memory",
)
_TO_BATCHES = {"flips": "flips", "shifts": "shifts", "flips_shifts": "flips and shifts"}
_TO_COPIES = {
    "flips": "flipped copies",
    "shifts": "shifted copies",
    "flips_shifts": "flipped and shifted copies",
}


@dataclass(frozen=True)
class CompareSettings:
    """The options of the command, as typed."""

    data: Path | None
    size: str | None
    rare: str | None
    rare_count: int | None
    samplers: str
    ratios: str
    seeds: int
    folds: int
    max_iter: int | None
    classifier_weight: float | None
    synthetic_fraction: float | None
    min_strength: float | None
    copy_augmentation: str | None
    memory: Path | None
    classifier: str | None
    classifier_steps: int | None
    augmentation: str | None
    jobs: int | None
    seed: int
    json: Path | None
    plot: Path | None
    report: Path | None


def run_comparison(settings):
    """Do what the command says, printing to the terminal."""
    _check_outputs(settings)
    for option, name in _augmentations(settings).items():
        check_choice(option, name, AUGMENTATIONS)
    samplers, ratios = _make_samplers(settings), _parse_ratios(settings.ratios)
    classifier = make_classifier(
        settings.classifier,
        augmentation=settings.augmentation,
        steps=settings.classifier_steps,
    )
    console, errors = Console(), Console(stderr=True)
    with plain_warnings(errors):
        problem = load_problem(settings)
        _check_are_images(settings, problem.X)
        console.print(as_text(problem.describe(settings.folds)), soft_wrap=True)
        try:
            result = _compare(settings, problem, samplers, classifier, ratios, errors)
        except KeyboardInterrupt as error:
            errors.print(as_text(_what_is_kept(settings)), soft_wrap=True)
            raise typer.Exit(INTERRUPTED) from error
        rows = summarize_comparison(result)
        # Before the table, which a terminal may refuse.
        failures = _write_outputs(settings, problem, result, rows)
    console.print(summary_table(rows), soft_wrap=True)
    verdict = _verdict(result)
    for line in (key_to_spreads(rows, verdict), _describe_found(result), verdict):
        if line:
            console.print(line, highlight=False, soft_wrap=True)
    if failures:
        raise OSError(" ".join(failures))


def _compare(settings, problem, samplers, classifier, ratios, console):
    X, test, image_shape = arrange_for(classifier, problem)
    n_draws = settings.seeds * (1 if problem.test is not None else settings.folds)
    n_per_draw = sum(1 if sampler is None else len(ratios) for sampler in samplers.values())
    # They run first and take the longest: without a word, the bar would seem to hang.
    first = "training CycleGANs" if "cyclegan" in samplers else "starting"
    held = _last_used(settings.memory)
    progress = CellProgress(
        console, n_draws * n_per_draw, first, with_folds=problem.test is None
    )
    with progress:
        result = compare_samplers(
            X,
            problem.y,
            samplers=samplers,
            classifier=classifier,
            ratios=ratios,
            cv=settings.folds,
            groups=problem.groups,
            test=test,
            n_seeds=settings.seeds,
            random_state=settings.seed,
            rare=problem.rare,
            rare_count=problem.rare_count,
            classifier_steps=_classifier_steps(settings),
            image_shape=image_shape,
            n_jobs=default_jobs() if settings.jobs is None else settings.jobs,
            callback=progress.advance,
        )
    used = _last_used(settings.memory)
    result.n_found = sum(used.get(key, last) > last for key, last in held.items())
    return _in_order(result, problem.classes)


def _last_used(memory):
    """When each CycleGAN that ``--memory`` holds was last used."""
    entries = [] if memory is None else CycleGANCache(memory).entries()
    return {entry.key: entry.used for entry in entries}


def _describe_found(result):
    """Say what seconds leave out: a CycleGAN that was found took none for its training."""
    if not result.n_found:
        return ""
    return (
        f"Trained by an earlier run and found in --memory: {result.n_found} CycleGANs; "
        "seconds leave out their training."
    )


def _in_order(result, classes):
    """Classes in the order of their labels, which need not be that of their names."""
    positions = np.searchsorted(result.classes, classes)
    is_minority = np.isin(classes, result.minority_classes)
    result.recall = result.recall[:, positions]
    result.classes = result.classes[positions]
    result.minority_classes = result.classes[is_minority]
    return result


def _what_is_kept(settings):
    if settings.memory is None:
        return "Stopped; nothing was kept: --memory keeps CycleGANs."
    return f"Stopped; finished CycleGANs are in {settings.memory}."


def _write_outputs(settings, problem, result, rows):
    """Write what was asked for, and say what could not be: it takes nothing else along."""
    failures = []
    for name, write in (
        ("json", lambda path: _write_json(settings, problem, result, rows, path)),
        ("plot", lambda path: _draw(result, problem, path)),
        ("report", lambda path: _write_report(settings, problem, result, path)),
    ):
        path = getattr(settings, name)
        try:
            if path is not None:
                write(path)
        except Exception as error:  # the other outputs can still be written
            reason = str(error).rstrip(".")
            failures.append(f"--{name} {path} could not be written: {reason}.")
    return failures


def _check_outputs(settings):
    """Refuse what could not be written before the work, not after it."""
    _check_different(settings)
    for name in ("json", "plot", "report"):
        option, path = f"--{name}", getattr(settings, name)
        if path is not None:
            _check_output(option, path)
    if settings.report is not None:
        if settings.report.suffix.lower() not in (".html", ".htm"):
            raise ValueError(
                f"--report {settings.report}: it is a page, whose name must end in .html."
            )
        check_requirements()
    if settings.plot is not None:
        try:
            from matplotlib.figure import Figure
        except ImportError as error:
            raise ImportError(
                "--plot needs matplotlib: pip install 'skgan_aug[plot]'"
            ) from error
        suffix, known = settings.plot.suffix[1:], Figure().canvas.get_supported_filetypes()
        if suffix.lower() not in known:
            raise ValueError(
                f"--plot {settings.plot}: the name must end in one of {', '.join(known)}."
            )
        try:
            Figure().savefig(BytesIO(), format=suffix)
        except Exception as error:  # pgf needs a TeX that may be missing
            raise ValueError(
                f"--plot {settings.plot}: {suffix} cannot be written here: {error}."
            ) from error
    if settings.memory is not None:
        if settings.data is not None and settings.data.is_dir():
            refuse_inside("--memory", settings.memory, settings.data)
        make_folder("--memory", settings.memory)


def _check_different(settings):
    """Refuse paths of which one would overwrite another."""
    options: dict[str, str] = {}
    for name in ("data", "json", "plot", "report"):
        path = getattr(settings, name)
        if path is None:
            continue
        other = options.setdefault(os.path.realpath(path), name)
        if other != name:
            raise ValueError(f"--{other} and --{name} are both {path}. Give each its own.")


def _check_output(option, path):
    folder = path.absolute().parent
    if not folder.is_dir():
        raise ValueError(f"{option} {path}: there is no folder {folder}.")
    if path.is_dir():
        raise ValueError(f"{option} {path} is a folder: name a file.")
    if path.is_file() and _is_printed_to(path):
        raise ValueError(
            f"{option} {path} is the file that what is printed goes to: name another."
        )
    is_device = path.exists() and not path.is_file()  # such as /dev/stdout
    if not os.access(path if is_device else folder, os.W_OK):
        raise ValueError(f"{option} {path} cannot be written: name a file elsewhere.")


def _is_printed_to(path):
    """Whether standard output or error is redirected to a file, which would be replaced."""
    with suppress(OSError):  # closed
        return any(os.path.samefile(path, stream) for stream in (1, 2))
    return False


def _make_samplers(settings):
    names = split_list("--samplers", settings.samplers)
    for name in names:
        check_choice("--samplers", name, SAMPLERS)
    samplers = make_samplers(names)
    if "cyclegan" in samplers:
        options = {"max_iter": DIGITS_MAX_ITER} if settings.data is None else {}
        for name in _OF_CYCLEGAN:
            if getattr(settings, name) is not None:
                options[name] = getattr(settings, name)
        samplers["cyclegan"].set_params(**options)
    if "random" in samplers and settings.copy_augmentation is not None:
        # What translations have beside them, they are compared with.
        samplers["random"] = CycleGANOverSampler(
            synthetic_fraction=0.0, copy_augmentation=settings.copy_augmentation
        )
    return samplers


def _augmentations(settings):
    """Those that are asked for: {option: name}."""
    asked = {
        "--augmentation": settings.augmentation,
        "--copy-augmentation": settings.copy_augmentation,
    }
    return {option: name for option, name in asked.items() if name is not None}


def _check_are_images(settings, X):
    for option, name in _augmentations(settings).items():
        if X.ndim == 2:
            raise ValueError(
                f"{option} {name} is for images, and {settings.data} holds vectors. Leave it "
                "away, or give an archive whose X has the shape (n, H, W) or (n, H, W, C)."
            )


def _verdict(result):
    """How CycleGAN stands against the usual samplers, in one sentence."""
    baselines = choose_baselines(result, "cyclegan")
    if "cyclegan" not in result.sampler or not baselines:
        return ""
    return answer(result, "cyclegan", baselines, score="balanced_accuracy")


def _parse_ratios(text):
    ratios = split_list("--ratios", text)
    try:
        numbers = [float(ratio) for ratio in ratios]
    except ValueError:
        raise ValueError(
            f"--ratios {text}: give numbers above 0 and at most 1, with commas."
        ) from None
    return check_ratios(numbers)


def _classifier_steps(settings):
    if settings.classifier_steps is not None:
        return settings.classifier_steps
    return DIGITS_CLASSIFIER_STEPS if settings.data is None else CLASSIFIER_STEPS


def _draw(result, problem, path):
    display = SamplerComparisonDisplay.from_comparison(result)
    title = wrapped(printable(problem.title), 48)
    display.figure_.suptitle(title, size="large", parse_math=False)
    with output_file(path) as file:
        display.figure_.savefig(file, format=path.suffix[1:], dpi=150)


def _write_json(settings, problem, result, rows, path):
    text = json.dumps(_as_json(settings, problem, result, rows), indent=1, allow_nan=False)
    with output_file(path) as file:
        file.write(text.encode())


def _write_report(settings, problem, result, path):
    about = problem.describe(settings.folds), _describe_found(result)
    condition = _condition(settings)
    write_report(
        {condition: result} if condition else result,
        path,
        title=problem.title,
        description=" ".join(filter(None, about)),
        command=_as_command(settings),
    )


def _condition(settings):
    """What is done to images, in words; empty for nothing."""
    batches, copies = settings.augmentation, settings.copy_augmentation
    done = [_TO_BATCHES[batches]] if batches else []
    done += [_TO_COPIES[copies]] if copies else []
    return f"with {' and '.join(done)}" if done else ""


def _as_command(settings):
    """Write the settings as the command that has them, for a shell."""
    words = ["skgan-aug", "compare"]
    for name, value in asdict(settings).items():
        if value is not None:
            words += [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join(words)


def _as_json(settings, problem, result, rows):
    columns = {key: result[key].tolist() for key in CELL_KEYS}
    return _plain(
        {
            "settings": asdict(settings),
            "problem": problem.describe(settings.folds),
            "comparison": result.settings,  # what the options, and their defaults, came to
            "test_train_ratio": result.test_train_ratio,
            "folds_recur": result.folds_recur,
            "found_in_memory": result.n_found,  # CycleGANs, whose training no seconds hold
            "versions": result.versions,
            "classes": result.classes.tolist(),
            "minority_classes": result.minority_classes.tolist(),
            "cells": [
                dict(zip(columns, cell, strict=True))
                for cell in zip(*columns.values(), strict=True)
            ],
            "summary": rows,
        }
    )


def _plain(value):
    """Replace what JSON does not know: NaN by null, paths by text."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value
