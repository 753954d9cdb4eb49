"""The commands and their options."""

from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from .. import __version__
from .._devices import cpu_lacks_memory, gpu_lacks_memory
from ._augment import AugmentSettings, run_augmentation
from ._cache import clear_cache, list_cache
from ._compare import CompareSettings, run_comparison
from ._console import as_text

_MENDABLE = ValueError, TypeError, OSError, ImportError, FloatingPointError

app = typer.Typer(
    help="Over-sample rare image classes with CycleGAN translations.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_show_locals=False,
)


def _show_version(wanted: bool):
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def skgan_aug(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version."
        ),
    ] = False,
):
    """Over-sample rare image classes with CycleGAN translations."""


@app.command()
def compare(
    data: Annotated[
        Path | None,
        typer.Option(help="A .npz archive, or a folder of class folders. Default: digits."),
    ] = None,
    size: Annotated[
        str | None, typer.Option(help="Resize the images: 32, or 32x48 (height x width).")
    ] = None,
    rare: Annotated[
        str | None,
        typer.Option(
            help="Classes that are rare: names or labels, with commas; a name that has one "
            "goes between double quotes. Default: all but the largest; of the digits 3,8,9."
        ),
    ] = None,
    rare_count: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Training images that each of --rare is cut down to. Default: it keeps all; "
            "of the digits 12.",
        ),
    ] = None,
    samplers: Annotated[
        str | None,
        typer.Option(
            help="Among none, logit_adjustment (adds no rows and changes the loss of a "
            "network), random, smote, borderline_smote, adasyn, cyclegan, with commas. "
            "Default: all; logit_adjustment of networks, without --logit-adjustment."
        ),
    ] = None,
    ratios: Annotated[
        str,
        typer.Option(
            help="How far rare classes are raised, as shares of the largest, with commas: "
            "0.5,1.0."
        ),
    ] = "1.0",
    seeds: Annotated[int, typer.Option(min=1, help="Repetitions.")] = 3,
    folds: Annotated[
        int, typer.Option(min=2, help="Folds per seed, when the data have no test split.")
    ] = 5,
    max_iter: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="CycleGAN: optimiser steps per pair of classes. Default: 1300, of the "
            "digits 100.",
        ),
    ] = None,
    classifier_weight: Annotated[
        float | None,
        typer.Option(
            min=0, help="CycleGAN: weight of the loss that makes translations cross."
        ),
    ] = None,
    synthetic_fraction: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="CycleGAN: share of translations in what is added."),
    ] = None,
    min_strength: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="CycleGAN: least part of the way translations go."),
    ] = None,
    copy_augmentation: Annotated[
        str | None,
        typer.Option(
            help="CycleGAN and random: flips, shifts or flips_shifts of the real images drawn "
            "again, once. For a forest or svc, which cannot augment what they learn from."
        ),
    ] = None,
    memory: Annotated[
        Path | None,
        typer.Option(help="CycleGAN: folder that keeps what was trained, for other runs."),
    ] = None,
    classifier: Annotated[
        str | None,
        typer.Option(
            help="What learns: compact (the default for images), resnet or paper, which are "
            "networks; or, from rows of pixels, forest or svc of scikit-learn."
        ),
    ] = None,
    classifier_steps: Annotated[
        int | None,
        typer.Option(
            min=1, help="Network: optimiser steps. Default: 1000, of the digits 400."
        ),
    ] = None,
    augmentation: Annotated[
        str | None, typer.Option(help="Network: flips, shifts or flips_shifts.")
    ] = None,
    logit_adjustment: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=100,
            help="Network: how far its loss corrects, with every sampler, for classes that "
            "are still rare, as at --ratios 0.25; 1 is usual. Default: 0.",
        ),
    ] = None,
    flips: Annotated[
        bool, typer.Option("--flips", help="The same as --augmentation flips_shifts.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Pairs of classes trained, or cells of the other samplers computed, at the "
            "same time. Default: all cores, on a GPU at most 4.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all seeds.")] = 0,
    json: Annotated[
        Path | None, typer.Option(help="Write settings, cells and summary here.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the comparison here, such as out.png.")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Write a page with answer, tables and pictures here: report.html."),
    ] = None,
):
    """Compare over-samplers by what a classifier learns from their output."""
    options = dict(locals())  # first of all: these are the parameters, and nothing else
    with _plain_errors():
        if options.pop("flips"):
            if augmentation not in (None, "flips_shifts"):
                raise ValueError(
                    "--flips is --augmentation flips_shifts, but --augmentation "
                    f"{augmentation} is given too. Give one of them."
                )
            options["augmentation"] = "flips_shifts"
        run_comparison(CompareSettings(**options))


