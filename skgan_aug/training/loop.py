"""The steps of a training: shown, logged, saved, and guarded against what stops it."""

import copy
import math
import time
import warnings

from tqdm.auto import tqdm

from .._devices import cpu_lacks_memory, gpu_lacks_memory
from .._interrupts import watched_interrupt
from .._text import printable
from .checkpoint import save_checkpoint
from .state import restore_state, training_state

_LOG_EVERY = 50  # steps; losses stay on the device in between
_CHECKPOINT_SECONDS = 30


class TrainingDivergedError(FloatingPointError):
    """Losses were not finite, and were not again at half the learning rate.

    Attributes
    ----------
    history : list of dict
        All mean losses, up to those that were not finite.
    """

    def __init__(self, n_iter, learning_rate, history):
        super().__init__(n_iter, learning_rate, history)  # what it is pickled by
        self.history = history

    def __str__(self):
        n_iter, learning_rate, history = self.args
        return (
            f"Training diverged by step {n_iter}, at half the rate too: {history[-1]}. Lower "
            f"learning_rate (now {learning_rate}) or set precision='float32'."
        )


def run_training(trainer, until, *, title=None, verbose=0, checkpoint=None):
    """Step until ``until`` steps have been made in all, or early stopping says so.

    Where losses stop being finite, training goes back to the last good state, once, with
    half the learning rate; where the device's memory runs out, with half the batch.

    Parameters
    ----------
    trainer : CycleGANTrainer

    until : int
        Steps in all.

    title : str, default=None
        Of the progress bar.

    verbose : int, default=0
        1 shows a progress bar, 2 the losses in it too.

    checkpoint : str or Path, default=None
        File written every 30 seconds, at the end and on Ctrl-C, always between two steps.

    Raises
    ------
    TrainingDivergedError
        When losses were not finite for the second time.

    KeyboardInterrupt
        On Ctrl-C, once the step has been finished and the checkpoint written.
    """
    title = title and printable(title)  # names of classes may be of folders
    saved_at, is_saved = time.monotonic(), False
    total = trainer.config.max_iter
    good = _copy_state(trainer)
    with (
        tqdm(total=total, initial=trainer.n_iter, desc=title, disable=not verbose) as bar,
        watched_interrupt(hold_back=True) as interrupt,
    ):
        while not _ends(trainer, until, interrupt):
            made = _advance(trainer)
            if made is None:
                _halve_batch(trainer, good)
                continue
            means, state = made
            if state is not None:
                good = state
            elif means:
                _slow_down(trainer, good)
            if means and verbose > 1:
                shown = {name: f"{mean:.2f}" for name, mean in means.items()}
                bar.set_postfix(shown, refresh=False)
            bar.update(trainer.n_iter - bar.n)
            is_due = time.monotonic() - saved_at > _CHECKPOINT_SECONDS
            if checkpoint and (is_due or _ends(trainer, until, interrupt)):
                is_saved = _save(trainer, checkpoint)
                saved_at = time.monotonic()
    if interrupt.is_set():
        where = f"; {checkpoint} goes on from there" if is_saved else ""
        raise KeyboardInterrupt(f"stopped after {trainer.n_iter} of {total} steps{where}")


def _advance(trainer):
    """Make a step; None where a GPU lacks the memory for it, though not for a smaller batch.

    Only once the error is gone, and with it all that the step held, is there room to go back.

    Returns
    -------
    means : dict of str to float
        What was logged; empty where that is not due.

    state : dict or None
        A copy of the state, where what was logged is finite.
    """
    try:
        trainer.advance()
        if trainer.n_iter % _LOG_EVERY and trainer.n_iter < trainer.config.max_iter:
            return {}, None
        means = trainer.log()
        is_good = all(map(math.isfinite, means.values()))
        return means, _copy_state(trainer) if is_good else None
    except RuntimeError as error:
        _raise_lack_of_memory(error, trainer)
        if not gpu_lacks_memory(error) or trainer.batch_size == 1:
            raise
        return None


def _save(trainer, checkpoint):
    """Write a checkpoint; where that fails, say so and go on with the training.

    Not while weights are no numbers: whoever went on from there could never get back.
    """
    if not all(weight.isfinite().all() for weight in trainer.cyclegan.parameters()):
        return False
    try:
        save_checkpoint(trainer, checkpoint)
    except OSError as error:
        warnings.warn(
            f"The checkpoint cannot be written ({error}). Training goes on, but interrupted "
            "it would begin at the last one: make room, or name another checkpoint_dir.",
            stacklevel=4,
        )
        return False
    return True


def _ends(trainer, until, interrupt):
    return trainer.n_iter >= until or trainer.has_stalled or interrupt.is_set()


def _copy_state(trainer):
    return copy.deepcopy(training_state(trainer))


def _go_back(trainer, good):
    """Restore the good state, but for the rate and the batch: what failed would fail again."""
    batch_size, slowdown = trainer.batch_size, trainer.slowdown
    restore_state(trainer, copy.deepcopy(good))
    trainer.batch_size = batch_size
    trainer.slow_down(slowdown / trainer.slowdown)


def _slow_down(trainer, good):
    """Go back to the good state and on with half the learning rate; not twice."""
    config, n_iter = trainer.config, trainer.n_iter
    if trainer.slowdown < 1:
        raise TrainingDivergedError(n_iter, config.learning_rate, trainer.cyclegan.history)
    _go_back(trainer, good)
    trainer.slow_down(0.5)
    warnings.warn(
        f"Training diverged by step {n_iter}. It goes on from step {trainer.n_iter} with half "
        f"the rate; better lower learning_rate (now {config.learning_rate}).",
        stacklevel=4,
    )


def _raise_lack_of_memory(error, trainer):
    """Raise MemoryError where a CPU has no more: torch has no class for that.

    It is no time to go on: convolutions that once lacked memory may hang.
    """
    if cpu_lacks_memory(error):
        raise MemoryError(
            f"There is no memory for batch_size={trainer.batch_size} on the CPU: lower it, or "
            "n_jobs."
        ) from error


def _halve_batch(trainer, good):
    """Go back to the good state and on with half the batch."""
    batch_size = trainer.batch_size
    if trainer.graphs is not None:
        trainer.graphs.forget()
    for optimizer in (trainer.optimizer_g, trainer.optimizer_d):
        optimizer.zero_grad(set_to_none=True)
    _go_back(trainer, good)  # which takes memory
    trainer.batch_size = batch_size // 2
    warnings.warn(
        f"{trainer.device} has no memory for batch_size={batch_size}: training goes on from "
        f"step {trainer.n_iter} with {trainer.batch_size}.",
        stacklevel=4,
    )
