"""docs/benchmark.md and docs/ablations.md hold what benchmarks/results hold."""

import json
import re
import sys
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
pytest.importorskip("benchmarks", reason="benchmarks are not part of the source distribution")
from benchmarks.effectiveness.problems import DEVELOPMENT_PROBLEMS
from benchmarks.effectiveness.render import (
    difference_text,
    load_cells,
    mean_and_intervals,
    paired_gains,
    scores_by_configuration,
    shared_draws,
)

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGE = (ROOT / "docs" / "benchmark.md").read_text()
ABLATIONS = (ROOT / "docs" / "ablations.md").read_text()
CPU, GPU = "effectiveness", "effectiveness_gpu"
PLAIN, MOVED = "plain", "flips_shifts"
HELD_OUT = ("cifar10_15", "cifar10_60", "mnist_15", "mnist_60")
OF_100 = tuple(
    f"{name}_15_of_100"
    for name in ("blood_cells", "fashion_mnist", "fer2013", "cifar10", "mnist")
)
OTHER_CLASSES = tuple(
    f"{name}_{rare_count}"
    for name in ("blood_cells_48", "fashion_mnist_other", "fer2013_other")
    for rare_count in (15, 60)
)
OF_PIXELS = (
    *(
        f"{name}_{rare_count}"
        for name in ("blood_cells", "fashion_mnist")
        for rare_count in (15, 60)
    ),
    "fer2013_15",
    "blood_cells_long_tail",
)
FROM_15 = tuple(name.removesuffix("_of_100") for name in OF_100)
WITH_LOGIT_ADJUSTMENT = (*DEVELOPMENT_PROBLEMS, "cifar10_15", "mnist_15")
RESIDUAL = ("blood_cells_15", "fashion_mnist_15", "fer2013_15")
FROM_5 = tuple(name.removesuffix("_15_of_100") + "_5" for name in OF_100)
BETWEEN = ("blood_cells_30", "fashion_mnist_30", "fer2013_30")
CONFIGURATIONS = {
    "as it is": "none",
    "nothing": "none",
    "class weights": "class_weights",
    "random over-sampling": "random",
    "SMOTE": "smote",
    "Borderline-SMOTE": "borderline_smote",
    "ADASYN": "adasyn",
    "M2m": "m2m",
    "M2m, on the cells": "m2m",
    "untranslated": "untranslated",
    "untranslated (wrong labels, see below)": "untranslated",
    "logit adjustment": "logit_adjusted_loss",
    "copies to a quarter, adjusted": "random_0.25_logit_adjusted",
    "translations to a quarter, adjusted": "cyclegan_0.25_logit_adjusted",
    "CycleGAN": "cyclegan",
    "CycleGAN, `synthetic_fraction=0.8`": "fraction_0.8",
    "SMOTE, 4 neighbors": "smote_4_neighbors",
    "SMOTE, moved": "moved_smote",
    "copies, moved": "moved_copies",
    "copies, shifted": "shifted_copies",
    "CycleGAN, its copies moved": "moved_beside_translations",
    "CycleGAN, its copies shifted": "shifted_beside_translations",
    "CycleGAN, both of these": "fraction_0.8_moved_beside",
    "real images": "real_images",
}
LEVERS = {
    "`max_iter=650`, half the steps": "half_the_steps",
    "`classifier_weight=0`: no loss that makes translations cross": "no_classifier_loss",
    "`cycle_weight=10`, the paper's": "cycle_10",
    '`source="majority"`, the largest class': "source_majority",
    "`max_iter=650` and generators of 48 filters instead of 32": "half_the_steps_wide",
    "source images flipped and shifted, in training too": "moved_sources",
    "one generator for all classes, as many steps in all": "multi_domain",
    "the two nearest classes in turn, half the steps for each": "two_sources",
    "`min_strength=1`": "whole_way",
    "`augment=None`: discriminators see images as they are": "no_augment",
    "`n_snapshots=0, ema_decay=0`: the last weights translate, not averages": (
        "no_snapshots_no_ema"
    ),
    "the paper's generator with 16 filters, a third slower than the default": "narrow_resnet",
    "a generator that also displaces the image, by a smooth field": "warped",
    '`source="rest"`, all other classes at once': "source_rest",
    "copies that go up to 0.3 of the way to the source class, two draws": "towards_source",
    "`real_last=0.2`: the last fifth of the epochs without translations": "real_last",
    "discriminators that judge smaller patches": "near_discriminator",
    "discriminators with half the filters": "narrow_discriminator",
    "discriminators under spectral normalisation": "spectral_discriminator",
    "discriminators held near what they said before (LeCam)": "lecam",
    "discriminators that see a classifier's features, too": "feature_discriminator",
    "`classifier_weight=0.3`": "classifier_weight_0.3",
    "two CycleGANs of other initial weights in turn, half the steps for each": "two_trainings",
    "`batch_size=32`": "batch_32",
    "`max_iter=2600, learning_rate=2.5e-4`, twice the steps": "twice_the_steps_half_the_rate",
}
OF_FACES = {
    "the same on FER2013, one draw": "no_classifier_loss",
    "`max_size=24` on FER2013, two draws: seen in half of their size": "max_size_24",
}


