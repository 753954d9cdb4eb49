"""What follows from how many rows a rare class has: how many translations, and which.

Fifteen images say little of where their class ends. Translations from around its border move a
classifier's boundary to where it belongs. Sixty say it well enough to be misled by them: what
helps then is fewer translations, that lie well inside.
"""

import numpy as np

SCALE = "scale"
_FEW, _MANY = 15, 60  # rows, measured: docs/ablations.md
_LEAST_STRENGTH = 0.3  # of few rows
_WORTH_TRAINING = 0.01  # translations beside each real row: fewer are not worth a CycleGAN


def fraction_of_class(synthetic_fraction, n_real, n_to_add):
    """Find the share of translations in what a class gains.

    Parameters
    ----------
    synthetic_fraction : float in [0, 1] or "scale"
        A share for every class; "scale" derives it from ``n_real``.

    n_real, n_to_add : int
        Rows of the class, and how many it gains.

    Returns
    -------
    fraction : float
        In [0, 1]; of "scale" ``15 / (15 + n_real)``, but at most a half, and 0 where that
        comes to fewer translations than one for a hundred real rows.
    """
    if synthetic_fraction != SCALE:
        return float(synthetic_fraction)
    fraction = _FEW / (_FEW + max(_FEW, n_real))
    return fraction if round(fraction * n_to_add) >= _WORTH_TRAINING * n_real else 0.0


def fractions_of_classes(synthetic_fraction, y, n_to_add):
    """Find the share of translations in what each class gains.

    Parameters
    ----------
    synthetic_fraction : float in [0, 1] or "scale"
        A share for every class; "scale" derives it from the rows of each.

    y : ndarray of shape (n,)
        Labels.

    n_to_add : dict
        ``{label: rows to add}``.

    Returns
    -------
    fractions : dict
        ``{label: share}``, of the labels of ``n_to_add``.
    """
    return {
        label: fraction_of_class(synthetic_fraction, int(np.count_nonzero(y == label)), n)
        for label, n in n_to_add.items()
    }


def count_synthetic(fractions, n_to_add):
    """Find how many of the rows that each class gains are translations.

    Parameters
    ----------
    fractions : dict
        ``{label: share}``.

    n_to_add : dict
        ``{label: rows to add}``.

    Returns
    -------
    n_synthetic : dict
        ``{label: translations}``.
    """
    return {label: round(fractions[label] * n) for label, n in n_to_add.items()}


def min_strength_of_class(min_strength, n_real):
    """Find the least part of the way from its source that a translation goes.

    Parameters
    ----------
    min_strength : float in [0, 1] or "scale"
        A part for every class; "scale" derives it from ``n_real``.

    n_real : int
        Rows of the class.

    Returns
    -------
    min_strength : float
        In [0, 1]; of "scale" 0.3 up to 15 rows, 1 from 60 on, and between them in proportion.
    """
    if min_strength == SCALE:
        share = (min(max(n_real, _FEW), _MANY) - _FEW) / (_MANY - _FEW)
        return _LEAST_STRENGTH + share * (1.0 - _LEAST_STRENGTH)
    return float(min_strength)
