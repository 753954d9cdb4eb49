"""The skorch net inside TorchCNNClassifier: plain tensors in, logits out."""

import warnings

import numpy as np
import torch
from sklearn.base import ClassifierMixin
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping, LRScheduler
from skorch.dataset import Dataset
from skorch.helper import predefined_split
from torch import nn
from torch.nn import functional as F

from ._augmentation import augment_images
from ._batches import PredictionBatches, TrainingBatches, prediction_batch_size
from ._callables import failure_as_value_error
from ._devices import bfloat16_products, nearest_device, own_precision, place
from ._interrupts import watched_interrupt

OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "adamw": torch.optim.AdamW,
    "adam": torch.optim.Adam,
    "sgd": torch.optim.SGD,
}
_PATIENCE = 5
_CYCLED = ("lr", "momentum", "betas")  # what a learning-rate cycle changes


class ClassifierNet(ClassifierMixin, NeuralNet):
    """A skorch net over rows in their own dtype; see :func:`make_net`.

    It is a classifier, of the positions of classes, to skorch's scoring callbacks.
    """

    is_ended = is_interrupted = False
    log_prior = None  # while it trains with one

    def train_on(
        self,
        rows,
        labels,
        *,
        passes,
        rng,
        one_cycle,
        loss_weights,
        class_weights,
        log_prior,
        held_out,
    ):
        """Train, going on from the present weights.

        Parameters
        ----------
        rows : tensor of shape (n, ...)
            Unconverted rows.

        labels : int64 tensor of shape (n,)
            Positions of the classes.

        passes : list of int64 tensor
            For each epoch, the rows it goes over; a row may come several times.

        rng : torch.Generator
            Decides batches and augmentation.

        one_cycle : bool
            Whether the learning rate follows one cycle, or stays constant.

        loss_weights : float32 tensor of shape (n,) or None
            What each row counts in the loss.

        class_weights : float32 tensor of shape (n_classes,) or None
            Weights in the loss.

        log_prior : float32 tensor of shape (n_classes,) or None
            Added to the logits in the loss.

        held_out : tuple of tensors or None
            Rows and labels to stop early on.
        """
        self.module_.rng = rng
        self.iterator_train__rng = rng
        self.iterator_train__passes = passes
        self.iterator_train__loss_weights = loss_weights
        if class_weights is not None:
            class_weights = class_weights.to(self.device)
        self.criterion_.weight = class_weights
        self.log_prior = None if log_prior is None else log_prior.to(self.device)
        self._set_rates()
        own = [("skgan_aug_one_cycle", OneCycle())] if one_cycle else []
        self.train_split = None
        if held_out is not None:
            self.train_split = predefined_split(Dataset(*held_out))
            if class_weights is not None:
                own_weights = class_weights[held_out[1].to(self.device)]
                self.mean_held_out_weight = own_weights.mean().item()
            stops = EarlyStopping(patience=_PATIENCE, load_best=True)
            own.append(("skgan_aug_early_stopping", stops))
        self.callbacks = [*self.user_callbacks, *own]
        self.initialize_callbacks()
        # skorch's callbacks end a training by raising KeyboardInterrupt, which it swallows.
        # What comes from anywhere else is no end, but a wish to stop.
        try:
            with (
                own_precision(self.device),  # of gradients, too
                watched_interrupt(hold_back=False) as interrupt,
            ):
                self.partial_fit(rows, labels, epochs=len(passes))
        finally:  # a pickle of the net needs none of the training rows
            self.iterator_train__passes = self.iterator_train__loss_weights = None
            self.train_split = self.log_prior = None
        if interrupt.is_set() or self.is_interrupted:
            raise KeyboardInterrupt

    def notify(self, method_name, **cb_kwargs):
        """Call the callbacks, and remember where one of them ends the training."""
        try:
            super().notify(method_name, **cb_kwargs)
        except KeyboardInterrupt:
            self.is_ended = True
            raise

    def fit_loop(self, *args, **kwargs):
        """Train, and remember where something else than a callback interrupts it."""
        self.is_ended = self.is_interrupted = False
        try:
            return super().fit_loop(*args, **kwargs)
        except KeyboardInterrupt:
            self.is_interrupted = not self.is_ended
            raise

    def infer(self, x, **fit_params):
        """Logits. MPS may lack the dtype of rows: there they are encoded before they move."""
        device = torch.device(self.device)
        if device.type != "mps":
            return super().infer(x, **fit_params)
        return self.module_(x, device=device, **fit_params)

    def __setstate__(self, state):
        # skorch does so where CUDA is missing, but not where one of several GPUs is.
        device = nearest_device(str(state["device"]))
        if device != str(state["device"]):
            warnings.warn(
                f"The classifier was on {state['device']}, which is not here: it is on "
                f"{device} now.",
                stacklevel=2,
            )
        super().__setstate__({**state, "device": device})

    def predict(self, X):
        """Positions of the most probable classes."""
        return self.predict_proba(X).argmax(axis=1)

    def go_on_from(self, old):
        """Take over what an earlier net of the same weights knows of its training.

        Parameters
        ----------
        old : ClassifierNet
            With other parameters, perhaps: those of this one hold.
        """
        self.history = old.history
        if type(self.optimizer_) is not type(old.optimizer_):
            return
        state, groups = old.optimizer_.state_dict(), []
        # A scheduler of the user's goes on from the rates that it came to.
        keeps = self._is_scheduled() and old._is_scheduled() and self.lr == old.lr
        asked = self.optimizer_.state_dict()["param_groups"]
        for own, others in zip(asked, state["param_groups"], strict=True):
            kept = {name: others[name] for name in _CYCLED if name in others}
            groups.append(others | own | kept if keeps else own)
        self.optimizer_.load_state_dict(state | {"param_groups": groups})

    def _is_scheduled(self):
        """Whether a callback of the user's sets the learning rate."""
        own = (
            named[-1] if isinstance(named, tuple) else named for named in self.user_callbacks
        )
        return any(isinstance(callback, LRScheduler) for callback in own)

    def _set_rates(self):
        """Back to the rates that were asked for, from where an earlier cycle ended."""
        asked, is_scheduled = self.optimizer_.defaults, self._is_scheduled()
        for group in self.optimizer_.param_groups:
            if is_scheduled:
                group.setdefault("initial_lr", group["lr"])  # which schedulers go on from
            else:
                group.update({name: asked[name] for name in _CYCLED if name in asked})

    def get_loss(self, y_pred, y_true, *args, training=False, **kwargs):
        """Cross-entropy; of mixed images with the labels of both, by their shares."""
        if self.log_prior is not None:
            y_pred = y_pred + self.log_prior
        if not training:
            return self._held_out_loss(y_pred, y_true.to(self.device))
        labels, weights = y_true[0].to(self.device), y_true[1]
        if weights is not None:
            weights = weights.to(self.device)
        loss = self._cross_entropy(y_pred, labels, weights)
        if not self.module_.mixup:
            return loss
        share, partner = self.module_.mixed
        partner = partner.to(self.device)
        weights = None if weights is None else weights[partner]
        other = self._cross_entropy(y_pred, labels[partner], weights)
        return share * loss + (1.0 - share) * other

    def _held_out_loss(self, logits, labels):
        """What skorch's mean over batches, by their rows, makes the loss of all rows.

        Batches come in the order of classes: one that is divided by its own weights, as in
        training, would lose them.
        """
        if self.criterion_.weight is None:
            return self.criterion_(logits, labels)
        return self._losses(logits, labels).mean() / self.mean_held_out_weight

    def _losses(self, logits, labels):
        """The loss of each row, times the weight of its class."""
        criterion = self.criterion_
        return F.cross_entropy(
            logits,
            labels,
            weight=criterion.weight,
            label_smoothing=criterion.label_smoothing,
            reduction="none",
        )

    def _cross_entropy(self, logits, labels, weights):
        criterion = self.criterion_
        if weights is None:
            return criterion(logits, labels)
        losses = self._losses(logits, labels)
        shares = weights if criterion.weight is None else weights * criterion.weight[labels]
        # Of the batch, as torch does for classes. By the mean over all rows, a batch with one
        # that weighs eighty times the others would make a step that is too long.
        return (weights * losses).sum() / shares.sum()