@cache
def cells(results):
    return load_cells(RESULTS / results)


@cache
def scores(results, augmentation, score="balanced_accuracy"):
    return scores_by_configuration(cells(results), augmentation, score)


def tables(first_header):
    """The rows of each table whose first column is called so, without emphasis."""
    found, rows = [], None
    for line in [*PAGE.splitlines(), *ABLATIONS.splitlines()]:
        cells = [re.sub(r"[*]", "", cell).strip() for cell in line.split("|")[1:-1]]
        if not cells:
            rows = None
        elif rows is not None:
            rows.append(cells)
        elif cells[0] == first_header:
            rows = []
            found.append(rows)
    return [rows[1:] for rows in found]  # after the rule


def gains_of(results, augmentation, problems, minuend, subtrahend, **score):
    """{(problem, seed): points ahead}."""
    both = {
        name: {pair: score for pair, score in own.items() if pair[0] in problems}
        for name, own in scores(results, augmentation, **score).items()
        if name in (minuend, subtrahend)
    }
    return paired_gains(both, subtrahend)[minuend]


def difference(results, augmentation, problems, minuend, subtrahend, **score):
    """What the page says of it: "+1.5 ± 0.5 (1.6)", and of how many pairs."""
    gains = gains_of(results, augmentation, problems, minuend, subtrahend, **score)
    return difference_text(*mean_and_intervals(gains)), len(gains)


def mean_score(results, augmentation, problem, name):
    own = scores(results, augmentation)[name]
    return f"{np.mean([score for pair, score in own.items() if pair[0] == problem]):.1f}"


def assert_means(table, results, columns):
    """Each row holds the mean scores of its configuration in columns of (kind, problem)."""
    for row, *page in table:
        name = row.removesuffix(", flips and shifts")
        row_kind = PLAIN if name == row else MOVED  # where columns do not say
        found = [
            mean_score(results, kind or row_kind, problem, CONFIGURATIONS[name])
            for kind, problem in columns
        ]
        assert [row, *page] == [row, *found]


@pytest.mark.parametrize(
    "results", [CPU, GPU, "effectiveness_forest", "effectiveness_svc", "effectiveness_resnet"]
)
def test_results_are_those_of_the_cells(results):
    assert json.loads((RESULTS / results / "results.json").read_text()) == cells(results)


@pytest.mark.parametrize(
    ("position", "results", "columns"),
    [
        (0, GPU, [(PLAIN, problem) for problem in DEVELOPMENT_PROBLEMS]),
        (1, GPU, [(MOVED, problem) for problem in DEVELOPMENT_PROBLEMS]),
        (2, CPU, [(None, problem) for problem in HELD_OUT]),
        (3, GPU, [(None, problem) for problem in OF_100]),
        (4, GPU, [(None, problem) for problem in OTHER_CLASSES]),
        (5, GPU, [(None, problem) for problem in BETWEEN]),
        (6, CPU, [(None, problem) for problem in FROM_5]),
        (7, CPU, [(kind, "blood_cells_long_tail") for kind in (PLAIN, MOVED)]),
        (8, CPU, [("mixup", problem) for problem in ("blood_cells_15", "fashion_mnist_15")]),
    ],
)
def test_mean_scores(position, results, columns):
    table = tables("training set")[position]
    assert len(table) >= 4
    assert_means(table, results, columns)