@app.command()
def augment(
    folder: Annotated[Path, typer.Argument(metavar="IN", help="The folder of class folders.")],
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="A new folder, or one to go on filling.")
    ],
    ratio: Annotated[
        float, typer.Option(help="Share of the largest class to raise the others to.")
    ] = 1.0,
    classes: Annotated[
        str | None,
        typer.Option(
            help="Raise these alone, with commas; a name that has one goes between double "
            "quotes. Default: all below."
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(help="Size of images and translations: 32, or 32x48 (height x width)."),
    ] = None,
    resize: Annotated[
        str, typer.Option(help="How images get to that size: stretch, crop or pad.")
    ] = "stretch",
    mode: Annotated[
        str | None, typer.Option(help="L (grey) or RGB. Default: as the files are.")
    ] = None,
    source: Annotated[
        str,
        typer.Option(
            help="What is translated: nearest, majority, rest, a class, or target=source,... "
            "(a pair whose names have commas goes between double quotes)."
        ),
    ] = "nearest",
    synthetic_fraction: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Share of translations in what is added. Default: half, less where a class "
            "has more than 15 images.",
        ),
    ] = None,
    min_strength: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Least part of the way to go. Default: 0.3, more where a class has more than "
            "15 images, and 1, all of it, from 60 on.",
        ),
    ] = None,
    selection: Annotated[
        str | None, typer.Option(help="Rank translations by: classifier or discriminator.")
    ] = None,
    classifier_weight: Annotated[
        float, typer.Option(min=0, help="Weight of the loss that makes translations cross.")
    ] = 1.0,
    max_iter: Annotated[
        int, typer.Option(min=1, help="Optimiser steps per pair of classes.")
    ] = 1300,
    memory: Annotated[
        Path | None, typer.Option(help="Keep trained CycleGANs here, for other runs.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1, help="Pairs of classes trained, and held in memory, at the same time."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Drives everything.")] = 0,
    copy: Annotated[
        bool, typer.Option("--copy", help="Copy the originals instead of linking them.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done; write nothing.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Show warnings and errors alone.")
    ] = False,
):
    """Write a balanced copy of a folder of class folders.

    Originals are linked; added files say in their names what they are, and manifest.csv
    lists them all. Stopped and started again, the command goes on where it was.
    """
    settings = AugmentSettings(**locals())
    with _plain_errors():
        run_augmentation(settings)


cache = typer.Typer(help="Trained CycleGANs kept by memory=.", no_args_is_help=True)
app.add_typer(cache, name="cache")

CacheFolder = Annotated[Path, typer.Argument(help="The folder that memory= names.")]


@cache.command("list")
def list_(folder: CacheFolder):
    """List the CycleGANs, the least recently used first."""
    with _plain_errors():
        list_cache(folder)


@cache.command()
def clear(folder: CacheFolder):
    """Remove the CycleGANs; other files in the folder stay."""
    with _plain_errors():
        clear_cache(folder)


@contextmanager
def _plain_errors():
    """Print what the user can mend as one line, and exit with 2."""
    try:
        yield
    except (*_MENDABLE, MemoryError, BrokenExecutor, RuntimeError) as error:
        lacks_memory = isinstance(error, MemoryError | BrokenExecutor)
        lacks_memory |= cpu_lacks_memory(error) or gpu_lacks_memory(error)
        if not lacks_memory and not isinstance(error, _MENDABLE):
            raise
        message = " ".join(str(error).split())
        if lacks_memory:
            message = (
                "Memory ran out, or a process was ended from outside. Use a smaller --size "
                f"or fewer --jobs. ({message})"
            )
        Console(stderr=True).print(as_text(f"Error: {message}", "red"), soft_wrap=True)
        raise typer.Exit(2) from error