class EncodedNetwork(nn.Module):
    """A network behind the conversion of rows to images in [-1, 1] and their augmentation.

    After each training batch, ``mixed`` tells what mixup did to it: the share of the row
    itself, and the position of the row it was mixed with.
    """

    def __init__(self, network, spec, *, augmentation, mixup, precision):
        super().__init__()
        self.network = network
        self.spec = spec
        self.augmentation = augmentation
        self.mixup = mixup
        self.mixed = None
        self.precision = precision
        self.rng = torch.Generator()

    def __getstate__(self):
        # skorch has torch move what it unpickles to the device that the net was on: weights
        # as well as the state of a generator of the CPU, which would be of no use there.
        return {**self.__dict__, "rng": None}

    def forward(self, rows, device=None):
        """Float32 logits of shape (n, n_classes) for rows of shape (n, ...), by ``device``."""
        x = place(self.spec.encode(rows), device or rows.device)
        if self.training:
            x = self._mixed(augment_images(self.augmentation, x, self.rng))
        # No autocast that is off, but inside another: leaving one empties the weights it keeps
        # for all threads, and with that another one's training would round otherwise.
        if not (self.training and self.precision == "bfloat16"):
            with own_precision(x.device):
                return self.network(x).float()
        if x.is_cpu:
            # Rows have their channels last, which is faster in float32; but bfloat16 is
            # normalised by groups at a tenth of the speed then.
            x = x.clone(memory_format=torch.contiguous_format)
        with bfloat16_products(x.device):
            return self.network(x).float()

    def _mixed(self, x):
        """Each row mixed with another of the batch, by one share for all."""
        if not self.mixup:
            return x
        seed = int(torch.randint(2**31, (), generator=self.rng))
        share = float(np.random.default_rng(seed).beta(self.mixup, self.mixup))
        partner = torch.randperm(len(x), generator=self.rng)
        self.mixed = share, partner
        return share * x + (1.0 - share) * x[partner.to(x.device)]