@pytest.mark.parametrize(
    ("header", "position", "results", "problems"),
    [
        ("against", 0, GPU, tuple(DEVELOPMENT_PROBLEMS)),
        ("the default against", 0, CPU, HELD_OUT),
        ("the default against", 1, GPU, OF_100),
        ("the default against", 2, GPU, OTHER_CLASSES),
        ("the default against", 3, GPU, BETWEEN),
        ("the default against", 4, CPU, FROM_5),
    ],
)
def test_the_default_against_others(header, position, results, problems):
    table = tables(header)[position]
    assert len(table) >= 3
    for name, *page, pairs in table:
        for kind, written in zip((PLAIN, MOVED), page, strict=True):
            found = difference(results, kind, problems, "cyclegan", CONFIGURATIONS[name])
            assert (name, *found) == (name, written, int(pairs))


@pytest.mark.parametrize(
    ("header", "results", "n_rows", "problems"),
    [
        ("a random forest", "effectiveness_forest", 11, OF_PIXELS),
        ("support vectors", "effectiveness_svc", 11, OF_PIXELS),
        ("a residual network", "effectiveness_resnet", 8, RESIDUAL),
    ],
)
def test_mean_scores_of_other_classifiers(header, results, n_rows, problems):
    (table,) = tables(header)
    assert len(table) == n_rows
    assert_means(table, results, [(None, problem) for problem in problems])


def test_the_default_against_others_by_classifier():
    (table,) = tables("the default ahead of")
    assert len(table) == 3
    columns = (
        ("effectiveness_forest", PLAIN, OF_PIXELS),
        ("effectiveness_svc", PLAIN, OF_PIXELS),
        ("effectiveness_resnet", PLAIN, RESIDUAL),
        ("effectiveness_resnet", MOVED, RESIDUAL),
    )
    for name, *page in table:
        found = [difference(*column, "cyclegan", CONFIGURATIONS[name]) for column in columns]
        assert [name, *page] == [name, *(gain for gain, _ in found)]


@pytest.mark.parametrize(
    ("minuend", "subtrahend", "n_behind"),
    [
        ("cyclegan", "random", 0),
        ("cyclegan", "smote", 1),
        ("cyclegan", "untranslated", 0),
        ("cyclegan", "moved_copies", None),
        ("moved_beside_translations", "moved_copies", 0),
        ("moved_beside_translations", "moved_smote", 0),
        ("moved_beside_translations", "random", None),
        ("moved_beside_translations", "smote", None),
        ("moved_additions", "moved_beside_translations", None),
        ("fraction_0.8", "cyclegan", None),
        ("fraction_0.8_moved_beside", "moved_beside_translations", None),
    ],
)
def test_what_classifiers_of_pixels_gain(minuend, subtrahend, n_behind):
    page = PAGE[PAGE.index("## Other classifiers") : PAGE.index("## What holds it back")]
    gains = []
    for results in ("effectiveness_forest", "effectiveness_svc"):
        gain, _ = difference(results, PLAIN, OF_PIXELS, minuend, subtrahend)
        assert gain.lstrip("+-") in page
        gains += gains_of(results, PLAIN, OF_PIXELS, minuend, subtrahend).values()
    if n_behind is not None:  # of as many as the page says
        assert len(gains) == 28
        assert sum(gain <= 0 for gain in gains) == n_behind


