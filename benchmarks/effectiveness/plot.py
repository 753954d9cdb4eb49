"""Draw how far each configuration is ahead of a baseline."""

from matplotlib import pyplot as plt

from .configurations import CONFIGURATIONS
from .problems import PROBLEMS


def plot_differences(pairs, differences, baseline, path):
    """Draw paired differences: a dot for each pair, their mean and its intervals.

    Parameters
    ----------
    pairs : dict
        ``{augmentation: {configuration: {(problem, seed): difference in points}}}``.

    differences : dict
        ``{augmentation: {configuration: (mean, half the widths of its intervals)}}``.

    baseline : str
        The configuration at zero.

    path : path
        Where to write the picture.
    """
    seen = {
        problem for own in pairs.values() for gains in own.values() for problem, _ in gains
    }
    colors = {
        problem: f"C{position}"
        for position, problem in enumerate(name for name in PROBLEMS if name in seen)
    }
    names = [name for name in CONFIGURATIONS if any(own.get(name) for own in pairs.values())]
    figure, panels = plt.subplots(
        ncols=len(pairs),
        figsize=(2 + 4 * len(pairs), 1.5 + 0.28 * len(names)),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for ax, (augmentation, own) in zip(panels[0], pairs.items(), strict=True):
        for position, name in enumerate(names):
            gains = own.get(name)
            if not gains:
                continue
            for (problem, _), gain in gains.items():
                ax.plot(gain, position, "o", color=colors[problem], markersize=4, alpha=0.6)
            mean, over_draws, over_problems = differences[augmentation][name]
            ax.errorbar(mean, position, xerr=over_problems, fmt="none", ecolor="k", lw=0.8)
            ax.errorbar(mean, position, xerr=over_draws, fmt="|k", markersize=10, capsize=3)
        ax.axvline(0.0, color="grey", linewidth=0.8)
        ax.set_yticks(range(len(names)), labels=[_spaced(name) for name in names])
        ax.set_ylim(len(names) - 0.5, -0.5)
        ax.grid(axis="x", alpha=0.3)
        ax.set_title(_spaced(augmentation), fontsize="medium")
        ax.set_xlabel(f"points ahead of {_spaced(baseline)}")
    figure.legend(
        handles=[
            plt.Line2D([], [], linestyle="", marker="o", color=color, label=_spaced(problem))
            for problem, color in colors.items()
        ],
        loc="outside lower center",
        ncols=len(colors),
        frameon=False,
    )
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _spaced(name):
    return name.replace("_", " ")
