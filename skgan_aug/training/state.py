"""All that a training needs to go on from between two steps."""

import copy
import math

import torch

from .history import check_history


def training_state(trainer):
    """Gather what changes while ``trainer`` trains.

    Parameters
    ----------
    trainer : CycleGANTrainer

    Returns
    -------
    state : dict
        Weights, averages, optimisers, pools and the state of the draws: the trainer's own,
        not copies.
    """
    return {
        "n_iter": trainer.n_iter,
        "batch_size": trainer.batch_size,
        "slowdown": trainer.slowdown,
        "history": trainer.cyclegan.history,
        "best": trainer.averages.best,
        "losses": trainer.losses,
        "rng": trainer.rng.get_state(),
        "pools": [pool.images for pool in _pools(trainer)],
        "parts": [part.state_dict() for part in _parts(trainer)],
    }


def restore_state(trainer, state):
    """Have ``trainer`` go on from the state of another one.

    Parameters
    ----------
    trainer : CycleGANTrainer
        Made with the same networks, configuration and data.

    state : dict
        What :func:`training_state` gave.
    """
    trainer.n_iter = state["n_iter"]
    trainer.batch_size = state["batch_size"]
    trainer.slowdown = state["slowdown"]
    trainer.cyclegan.history = state["history"]
    trainer.averages.best = state["best"]
    trainer.losses = [
        {name: loss.to(trainer.device) for name, loss in losses.items()}
        for losses in state["losses"]
    ]
    trainer.rng.set_state(state["rng"])
    for pool, images in zip(_pools(trainer), state["pools"], strict=True):
        pool.images = None if images is None else images.to(trainer.device)
    for part, values in zip(_parts(trainer), state["parts"], strict=True):
        part.load_state_dict(values)


def check_state(trainer, state):
    """Refuse what would train for ever, not at all, or on other images.

    Parameters
    ----------
    trainer : CycleGANTrainer
        That is to go on from it.

    state : dict
        Of a file, which may be anything.

    Raises
    ------
    Exception
        When steps, batches, pools, losses or best weights are not those of this training;
        what it is depends on what is there instead.
    """
    check_history(state["history"])
    config = trainer.config
    shape = trainer.cyclegan.encode(trainer.source[:1]).shape[1:]
    holds = {
        "n_iter": _is_whole(state["n_iter"], 0, config.max_iter),
        "batch_size": _is_whole(state["batch_size"], 1, config.batch_size),
        "slowdown": state["slowdown"] in (1.0, 0.5),
        "pools": all(
            images is None or _is_pool(images, config.pool_size, shape)
            for images in state["pools"]
        ),
        "losses": all(map(_are_losses, state["losses"])),
        "best": state["best"] is None or _is_best(state["best"], trainer, state),
    }
    wrong = [name for name, is_right in holds.items() if not is_right]
    if wrong:
        raise ValueError(f"its {wrong[0]} cannot be")


def _is_pool(images, size, shape):
    is_float = torch.is_tensor(images) and images.dtype == torch.float32
    return is_float and len(images) <= size and images.shape[1:] == shape


def _are_losses(losses):
    """Whether these are the losses of a step: they are averaged at the next log."""
    return isinstance(losses, dict) and all(
        isinstance(name, str)
        and torch.is_tensor(loss)
        and loss.is_floating_point()
        and loss.shape == ()
        for name, loss in losses.items()
    )


def _is_best(best, trainer, state):
    """Whether training, when it ends, can go back to these weights."""
    for weights, network in zip(best["weights"], trainer.averages.averaged, strict=True):
        copy.deepcopy(network).load_state_dict(weights)
    return (
        math.isfinite(best["score"])
        and _is_whole(best["n_iter"], 0, state["n_iter"])
        and len(state["history"]) > 0
    )


def _is_whole(number, least, most):
    return type(number) is int and least <= number <= most


def _pools(trainer):
    return trainer.pool_s, trainer.pool_t


def _parts(trainer):
    return [
        trainer.cyclegan,
        *trainer.averages.averaged,
        trainer.optimizer_g,
        trainer.optimizer_d,
    ]