def test_what_a_network_gains_beside_copies_that_move():
    page = " ".join(PAGE.split())
    held_out = ("cifar10_15", "mnist_15")
    for subtrahend, text in (
        ("cyclegan", "it gains {} points by them on the default (seven draws of"),
        ("moved_copies", "of such copies alone, by {} points, and of SMOTE"),
        ("moved_smote", "moved likewise, by {}, in every draw, of the held-out sets"),
    ):
        pair = "moved_beside_translations", subtrahend
        gain, n_pairs = difference(CPU, PLAIN, OF_PIXELS, *pair)
        assert n_pairs == 7
        assert text.format(gain.removeprefix("+")) in page
        if subtrahend != "cyclegan":
            gains = gains_of(CPU, PLAIN, OF_PIXELS + held_out, *pair).values()
            assert len(gains) == 9
            assert min(gains) > 0


def test_what_classifiers_of_pixels_gain_where_nothing_was_chosen():
    (table,) = tables("held out, pixels")
    assert len(table) == 9
    columns = (
        ("effectiveness_forest", "cifar10_15"),
        ("effectiveness_forest", "mnist_15"),
        ("effectiveness_svc", "mnist_15"),
    )
    for row, *page in table:
        found = [
            mean_score(results, PLAIN, problem, CONFIGURATIONS[row])
            for results, problem in columns
        ]
        assert [row, *page] == [row, *found]
    for results, problem in columns:
        for moves in ("moved", "shifted"):
            pair = f"{moves}_beside_translations", f"{moves}_copies"
            gains = gains_of(results, PLAIN, (problem,), *pair).values()
            assert len(gains) == 2
            assert min(gains) > 0


@pytest.mark.parametrize(
    ("name", "draws", "against", "problems", "n_others"),
    [
        (
            "logit_adjusted_loss",
            "draws of logit adjustment",
            "logit adjustment against",
            WITH_LOGIT_ADJUSTMENT,
            4,
        ),
        (
            "cyclegan_0.25_logit_adjusted",
            "beneath logit adjustment",
            "a quarter of translations, adjusted, against",
            FROM_15,
            4,
        ),
    ],
)
def test_logit_adjustment(name, draws, against, problems, n_others):
    """On the draws that it was given, which are fewer than those of the others."""
    (table,) = tables(draws)
    assert len(table) == 10
    for row, *page in table:
        title = row.removesuffix(", flips and shifts")
        kind = PLAIN if title == row else MOVED
        own = shared_draws(scores(CPU, kind), name)[CONFIGURATIONS[title]]
        found = [
            f"{np.mean([score for pair, score in own.items() if pair[0] == problem]):.1f}"
            for problem in problems
        ]
        assert [row, *page] == [row, *found]
    (table,) = tables(against)
    assert len(table) == n_others
    for other, *page, pairs in table:
        for kind, written in zip((PLAIN, MOVED), page, strict=True):
            found = difference(CPU, kind, problems, name, CONFIGURATIONS[other])
            assert (other, *found) == (other, written, int(pairs))


def test_the_default_against_others_by_level():
    table = tables("against")[1]
    assert len(table) == 9
    for row, plain, plain_pairs, moved, moved_pairs in table:
        name, level = row.removesuffix(" images").split(", ")
        problems = [p for p in DEVELOPMENT_PROBLEMS if level == "both" or p.endswith(level)]
        for kind, *written in ((PLAIN, plain, plain_pairs), (MOVED, moved, moved_pairs)):
            gain, n_pairs = difference(CPU, kind, problems, "cyclegan", CONFIGURATIONS[name])
            assert [row, gain, str(n_pairs)] == [row, *written]


@pytest.mark.parametrize(("position", "results", "n_rows"), [(0, CPU, 11), (1, GPU, 16)])
def test_levers(position, results, n_rows):
    table = tables("lever")[position]
    assert len(table) == n_rows
    for row, *page, pairs in table:
        name, is_with_faces, _ = row.partition(" (FER2013 too)")
        problems = ["blood_cells_15", "fashion_mnist_15"]
        if name in OF_FACES:
            problems = []
        if is_with_faces or not problems:
            problems.append("fer2013_15")
        found = [
            difference(results, kind, problems, (LEVERS | OF_FACES)[name], "cyclegan")
            for kind in (PLAIN, MOVED)
        ]
        assert [row, *page] == [row, *(gain for gain, _ in found)]
        assert {int(n) for n in pairs.split(" and ")} == {n_pairs for _, n_pairs in found}


