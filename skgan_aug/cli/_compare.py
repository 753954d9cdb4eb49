"""``skgan-aug compare``: load, compare, print."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import typer
from rich.console import Console

from .._augmentation import AUGMENTATIONS
from ..comparison import compare_samplers, summarize_comparison
from ..comparison._answer import answer, choose_baselines
from ..comparison._compare import check_ratios
from ..comparison._samplers import adds_rows, default_names
from ..training import CycleGANCache
from . import INTERRUPTED
from ._classifiers import arrange_for, make_classifier
from ._comparison_outputs import check_outputs, describe_found, write_outputs
from ._console import CellProgress, as_text, key_to_spreads, plain_warnings, summary_table
from ._jobs import default_jobs
from ._problem import check_choice, load_problem, split_list
from ._samplers import choose_judged, make_compared

DIGITS_CLASSIFIER_STEPS = 400  # a demonstration has two minutes
CLASSIFIER_STEPS = 1000


@dataclass(frozen=True)
class CompareSettings:
    """The options of the command, as typed."""

    data: Path | None
    size: str | None
    rare: str | None
    rare_count: int | None
    samplers: str | None
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
    logit_adjustment: float | None
    jobs: int | None
    seed: int
    json: Path | None
    plot: Path | None
    report: Path | None


def run_comparison(settings):
    """Do what the command says, printing to the terminal."""
    check_outputs(settings)
    for option, name in _augmentations(settings).items():
        check_choice(option, name, AUGMENTATIONS)
    ratios = _parse_ratios(settings.ratios)
    classifier = make_classifier(
        settings.classifier,
        augmentation=settings.augmentation,
        logit_adjustment=settings.logit_adjustment,
        steps=settings.classifier_steps,
    )
    if settings.samplers is None:
        settings = replace(settings, samplers=",".join(default_names(classifier)))
    samplers = make_compared(settings)
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
        failures = write_outputs(settings, problem, result, rows)
    console.print(summary_table(rows), soft_wrap=True)
    verdict = _verdict(settings, result)
    for line in (key_to_spreads(rows, verdict), describe_found(result), verdict):
        if line:
            console.print(line, highlight=False, soft_wrap=True)
    if failures:
        raise OSError(" ".join(failures))
    if all(row["n_failed"] == row["n_cells"] for row in rows):  # the table says why
        raise typer.Exit(1)


def _compare(settings, problem, samplers, classifier, ratios, console):
    X, test, image_shape = arrange_for(classifier, problem)
    n_draws = settings.seeds * (1 if problem.test is not None else settings.folds)
    n_per_draw = sum(len(ratios) if adds_rows(sampler) else 1 for sampler in samplers.values())
    # They run first and take the longest: without a word, the bar would seem to hang.
    judged, _ = choose_judged(settings, samplers)
    first = "training CycleGANs" if judged else "starting"
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


def _verdict(settings, result):
    """How CycleGAN stands against the usual samplers, in one sentence."""
    sampler, baselines = choose_judged(settings, result.sampler)
    if sampler is None:
        return ""
    baselines = choose_baselines(result, sampler, baselines)
    return answer(result, sampler, baselines, score="balanced_accuracy") if baselines else ""


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
