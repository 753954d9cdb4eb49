"""Parameters of an estimator and of those that it is made of."""


def set_everywhere(estimator, name, value, *, only_unset=False):
    """Set parameter `name` of an estimator and of those nested in it."""
    for key, current in find_everywhere(estimator, name).items():
        if not (only_unset and current is not None):
            estimator.set_params(**{key: value})


def find_everywhere(estimator, name):
    """Parameter `name` of an estimator and of those nested in it: {key: value}."""
    nested = estimator.get_params(deep=True).items()
    return {key: value for key, value in nested if key == name or key.endswith(f"__{name}")}


def nested_samplers(estimator):
    """The samplers that an estimator is made of."""
    return list(filter(is_sampler, estimator.get_params(deep=True).values()))


def is_sampler(value):
    return hasattr(value, "fit_resample") and hasattr(value, "get_params")