def test_what_a_single_draw_can_tell():
    (table,) = tables("of 30 draws each")
    found = []
    for kind, name in product((PLAIN, MOVED), ("random_again", "cyclegan")):
        gains = gains_of(CPU, kind, DEVELOPMENT_PROBLEMS, name, "random")
        own = np.array(list(gains.values()))
        assert len(own) == 30
        behind = f"{-own.min():.1f}" if own.min() < 0 else ""
        found.append([str((own < -0.5).sum()), behind, str((own > 0.5).sum())])
    assert [row[1:] for row in table] == found
    n_behind = sum(int(row[0]) for row in found[::2])
    page = " ".join(PAGE.split())
    assert f"that much behind themselves in {n_behind} of 60 draws" in page
    assert f"[copies are up to {max(row[1] for row in found[::2])} behind themselves]" in page


def test_from_5_images():
    page = " ".join(PAGE.split())
    gains = {
        baseline: [
            gain
            for kind in (PLAIN, MOVED)
            for gain in gains_of(CPU, kind, FROM_5, "cyclegan", baseline).values()
        ]
        for baseline in ("smote_4_neighbors", "random")
    }
    assert len(gains["smote_4_neighbors"]) == 18
    assert min(gains["smote_4_neighbors"]) > 0
    lost = [gain for gain in gains["random"] if gain <= 0]
    assert len(lost) == 2
    assert f"{-min(lost):.1f} points behind with flips and shifts, which spoil" in page
    plain, moved = (
        difference(CPU, kind, FROM_5, "strength_0", "cyclegan")[0].removeprefix("+")
        for kind in (PLAIN, MOVED)
    )
    assert f"gains {plain} points on the default in these draws, and {moved} with" in page
    for name, text in (
        ("cyclegan", "is {} points behind copies, and {} with flips and shifts;"),
        ("untranslated", "wrong labels are {} and {} behind."),
    ):
        found = [
            difference(CPU, kind, FROM_5, name, "random", score="best_boundaries")[0]
            for kind in (PLAIN, MOVED)
        ]
        assert text.format(*(gain.removeprefix("-") for gain in found)) in page


def test_the_summary():
    problems = (*DEVELOPMENT_PROBLEMS, *HELD_OUT)
    for name, baseline in (("SMOTE", "smote"), ("copies", "random")):
        line = next(line for line in PAGE.splitlines() if f"- **Against {name}**" in line)
        for kind in (PLAIN, MOVED):
            gain, _ = difference(CPU, kind, problems, "cyclegan", baseline)
            assert gain.removeprefix("+") in line


def test_other_problems_in_the_summary():
    page = " ".join(PAGE.split())
    for baseline, text in (
        ("random", "it is {} ahead of copies, and {} where everyone flips and shifts;"),
        ("smote", "of SMOTE, {} and {} (41 draws"),
    ):
        found = [
            difference(GPU, kind, OTHER_CLASSES + BETWEEN, "cyclegan", baseline)
            for kind in (PLAIN, MOVED)
        ]
        assert text.format(*(gain.removeprefix("+") for gain, _ in found)) in page
        assert {n_pairs for _, n_pairs in found} == {41}


def test_small_sets_in_the_summary_and_on_a_cpu():
    page = " ".join(PAGE.split())
    plain, moved = (
        difference(GPU, kind, OF_100, "cyclegan", "random")[0].removeprefix("+")
        for kind in (PLAIN, MOVED)
    )
    assert f"it is {plain} ahead of copies, and {moved} with flips and shifts" in page
    plain, moved = (
        re.match(r"\+(\S+ ± \S+) ", difference(CPU, kind, OF_100, "cyclegan", "random")[0])[1]
        for kind in (PLAIN, MOVED)
    )
    assert f"{plain} points ahead of copies, with flips and shifts {moved}." in page


