"""Turn the cells of the effectiveness benchmark into results.json, tables and a plot.

    python -m benchmarks.effectiveness.render [--baseline random] [--plot benchmark.png]

Prints, for each augmentation, the mean balanced accuracy of each configuration on each
problem, and its paired difference from a baseline over all problems and seeds, with a 95%
interval. The interval is Student's t over (problem, seed) pairs, of three or more.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path

import numpy as np

from skgan_aug.comparison._summary import half_width

from .configurations import CLASSIFIERS, CONFIGURATIONS
from .plot import plot_differences
from .problems import DEVELOPMENT_PROBLEMS, PROBLEMS
from .run import CELLS

SCORE = "balanced_accuracy"


def main():
    options = _parse_options()
    cells = load_cells(options.results)
    (options.results / "results.json").write_text(json.dumps(cells, indent=1) + "\n")
    asked = [
        cell
        for cell in cells
        if cell["problem"] in options.problems
        and cell["configuration"] in options.configurations
    ]
    pairs, differences = {}, {}
    needed = {options.baseline, options.draws_of or options.baseline}
    for augmentation in options.augmentations:
        scores = scores_by_configuration(asked, augmentation, options.score)
        if not needed <= scores.keys():
            continue
        if options.draws_of is not None:
            scores = shared_draws(scores, options.draws_of)
        pairs[augmentation] = paired_gains(scores, options.baseline)
        differences[augmentation] = {
            name: mean_and_interval(list(gains.values()))
            for name, gains in pairs[augmentation].items()
        }
        print(f"\n{options.score}, {augmentation}\n")
        print(table(scores, options.baseline, pairs[augmentation], differences[augmentation]))
    if options.plot is not None:
        plot_differences(pairs, differences, options.baseline, options.plot)


def _parse_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--baseline", default="random", choices=CONFIGURATIONS)
    parser.add_argument("--score", default=SCORE)
    # Data taken as they are, and data held out, answer other questions than these means do.
    lists = {
        "problems": (PROBLEMS, DEVELOPMENT_PROBLEMS),
        "configurations": (CONFIGURATIONS, CONFIGURATIONS),
        "augmentations": (CLASSIFIERS, CLASSIFIERS),
    }
    for name, (known, default) in lists.items():
        parser.add_argument(f"--{name}", nargs="+", choices=known, default=tuple(default))
    parser.add_argument(
        "--draws-of",
        default=None,
        choices=CONFIGURATIONS,
        help="leave out draws that this configuration has not run",
    )
    parser.add_argument("--plot", type=Path, default=None, help="picture of the differences")
    parser.add_argument("--results", type=Path, default=CELLS, help="folder of the cells")
    return parser.parse_args()


def load_cells(folder):
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*/*.json"))]


def scores_by_configuration(cells, augmentation, score=SCORE):
    """{configuration: {(problem, seed): score}}, without cells that lack the score."""
    scores: dict = defaultdict(dict)
    for cell in cells:
        if cell["augmentation"] == augmentation and cell.get(score) is not None:
            scores[cell["configuration"]][cell["problem"], cell["seed"]] = cell[score]
    return {name: scores[name] for name in CONFIGURATIONS if name in scores}


def shared_draws(scores, name):
    """The scores of (problem, seed) pairs that a configuration has too."""
    pairs = scores[name].keys()
    return {
        other: {pair: own[pair] for pair in own.keys() & pairs}
        for other, own in scores.items()
    }


def paired_gains(scores, baseline):
    """{configuration: {(problem, seed): score minus the baseline's}}, of shared pairs."""
    reference = scores[baseline]
    return {
        name: {
            pair: own[pair] - reference[pair] for pair in sorted(own.keys() & reference.keys())
        }
        for name, own in scores.items()
        if name != baseline
    }


def mean_and_interval(values):
    """Mean, and half the width of its 95% interval; nan where there are too few."""
    return (np.mean(values) if len(values) else np.nan), half_width(np.asarray(values), 0.95)


def table(scores, baseline, pairs, differences):
    """A Markdown table: a row per configuration, a column per problem, the difference."""
    seen = {problem for own in scores.values() for problem, _ in own}
    problems = [problem for problem in PROBLEMS if problem in seen]
    rows = [["configuration", *problems, f"against {baseline}", "pairs"]]
    rows.append(["---"] * len(rows[0]))
    for name, own in scores.items():
        means = [_mean(own, problem) for problem in problems]
        rows.append([name, *means, "", ""])
        if pairs.get(name):
            mean, spread = differences[name]
            interval = f" ± {spread:.1f}" if np.isfinite(spread) else ""
            rows[-1][-2:] = f"{mean:+.1f}{interval}", str(len(pairs[name]))
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _mean(own, problem):
    values = [score for (name, _), score in own.items() if name == problem]
    return f"{np.mean(values):.1f}" if values else ""


if __name__ == "__main__":
    main()
