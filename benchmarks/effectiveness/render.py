"""Turn the cells of the effectiveness benchmark into results.json, tables and a plot.

    python -m benchmarks.effectiveness.render [--baseline random] [--problems blood_cells_15]

Prints, for either augmentation, the mean balanced accuracy of each configuration on each
problem, and its paired difference from a baseline over all problems and seeds, with a 95%
interval. The interval is Student's t over (problem, seed) pairs.
"""

import argparse
import json
from collections import defaultdict

import numpy as np
from scipy.stats import t as student_t

from .configurations import CLASSIFIERS, CONFIGURATIONS
from .problems import CUT_PROBLEMS, PROBLEMS
from .run import CELLS

SCORE = "balanced_accuracy"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--baseline", default="random", choices=CONFIGURATIONS)
    parser.add_argument("--score", default=SCORE)
    # Data that are taken as they are answer another question than the means do.
    parser.add_argument("--problems", nargs="+", default=CUT_PROBLEMS, choices=PROBLEMS)
    options = parser.parse_args()
    cells = load_cells()
    (CELLS / "results.json").write_text(json.dumps(cells, indent=1) + "\n")
    asked = [cell for cell in cells if cell["problem"] in options.problems]
    for augmentation in CLASSIFIERS:
        scores = scores_by_configuration(asked, augmentation, options.score)
        if not scores:
            continue
        print(f"\n{options.score}, {augmentation}\n")
        print(table(scores, options.baseline))


def load_cells():
    return [json.loads(path.read_text()) for path in sorted(CELLS.glob("*/*.json"))]


def scores_by_configuration(cells, augmentation, score=SCORE):
    """{configuration: {(problem, seed): score}}, without cells that lack the score."""
    scores: dict = defaultdict(dict)
    for cell in cells:
        if cell["augmentation"] == augmentation and cell.get(score) is not None:
            scores[cell["configuration"]][cell["problem"], cell["seed"]] = cell[score]
    return {name: scores[name] for name in CONFIGURATIONS if name in scores}


def table(scores, baseline):
    """A Markdown table: a row per configuration, a column per problem, the difference."""
    seen = {problem for own in scores.values() for problem, _ in own}
    problems = [problem for problem in PROBLEMS if problem in seen]
    rows = [["configuration", *problems, f"against {baseline}", "pairs"]]
    rows.append(["---"] * len(rows[0]))
    for name, own in scores.items():
        means = [_mean(own, problem) for problem in problems]
        difference, n_pairs = "", 0
        if baseline in scores and name != baseline:
            mean, half_width, n_pairs = paired_difference(own, scores[baseline])
            difference = f"{mean:+.1f} ± {half_width:.1f}"
        rows.append([name, *means, difference, str(n_pairs or "")])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def paired_difference(own, other, confidence=0.95):
    """Mean difference over shared pairs, half the width of its interval, number of pairs."""
    pairs = sorted(own.keys() & other.keys())
    differences = np.array([own[pair] - other[pair] for pair in pairs])
    if len(differences) < 2:
        return (differences.mean() if len(pairs) else np.nan), np.nan, len(pairs)
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    quantile = student_t.ppf((1 + confidence) / 2, len(differences) - 1)
    return differences.mean(), quantile * error, len(pairs)


def _mean(own, problem):
    values = [score for (name, _), score in own.items() if name == problem]
    return f"{np.mean(values):.1f}" if values else ""


if __name__ == "__main__":
    main()