class OneCycle(Callback):
    """Raise and lower the learning rate once over the whole training."""

    def on_train_begin(self, net, X=None, y=None, **kwargs):
        """Plan the rates of all steps."""
        n_steps = sum(net.get_iterator(net.get_dataset(X, y), training=True).n_batches)
        defaults = net.optimizer_.defaults
        self.schedule_ = torch.optim.lr_scheduler.OneCycleLR(
            net.optimizer_,
            max_lr=net.lr,
            total_steps=max(2, n_steps),
            cycle_momentum="betas" in defaults or bool(defaults.get("momentum")),
        )

    def on_batch_end(self, net, training=False, **kwargs):
        """Set the rate of the next step."""
        if training and self.schedule_.last_epoch < self.schedule_.total_steps - 1:
            self.schedule_.step()


def make_net(network, *, n_classes, optimizer, batch_size, callbacks, **options):
    """Make an untrained net.

    Parameters
    ----------
    network : EncodedNetwork
        What is to be trained.

    n_classes : int
        Of its logits.

    optimizer, batch_size, callbacks
        As :class:`~skgan_aug.TorchCNNClassifier` takes them.

    **options
        Of ``skorch.NeuralNet``.

    Returns
    -------
    net : ClassifierNet
    """
    if optimizer == "sgd":
        options["optimizer__momentum"] = 0.9
    net = ClassifierNet(
        network,
        criterion=nn.CrossEntropyLoss,
        optimizer=OPTIMIZERS.get(optimizer, optimizer),
        batch_size=batch_size,
        iterator_train=TrainingBatches,
        iterator_valid=PredictionBatches,
        iterator_valid__batch_size=prediction_batch_size(network.spec, batch_size),
        train_split=None,
        **options,
    ).initialize()
    net.user_callbacks = net.callbacks = list(callbacks or ())
    with failure_as_value_error("callbacks cannot be used: skorch failed"):
        net.initialize_callbacks()  # two of one name, say
    net.classes_ = np.arange(n_classes)
    return net
