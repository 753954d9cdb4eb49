"""Parts of a training step as CUDA graphs: recorded once, then launched whole.

On images this small a GPU waits for its next kernel most of the time: a step has some two
thousand, and Python launches them one by one. A graph launches them all at once. It reads and
writes memory of its own, computes gradients and nothing else: optimisers, averages and pools
go on as they do without.
"""

from collections import defaultdict
from dataclasses import dataclass

import torch

from .._devices import send

_EAGER = 3  # steps before anything is recorded: libraries choose their kernels in these
_KNOWN = ("torch.nn.", "skgan_aug.networks.")
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


class StepGraphs:
    """Run the parts of a step, from the fourth on as graphs.

    Parameters
    ----------
    rng : torch.Generator
        On the CPU; what the random tensors of a part are drawn from.

    References
    ----------
    .. [1] PyTorch documentation, "CUDA semantics: CUDA Graphs", partial-network capture.
    """

    def __init__(self, rng):
        self.rng = rng
        self._parts: dict = defaultdict(_Runs)

    def forget(self):
        """Give back the memory of all graphs, to record them anew when they are needed."""
        self._parts.clear()

    @staticmethod
    def can_record(device, *networks):
        """Whether graphs can stand for these networks.

        A graph does again what was done once: a network of the user's may not, so only
        layers of torch and of this package are recorded, and without hooks.
        """
        if device.type != "cuda":
            return False
        layers = [layer for network in networks for layer in network.modules()]
        return all(
            type(layer).__module__.startswith(_KNOWN)
            and not any(getattr(layer, hooks) for hooks in _HOOKS)
            and "forward" not in vars(layer)  # somebody's own
            # Without a momentum, batch normalisation waits for the number of its batches.
            and getattr(layer, "momentum", 0.0) is not None
            for layer in layers
        )

    def run(self, part, optimizer, inputs, *, variant=None):
        """Run a part of the step, or its graph.

        Parameters
        ----------
        part : callable
            ``part(rng, *inputs)`` computes gradients and returns a dict of losses and a
            tuple of tensors. Random tensors it draws with :func:`draw`.

        optimizer : torch.optim.Optimizer
            Of the weights that get gradients.

        inputs : tuple of tensor
            On the GPU.

        variant : hashable, default=None
            What else decides which operations the part consists of.

        Returns
        -------
        losses : dict of str to 0-dimensional tensor

        tensors : tuple of tensor
            To be used before the part runs again.

        Raises
        ------
        RuntimeError
            When it cannot be recorded.
        """
        key = (part.__name__, variant, *(x.shape for x in inputs))
        runs = self._parts[key]
        runs.n += 1
        if runs.n < _EAGER:
            return part(self.rng, *inputs)
        if runs.n == _EAGER:
            runs.draws = _RecordedDraws(self.rng)
            return part(runs.draws, *inputs)
        if runs.graph is None:
            runs.graph = _record(part, optimizer, inputs, runs.draws)
        return runs.graph.replay(inputs)


def draw(function, rng, device):
    """Draw a random tensor on the CPU, the same for all devices, and move it.

    Parameters
    ----------
    function : callable
        ``function(generator=...)`` returns a tensor on the CPU.

    rng : torch.Generator or _RecordedDraws

    device : torch.device

    Returns
    -------
    drawn : tensor
    """
    if isinstance(rng, _RecordedDraws):
        return rng.place(function, device)
    return send(function(generator=rng), device)


class _RecordedDraws:
    """What a part draws from before and while it is recorded: tensors to be filled anew.

    Those of the last run before stay, and the recording reads them: what is allocated while
    recording may lie where a tensor lay that the graph is done with by then, and would be
    overwritten at each replay.
    """

    def __init__(self, rng):
        self.rng = rng
        self.places = []
        self.n_read = None  # while recording

    def place(self, function, device):
        """The next random tensor, on the GPU."""
        if self.n_read is None:
            drawn = send(function(generator=self.rng), device)
            self.places.append((function, drawn))
            return drawn
        self.n_read += 1
        return self.places[self.n_read - 1][1]

    def fill(self):
        """Draw all anew, in the order in which they were asked for."""
        for function, place in self.places:
            # From memory that is not pinned this returns once the tensor has been read.
            place.copy_(function(generator=self.rng), non_blocking=True)


@dataclass
class _Runs:
    """How often a part has run, and what it has been recorded as."""

    n: int = 0
    draws: "_RecordedDraws | None" = None
    graph: "_Graph | None" = None


class _Graph:
    """One part of the step; see :meth:`StepGraphs.run`."""

    def __init__(self, part, optimizer, inputs, draws):
        self.inputs = [x.clone() for x in inputs]
        self.draws = draws
        draws.n_read = 0
        self.graph = torch.cuda.CUDAGraph()
        device = inputs[0].device  # which need not be the first, torch's choice
        with (
            torch.cuda.device(device),
            torch.cuda.graph(
                self.graph,
                stream=torch.cuda.Stream(device),
                capture_error_mode="thread_local",  # others may use this GPU meanwhile
            ),
        ):
            self.losses, self.tensors = part(self.draws, *self.inputs)
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        self.gradients = [(weight, weight.grad) for weight in weights]

    def replay(self, inputs):
        for own, given in zip(self.inputs, inputs, strict=True):
            own.copy_(given)
        self.draws.fill()
        self.graph.replay()
        for weight, gradient in self.gradients:  # another graph has its own
            weight.grad = gradient
        return {name: loss.clone() for name, loss in self.losses.items()}, self.tensors


def _record(part, optimizer, inputs, draws):
    """A graph; where recording fails, torch's generators cannot be trusted any more."""
    try:
        return _Graph(part, optimizer, inputs, draws)
    except torch.OutOfMemoryError:
        raise  # nothing was wrong with the recording
    except RuntimeError as error:
        reason = str(error).partition("\n")[0]
        raise RuntimeError(
            f"A training step cannot be recorded as a CUDA graph here ({reason}). Start anew "
            "with compile=True, which trains without, or with device='cpu'."
        ) from error
