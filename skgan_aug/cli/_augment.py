"""``skgan-aug augment``: plan, print, fill."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from .._files import make_folder
from .._sampling_strategy import plan_counts
from .._scale import SCALE
from ..datasets._files import IN_NO_CLASS, composed, split_folders, subfolders
from ..datasets._folder import MODES
from ..datasets._resize import RESIZE_POLICIES
from ..folders import augment_folder, check_output, plan_folder
from ..over_sampling import CycleGANOverSampler
from ..selection import SELECTIONS
from . import INTERRUPTED
from ._console import as_text, plain_warnings
from ._jobs import default_jobs
from ._problem import check_choice, no_class, parse_size, refuse_inside, split_list

HEADINGS = ("class", "images", "+ synthetic", "+ duplicates", "= all", "translated from")
N_FILES_SHOWN = 20


@dataclass(frozen=True)
class AugmentSettings:
    """The options of the command, as typed."""

    folder: Path
    out: Path
    ratio: float
    classes: str | None
    size: str | None
    resize: str
    mode: str | None
    source: str
    synthetic_fraction: float | None
    min_strength: float | None
    selection: str | None
    classifier_weight: float
    max_iter: int
    memory: Path | None
    device: str
    jobs: int | None
    seed: int
    copy: bool
    dry_run: bool
    quiet: bool


def run_augmentation(settings):
    """Do what the command says, printing to the terminal."""
    check_output(settings.out, settings.folder)
    _check_names(settings)
    _check_memory(settings)
    _check_classes(settings)
    console, errors = Console(quiet=settings.quiet), Console(stderr=True)
    with plain_warnings(errors):
        # Bars would fill a log with themselves.
        shows_bars = errors.is_terminal and not settings.quiet
        plan = plan_folder(
            settings.folder,
            _make_sampler(settings).set_params(verbose=int(shows_bars)),
            size=parse_size(settings.size),
            resize=settings.resize,
            mode=settings.mode,
        )
        _print_plan(plan, settings, console)
        _list_left_out(plan, settings, errors)
        if settings.dry_run:
            return
        if settings.memory is not None:
            make_folder("--memory", settings.memory)
        plan.sampler.set_params(n_jobs=_n_jobs(settings, plan))
        try:
            augment_folder(
                plan,
                settings.out,
                copy=settings.copy,
                callback=None if shows_bars else partial(_print_filled, plan, console),
            )
        except KeyboardInterrupt as error:
            errors.print("Stopped. The same command goes on from here.")
            raise typer.Exit(INTERRUPTED) from error
    console.print(
        as_text(f"{settings.out / 'manifest.csv'} lists every file."), soft_wrap=True
    )


def _check_names(settings):
    for option, name, known in (
        ("--resize", settings.resize, RESIZE_POLICIES),
        ("--mode", settings.mode, MODES),
        ("--selection", settings.selection, SELECTIONS),
    ):
        if name is not None:
            check_choice(option, name, known)


def _check_memory(settings):
    """Refuse a cache among class folders, of which it would be taken for one."""
    if settings.memory is not None:
        for folder in (settings.folder, settings.out):
            refuse_inside("--memory", settings.memory, folder)


def parse_source(text):
    """Turn "nearest", a class, or pairs "target=source" with commas, into ``source``."""
    parts = split_list("--source", text)
    pairs = [part.split("=") for part in parts]
    if all(len(pair) == 2 for pair in pairs):
        sources = {target.strip(): source.strip() for target, source in pairs}
        if len(sources) < len(pairs):
            raise ValueError(f"--source {text} names a target twice. Name one source for it.")
        return sources
    if "=" in text:
        raise ValueError(
            f"--source {text}: write nearest, majority, rest, a class, or pairs of classes "
            "such as cat=dog,cow=horse (target=source), in double quotes where a name has a "
            "comma."
        )
    return parts[0] if len(parts) == 1 else composed(text)


def _make_sampler(settings):
    if not 0 < settings.ratio <= 1:
        raise ValueError(f"--ratio {settings.ratio}: give a number above 0 and at most 1.")
    return CycleGANOverSampler(
        sampling_strategy=partial(plan_counts, settings.ratio, rare=_classes(settings)),
        source=parse_source(settings.source),
        synthetic_fraction=_or_scale(settings.synthetic_fraction),
        min_strength=_or_scale(settings.min_strength),
        selection=settings.selection,
        classifier_weight=settings.classifier_weight,
        max_iter=settings.max_iter,
        memory=settings.memory,
        device=settings.device,
        random_state=settings.seed,
    )


def _classes(settings):
    return None if settings.classes is None else split_list("--classes", settings.classes)


def _check_classes(settings):
    """Refuse names of no class before all files are read; splits are refused by the plan."""
    classes = _classes(settings)
    if classes is None or len(split_folders(settings.folder)) > 1:
        return
    known = [composed(folder.name) for folder in subfolders(settings.folder)]
    for name in classes:
        if name not in known:
            raise no_class("--classes", name, known)


def _or_scale(value):
    return SCALE if value is None else value


def _n_jobs(settings, plan):
    if settings.jobs is not None:
        return settings.jobs
    return max(1, min(default_jobs(settings.device), len(plan.n_to_add)))


def _print_plan(plan, settings, console):
    height, width = plan.image_size
    kind = "grey" if plan.mode == "L" else "colour"
    title = f"{plan.root}: {len(plan.files)} images; trained in {kind}, {height} x {width}"
    console.print(as_text(title), soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for heading in HEADINGS:
        is_text = heading in (HEADINGS[0], HEADINGS[-1])
        table.add_column(heading, justify="left" if is_text else "right", overflow="fold")
    for entry in plan.classes:
        counts = (entry.n_images, entry.n_synthetic, entry.n_duplicates)
        figures = (str(n) for n in (*counts, sum(counts)))
        table.add_row(as_text(entry.name), *figures, as_text(entry.source or ""))
    console.print(table)
    if not any(entry.n_synthetic + entry.n_duplicates for entry in plan.classes):
        which = "all of them" if settings.classes is None else "those of --classes"
        console.print(f"No class gains images: {which} have enough for this --ratio.")


def _print_filled(plan, console, target):
    console.print(as_text(f"{target}: {plan.n_to_add[target]} added"), soft_wrap=True)


def _list_left_out(plan, settings, console):
    """Say which files are left out, even to who wants quiet."""
    stray = [file for file, reason in plan.left_out if reason == IN_NO_CLASS]
    unreadable = [
        f"{file}: {reason}" for file, reason in plan.left_out if reason != IN_NO_CLASS
    ]
    _list_files("Files left out because they cannot be read", unreadable, console)
    _list_files(f"Image files left out because they are {IN_NO_CLASS}", stray, console)
    others = "Files left out because their names are not those of images"
    _list_files(others, plan.others, console)
    if (plan.left_out or plan.others) and not settings.dry_run:
        console.print(as_text(f"All of them: {settings.out / 'left_out.csv'}"), soft_wrap=True)


def _list_files(heading, lines, console):
    if lines:
        console.print(f"{heading}: {len(lines)}", style="yellow", highlight=False)
    for line in lines[:N_FILES_SHOWN]:
        console.print(as_text(f"  {line}"), soft_wrap=True)
    if len(lines) > N_FILES_SHOWN:
        console.print(f"  and {len(lines) - N_FILES_SHOWN} more", highlight=False)
