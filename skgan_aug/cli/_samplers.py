"""The samplers of a comparison, as the options want them, and which of them is judged."""

from ..comparison import SAMPLERS, make_samplers
from ..comparison._answer import USUAL_BASELINES
from ..over_sampling import CycleGANOverSampler
from ._classifiers import refuse_of_rows
from ._problem import check_choice, split_list

DIGITS_MAX_ITER = 100  # a demonstration has two minutes
_OF_CYCLEGAN = (
    "max_iter",
    "classifier_weight",
    "synthetic_fraction",
    "min_strength",
    "copy_augmentation",
    "memory",
)
_COPIES = {
    "flips": "flipped copies",
    "shifts": "shifted copies",
    "flips_shifts": "flipped and shifted copies",
}


def make_compared(settings):
    """The samplers that ``--samplers`` names, {name: sampler, LogitAdjustment or None}.

    Raises
    ------
    ValueError
        For an unknown name, logits to adjust of what is no network, or options of samplers
        that are not named.
    """
    names = split_list("--samplers", settings.samplers)
    for name in names:
        check_choice("--samplers", name, SAMPLERS)
    if "logit_adjustment" in names:
        refuse_of_rows("samplers", "logit_adjustment", settings.classifier)
    samplers = make_samplers(names)
    asked = {name: getattr(settings, name) for name in _OF_CYCLEGAN}
    asked = {name: value for name, value in asked.items() if value is not None}
    if "cyclegan" in samplers:
        own = {"max_iter": DIGITS_MAX_ITER} if settings.data is None else {}
        samplers["cyclegan"].set_params(**own | asked)
        samplers["cyclegan"]._validate_params()  # before others have taken their time
    else:
        _refuse_without_cyclegan(settings, asked)
    if settings.copy_augmentation is None:
        return samplers
    if "random" in samplers:
        # What translations have beside them, they are compared with.
        samplers["random"] = CycleGANOverSampler(
            synthetic_fraction=0.0, copy_augmentation=settings.copy_augmentation
        )
    titles = _titles(settings)
    if not titles.keys() & samplers.keys():
        raise ValueError(
            f"--copy-augmentation {settings.copy_augmentation} is for the copies of random "
            f"and cyclegan, and --samplers {settings.samplers} names neither. Leave it away, "
            "or name one."
        )
    return {titles.get(name, name): sampler for name, sampler in samplers.items()}


def _refuse_without_cyclegan(settings, asked):
    """Refuse options that nothing heeds; a memory may stand there for another time."""
    for name, value in asked.items():
        if name not in ("copy_augmentation", "memory"):
            raise ValueError(
                f"--{name.replace('_', '-')} {value} is for cyclegan, which --samplers "
                f"{settings.samplers} does not name. Leave it away, or name it."
            )


def _titles(settings):
    """How samplers are called that make other copies than under their usual names."""
    if settings.copy_augmentation is None:
        return {}
    copies = _COPIES[settings.copy_augmentation]
    return {"random": copies, "cyclegan": f"CycleGAN beside {copies}"}


def choose_judged(settings, names):
    """The CycleGAN and the usual baselines, as far as they are among the compared.

    Parameters
    ----------
    settings : CompareSettings
        The options.

    names : collection of str
        Of the samplers that were compared.

    Returns
    -------
    sampler, baselines : str, list of str
        None where there is none.
    """
    titles = _titles(settings)
    sampler, *usual = (titles.get(name, name) for name in ("cyclegan", *USUAL_BASELINES))
    baselines = [name for name in usual if name in names]
    return sampler if sampler in names else None, baselines or None