def test_what_holds_it_back():
    (table,) = tables("added to 15 images")
    problems = [problem for problem in DEVELOPMENT_PROBLEMS if problem.endswith("15")]
    names = ["random", "cyclegan", "taught_by_all", "real_images_half"]
    assert len(table) == 2 * len(names)
    rows = zip([PLAIN] * 4 + [MOVED] * 4, 2 * names, table, strict=True)
    for kind, name, (_, *means, against, pairs) in rows:
        assert means == [mean_score(GPU, kind, problem, name) for problem in problems]
        if name != "cyclegan":
            gain, n_pairs = difference(GPU, kind, problems, name, "cyclegan")
            assert (name, against, pairs) == (name, gain, str(n_pairs))


def test_how_many_translations():
    (table,) = tables("share of translations")
    n_figures = 0
    for row, *page in table:
        share, _, moved = row.partition(", ")
        for level, written in zip(("15", "60"), (page[:2], page[2:]), strict=True):
            if written[1]:
                problems = [p for p in DEVELOPMENT_PROBLEMS if p.endswith(level)]
                kind = MOVED if moved else PLAIN
                gain, n_pairs = difference(
                    CPU, kind, problems, f"fraction_{share}", "cyclegan"
                )
                assert [row, *written] == [row, gain, str(n_pairs)]
                n_figures += 1
    assert n_figures == 6


def test_between_the_levels():
    names = {
        "`synthetic_fraction=0.5`": "fraction_0.5",
        "`min_strength=0.3`": "strength_0.3",
        "both": "fraction_0.5_strength_0.3",
        "`synthetic_fraction=0.2`": "fraction_0.2",
        "`min_strength=1`": "whole_way",
    }
    (table,) = tables("with 30 images")
    assert len(table) == len(names)
    for row, *page, pairs in table:
        found = [
            difference(GPU, kind, BETWEEN, names[row], "cyclegan") for kind in (PLAIN, MOVED)
        ]
        assert [row, *page] == [row, *(gain for gain, _ in found)]
        assert {int(pairs)} == {n_pairs for _, n_pairs in found}


@pytest.mark.parametrize(
    ("level", "names"),
    [
        ("15", {"`min_strength=0.3`": "cyclegan", "`min_strength=1`": "whole_way"}),
        ("60", {"`min_strength=0.3`": "strength_0.3", "`min_strength=1`": "cyclegan"}),
    ],
)
def test_part_of_the_way(level, names):
    (table,) = tables(f"{level} images")
    problems = [problem for problem in DEVELOPMENT_PROBLEMS if problem.endswith(level)]
    (draws_of,) = set(names.values()) - {"cyclegan"}
    assert len(table) == 6
    for row, *means, gain, n_pairs in table:
        name, _, moved = row.partition(", ")
        kind = MOVED if moved else PLAIN
        shared = shared_draws(scores(CPU, kind), draws_of)
        own = shared[names.get(name, "random")]
        found = [
            f"{np.mean([own[pair] for pair in own if pair[0] == problem]):.1f}"
            for problem in problems
        ]
        assert [row, *means] == [row, *found]
        if gain:
            gains = paired_gains(shared, "random")[names[name]]
            gains = {pair: value for pair, value in gains.items() if pair[0] in problems}
            found = difference_text(*mean_and_intervals(gains)), str(len(gains))
            assert (row, gain, n_pairs) == (row, *found)


WHOLE = {"a tenth": "fer2013_whole_0.1", "a fifth": "fer2013_whole"}


def of_whole(kind, problem, name):
    """{(problem, seed): accuracy, balanced accuracy or recall of disgust}, in points."""
    own = [
        cell
        for cell in cells(CPU)
        if (cell["problem"], cell["configuration"]) == (problem, name)
        and cell["augmentation"] == PLAIN
    ]
    key = {"recall of disgust": "minority_recall"}.get(kind, kind.replace(" ", "_"))
    return {(problem, cell["seed"]): cell[key] for cell in own}


