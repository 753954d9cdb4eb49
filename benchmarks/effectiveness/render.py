"""Turn the cells of the effectiveness benchmark into results.json, tables and a plot.

    python -m benchmarks.effectiveness.render [--baseline random] [--plot benchmark.png]

Prints, for each augmentation, the mean balanced accuracy of each configuration on each
problem, and its mean paired difference from a baseline with two 95% intervals, by Student's t.
The first is for other draws of the same problems. The second, in parentheses where there are
three problems or more, is for other problems, as if these had been drawn from all there are;
where they have unequal numbers of draws, it is about the mean of the means of the problems.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy.stats import t as student_t

from .classifiers import AUGMENTATIONS
from .configurations import CONFIGURATIONS
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
            name: mean_and_intervals(gains)
            for name, gains in pairs[augmentation].items()
            if gains
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
        "augmentations": (AUGMENTATIONS, AUGMENTATIONS),
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


def mean_and_intervals(gains):
    """Mean of paired gains, and half the widths of its 95% intervals.

    Parameters
    ----------
    gains : dict
        ``{(problem, seed): gain}``.

    Returns
    -------
    mean : float

    over_draws : float
        For other draws of these problems: by how gains vary around the mean of their problem.

    over_problems : float
        For other problems: by how the means of problems vary. Either is nan with less than
        two degrees of freedom.
    """
    by_problem: dict = defaultdict(list)
    for (problem, _), gain in gains.items():
        by_problem[problem].append(gain)
    means = np.array([np.mean(own) for own in by_problem.values()])
    residuals = np.concatenate([np.array(own) - np.mean(own) for own in by_problem.values()])
    return (
        float(np.mean(list(gains.values()))),
        _half_width(residuals, len(gains) - len(means)),
        _half_width(means - means.mean(), len(means) - 1),
    )


def _half_width(residuals, n_free):
    """Half of the 95% interval of a mean, by what is left around it."""
    if n_free < 2:
        return np.nan
    error = np.sqrt(np.square(residuals).sum() / n_free / len(residuals))
    return float(student_t.ppf(0.975, n_free) * error)


def difference_text(mean, over_draws, over_problems):
    """Such as "+1.5 ± 0.5 (1.6)"."""
    text = f"{mean:+.1f}" if round(mean, 1) else "0.0"
    if np.isfinite(over_draws):
        text += f" ± {over_draws:.1f}"
    return text + (f" ({over_problems:.1f})" if np.isfinite(over_problems) else "")


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
            rows[-1][-2:] = difference_text(*differences[name]), str(len(pairs[name]))
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _mean(own, problem):
    values = [score for (name, _), score in own.items() if name == problem]
    return f"{np.mean(values):.1f}" if values else ""


if __name__ == "__main__":
    main()
