"""The answer of a comparison in one sentence, by its paired differences."""

import numpy as np

from .._text import counted
from ._samplers import TITLES, sampler_title
from ._summary import SCORE_TITLES, paired_difference, paired_values

USUAL_BASELINES = ("smote", "random", "logit_adjustment", "none")


def choose_sampler(result, sampler=None):
    """Return the sampler that is judged: by default CycleGAN, or the last that adds rows."""
    names = list(dict.fromkeys(result.sampler.tolist()))
    if sampler is None:
        adding = result.sampler[~np.isnan(result.ratio)].tolist()
        return "cyclegan" if "cyclegan" in names else (adding or names)[-1]
    _check_compared([sampler], names)
    return sampler


def choose_baselines(result, sampler, baselines=None):
    """Return what it is compared with: by default the usual samplers, or all others."""
    names = list(dict.fromkeys(result.sampler.tolist()))
    if baselines is None:
        usual = [name for name in USUAL_BASELINES if name in names and name != sampler]
        return usual or [name for name in names if name != sampler]
    baselines = [baselines] if isinstance(baselines, str) else baselines
    _check_compared(baselines, names)
    return [name for name in baselines if name != sampler]


def _check_compared(wanted, names):
    for name in wanted:
        if name not in names:
            raise ValueError(f"{name!r} was not compared. Choose among {names}.")


def subject(sampler):
    """Return how a sampler is called as the subject of a sentence."""
    title = sampler_title(sampler)
    return f"{title} over-sampling" if sampler == "cyclegan" else title


def points(value, *, signed=False):
    """Write a share in points, with a minus sign and without one before zero."""
    rounded = round(100 * value, 1) + 0.0
    return (f"{rounded:+.1f}" if signed else f"{rounded:.1f}").replace("-", "−")


def with_spread(mean, spread, *, signed=False):
    """Write a share and its spread in points; a dash where there is no share."""
    if np.isnan(mean):
        return "–"
    text = points(mean, signed=signed)
    return text if np.isnan(spread) else f"{text} ± {points(spread)}"


def standing_of(difference):
    """Return what a paired difference is evidence of.

    Parameters
    ----------
    difference : Bunch
        From :func:`~skgan_aug.comparison.paired_difference`.

    Returns
    -------
    standing : {"raised", "lowered", "undecided", "too few", "repeated", "never"}
    """
    if difference.n_pairs == 0:
        return "never"
    if difference.is_repeated:
        return "repeated"
    if np.isnan(difference.low):
        return "too few"
    if difference.low > 0:
        return "raised"
    return "lowered" if difference.high < 0 else "undecided"


def answer(result, sampler, baselines, *, score, condition=None):
    """Say how a sampler stands against others, no more surely than its intervals allow.

    Parameters
    ----------
    result : Bunch
        What :func:`~skgan_aug.comparison.compare_samplers` returned.

    sampler : str
        The one that is judged.

    baselines : list of str
        Those it is compared with.

    score : str
        Which score decides.

    condition : str, default=None
        Under which all were compared, such as "with flips".

    Returns
    -------
    sentence : str
        "raised" and "lowered" only where the 95% interval of the paired difference
        excludes zero. Of several ratios it is about the largest: the best one would
        flatter.
    """
    lead = ", ".join(filter(None, (condition, at_ratio(result))))
    sentence = _sentence(result, sampler, baselines, score)
    if lead:
        return f"{_capitalized(lead)}, {sentence}"
    return _opened(sentence, sampler)


def _opened(sentence, sampler):
    """A sentence with a capital letter, unless it begins with a name of the user's."""
    is_name_of_users = sampler not in TITLES and sentence.startswith(sampler_title(sampler))
    return sentence if is_name_of_users else _capitalized(sentence)


def _capitalized(text):
    return f"{text[0].upper()}{text[1:]}"


def at_ratio(result):
    """Name the ratio that a verdict is about, where there are several."""
    ratios = np.unique(result.ratio[~np.isnan(result.ratio)])
    return f"at ratio {ratios[-1]:g}" if len(ratios) > 1 else None


def _sentence(result, sampler, baselines, score):
    if not baselines:
        return f"{subject(sampler)} was compared with nothing else."
    if not _ever_ran(result, sampler):
        return f"{subject(sampler)} could not run."
    ran = [name for name in baselines if _ever_ran(result, name)]
    failed = [name for name in baselines if name not in ran]
    failure = f"{join_words([*map(sampler_title, failed)])} could not run." if failed else ""
    if not ran:
        return f"{subject(sampler)} ran alone: {failure}"
    if np.isnan(result[score]).all():
        title = SCORE_TITLES[score]
        return f"{title} could not be measured: no test image is of a class that gains rows."
    by_standing: dict = {}
    for name in ran:
        difference = paired_difference(result, sampler, name, score=score)
        phrase = _phrase(difference, sampler_title(name), folds_recur=result.folds_recur)
        by_standing.setdefault(standing_of(difference), []).append(phrase)
    clauses, title = [], SCORE_TITLES[score]
    runs = "folds" if result.folds_recur else "runs"  # more runs would bring no other folds
    for standing, opening in (
        ("raised", f"raised {title} "),
        ("lowered", f"lowered {title} "),
        ("undecided", f"shows no evidence of a difference in {title} "),
        ("too few", f"has too few {runs} for a verdict on {title} "),
        ("repeated", f"has too few different {runs} for a verdict on {title} "),
        ("never", "never ran on the same images "),
    ):
        if standing in by_standing:
            clauses.append(opening + join_words(by_standing[standing]))
    verdict = f"{subject(sampler)} {'; it '.join(clauses)}."
    return f"{verdict} {_opened(failure, failed[0])}" if failure else verdict


def _ever_ran(result, sampler):
    """Whether any of its cells, at the ratio that the verdict is about, has scores."""
    return len(paired_values(result, sampler, sampler)[0]) > 0


def _phrase(difference, title, *, folds_recur):
    standing = standing_of(difference)
    if standing == "never":
        return f"as {title}"
    mean, signed_mean = points(abs(difference.mean)), points(difference.mean, signed=True)
    if standing == "repeated":
        runs = "fold, on average" if folds_recur else f"of {difference.n_pairs} runs"
        return f"against {title} ({signed_mean} points in each {runs})"
    if standing == "too few":
        runs = counted(difference.n_pairs, "run")
        return f"against {title} ({signed_mean} points in {runs})"
    half_width = points(difference.high - difference.mean)
    if standing == "undecided":
        return f"from {title} ({signed_mean} ± {half_width} points)"
    preposition = "over" if standing == "raised" else "against"
    return f"by {mean} ± {half_width} points {preposition} {title}"


def join_words(phrases, conjunction="and"):
    """Write phrases in a row, with commas and a conjunction before the last."""
    if len(phrases) == 1:
        return phrases[0]
    return f"{', '.join(phrases[:-1])} {conjunction} {phrases[-1]}"
