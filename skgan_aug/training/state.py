"""All that a training needs to go on from between two steps."""

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

    Raises
    ------
    ValueError
        When steps, batches, pools or losses are not those of this training.
    """
    _check_state(trainer, state)
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


def _check_state(trainer, state):
    """Refuse what would train for ever, not at all, or on other images."""
    check_history(state["history"])
    config = trainer.config
    shape = trainer.cyclegan.encode(trainer.source[:1]).shape[1:]
    holds = {
        "n_iter": _is_whole(state["n_iter"], 0, config.max_iter),
        "batch_size": _is_whole(state["batch_size"], 1, config.batch_size),
        "slowdown": state["slowdown"] in (1.0, 0.5),
        "pools": all(
            images is None or (len(images) <= config.pool_size and images.shape[1:] == shape)
            for images in state["pools"]
        ),
    }
    wrong = [name for name, is_right in holds.items() if not is_right]
    if wrong:
        raise ValueError(f"its {wrong[0]} cannot be")


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
