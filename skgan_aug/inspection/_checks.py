"""Checks of what displays are drawn of."""

from sklearn.utils.validation import check_is_fitted

from ..over_sampling import CycleGANOverSampler


def check_sampler(sampler):
    """Refuse what is no fitted CycleGAN over-sampler.

    Raises
    ------
    TypeError
        For another estimator, such as the pipeline that holds one.

    NotFittedError
        Before ``fit_resample``.
    """
    if not isinstance(sampler, CycleGANOverSampler):
        raise TypeError(
            f"sampler is a {type(sampler).__name__}, but what is drawn is a "
            "CycleGANOverSampler's: pass that, of a pipeline the step, such as pipe[0]."
        )
    check_is_fitted(sampler, "cyclegans_")


def check_search(search):
    """Refuse what is no fitted search over parameters.

    Raises
    ------
    TypeError
        For another estimator, such as a pipeline.

    NotFittedError
        Before ``fit``.
    """
    if not hasattr(search, "scoring"):
        raise TypeError(
            f"search is a {type(search).__name__}, but what is drawn are the scores of a "
            "search: pass a fitted GridSearchCV."
        )
    check_is_fitted(search, "cv_results_")