def test_fer2013_as_it_is():
    kinds = ("accuracy", "balanced accuracy", "recall of disgust")
    table = next(rows for rows in tables("training set") if rows[1][0].endswith("a tenth"))
    assert len(table) == 5
    for row, *page in table:
        name, _, ratio = row.partition(", to ")
        problem = WHOLE[ratio or "a fifth"]
        found = [of_whole(kind, problem, CONFIGURATIONS[name]) for kind in kinds]
        assert all(len(own) == 5 for own in found)
        assert [row, *page] == [row, *(f"{np.mean(list(own.values())):.1f}" for own in found)]
    differences = tables("the default against nothing")[0]
    assert len(differences) == 2
    for row, *page in differences:
        problem = WHOLE[row.removeprefix("to ")]
        found = []
        for kind in kinds:
            both = {name: of_whole(kind, problem, name) for name in ("none", "cyclegan")}
            gains = paired_gains(both, "none")["cyclegan"]
            found.append(difference_text(*mean_and_intervals(gains)))
        assert [row, *page] == [row, *found]


RANKINGS = {
    '`selection="classifier"`': "half_the_steps_selection_classifier",
    '`selection="discriminator"`': "half_the_steps_selection_discriminator",
    "nearest to real images in the features of a classifier of all classes": (
        "half_the_steps_selection_features"
    ),
    "the same, and its confidence": "half_the_steps_selection_features_and_confidence",
}


def test_rankings():
    (table,) = tables("ranking")
    assert len(table) == len(RANKINGS)
    problems = ["blood_cells_15", "fashion_mnist_15"]
    for row, *page, pairs in table:
        found = [
            difference(CPU, kind, problems, RANKINGS[row], "half_the_steps")
            for kind in (PLAIN, MOVED)
        ]
        assert [row, *page] == [row, *(gain for gain, _ in found)]
        assert {int(pairs)} == {n_pairs for _, n_pairs in found}


DATASETS = {
    "blood cells": "blood_cells_15",
    "Fashion-MNIST": "fashion_mnist_15",
    "CIFAR-10": "cifar10_15",
    "MNIST": "mnist_15",
}


def test_what_auto_chooses():
    (table,) = tables("15 images of a class")
    files = sorted((RESULTS / "choice").glob("*.json"))
    assert len(table) == len(files)
    for row, added, *page in table:
        added = {"translations": "cyclegan", "wrong labels": "untranslated"}[added]
        choice = json.loads(
            (RESULTS / "choice" / f"{DATASETS[row]}-{added}-0.json").read_text()
        )
        held_back, test = choice["held_back"], choice["test"]
        found = [
            f"{held_back['gain']:+.1f} ({held_back['error']:.1f})",
            f"{test['gain']:+.1f} ({test['error']:.1f})",
            "yes" if choice["is_taken"] else "no",
            f"{choice['taken']:.0%}",
            f"{choice['ahead']:.0%}",
        ]
        assert [row, *page] == [row, *found]


def test_large_images():
    (table,) = tables("networks see")
    found = json.loads((RESULTS / CPU / "crossing_letters_15_500_0.json").read_text())
    assert table == [
        [
            f"{size}x{size}",
            *(f"{row['judged_target']:.1%}" for row in found if row["max_size"] == size),
        ]
        for size in (64, 96)
    ]


def test_cmo():
    page = " ".join(PAGE.split())

    def gains(minuend, subtrahend):
        """As they are and with flips and shifts, and of how many pairs."""
        (plain, n), (moved, n_moved) = (
            difference(CPU, kind, tuple(DEVELOPMENT_PROBLEMS), minuend, subtrahend)
            for kind in (PLAIN, MOVED)
        )
        assert n == n_moved
        return plain, moved, n

    ahead, with_flips, n = gains("cyclegan", "cmo")
    ahead, with_flips = ahead.removeprefix("+"), with_flips.removeprefix("+")
    text = f"the default is {ahead} points ahead of it, and {with_flips} with flips and shifts"
    assert f"{text} ({n} pairs" in page
    assert f"trains nothing, it is {ahead} ahead on" in page
    plain, moved, _ = gains("cmo", "random")
    text = f"{plain.removeprefix('+')} points ahead of copies, {moved.removeprefix('+')} with"
    assert text in page
    plain, moved, n = gains("half_the_steps_pasted_copies", "half_the_steps")
    assert f"{plain}, with flips and shifts {moved} ({n} pairs" in page
