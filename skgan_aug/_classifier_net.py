"""The skorch net inside TorchCNNClassifier: plain tensors in, logits out."""

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping
from skorch.dataset import Dataset
from skorch.helper import predefined_split
from torch import nn

from ._interrupts import watched_interrupt
from .training.augmentation import flip_image, translate_image

AUGMENTATIONS = {
    "flips": (flip_image,),
    "shifts": (translate_image,),
    "flips_shifts": (flip_image, translate_image),
}
_OPTIMIZERS = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam, "sgd": torch.optim.SGD}
_PREDICTION_BATCH = 256
_PATIENCE = 5


class ClassifierNet(NeuralNet):
    """A skorch net over rows in their own dtype; see :func:`make_net`."""

    def train_on(self, rows, labels, *, max_epochs, rng, schedule, class_weights, held_out):
        """Train, going on from the present weights.

        Parameters
        ----------
        rows : tensor of shape (n, ...)
            Unconverted rows.

        labels : int64 tensor of shape (n,)
            Positions of the classes.

        max_epochs : int
            Passes over the rows.

        rng : torch.Generator
            Decides batches and augmentation.

        schedule : bool
            Whether the learning rate follows one cycle, or stays constant.

        class_weights : float32 tensor of shape (n_classes,) or None
            Weights in the loss.

        held_out : tuple of tensors or None
            Rows and labels to stop early on.
        """
        self.module_.rng = rng
        self.iterator_train__rng = rng
        if class_weights is not None:
            class_weights = class_weights.to(self.device)
        self.criterion_.weight = class_weights
        own = [OneCycle(max_epochs)] if schedule else []
        self.train_split = None
        if held_out is not None:
            self.train_split = predefined_split(Dataset(*held_out))
            own.append(EarlyStopping(patience=_PATIENCE, load_best=True))
        self.callbacks = [*self.user_callbacks, *own]
        self.initialize_callbacks()
        # skorch's callbacks end a training by raising KeyboardInterrupt, which it swallows.
        # What comes from the keyboard is no end, but a wish to stop.
        with watched_interrupt(hold_back=False) as interrupt:
            self.partial_fit(rows, labels, epochs=max_epochs)
        if interrupt.is_set():
            raise KeyboardInterrupt

    def get_loss(self, y_pred, y_true, *args, training=False, **kwargs):
        """Cross-entropy; of mixed images with the labels of both, by their shares."""
        loss = super().get_loss(y_pred, y_true, *args, training=training, **kwargs)
        if not (training and self.module_.mixup):
            return loss
        share, partner = self.module_.mixed
        other = super().get_loss(y_pred, y_true[partner], *args, training=training, **kwargs)
        return share * loss + (1.0 - share) * other


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

    def forward(self, rows):
        """Float32 logits of shape (n, n_classes) for rows of shape (n, ...)."""
        x = self.spec.encode(rows)
        low_precision = self.training and self.precision == "bfloat16"
        if self.training:
            x = self._mixed(self._augmented(x))
        with torch.autocast(rows.device.type, torch.bfloat16, enabled=low_precision):
            return self.network(x).float()

    def _augmented(self, x):
        if self.augmentation is None:
            return x
        if callable(self.augmentation):
            return self.augmentation(x)
        for augment in AUGMENTATIONS[self.augmentation]:
            x = augment(x, self.rng)
        return x

    def _mixed(self, x):
        """Each row mixed with another of the batch, by one share for all."""
        if not self.mixup:
            return x
        seed = int(torch.randint(2**31, (), generator=self.rng))
        share = float(np.random.default_rng(seed).beta(self.mixup, self.mixup))
        partner = torch.randperm(len(x), generator=self.rng)
        self.mixed = share, partner
        return share * x + (1.0 - share) * x[partner.to(x.device)]


class TensorBatches:
    """Batches of nearly equal size, cut from whole tensors rather than row by row.

    Nearly equal, because a last batch of one row would break batch normalisation.
    """

    def __init__(self, dataset, batch_size, shuffle=False, rng=None):
        self.dataset = dataset
        self.n_batches = -(-len(dataset) // batch_size)
        self.shuffle = shuffle
        self.rng = rng

    def __len__(self):
        return self.n_batches

    def __iter__(self):
        n = len(self.dataset)
        order = torch.randperm(n, generator=self.rng) if self.shuffle else torch.arange(n)
        X, y = self.dataset.X, self.dataset.y
        for rows in order.tensor_split(self.n_batches):
            yield X[rows], torch.zeros(len(rows)) if y is None else y[rows]


class OneCycle(Callback):
    """Raise and lower the learning rate once over the whole training."""

    def __init__(self, max_epochs):
        self.max_epochs = max_epochs

    def on_train_begin(self, net, X=None, y=None, **kwargs):
        """Plan the rates of all steps."""
        n_batches = len(net.get_iterator(net.get_dataset(X, y), training=True))
        momentum = "momentum" in net.optimizer_.defaults or "betas" in net.optimizer_.defaults
        self.schedule_ = torch.optim.lr_scheduler.OneCycleLR(
            net.optimizer_,
            max_lr=net.lr,
            total_steps=max(2, self.max_epochs * n_batches),
            cycle_momentum=momentum,
        )

    def on_batch_end(self, net, training=False, **kwargs):
        """Set the rate of the next step."""
        if training and self.schedule_.last_epoch < self.schedule_.total_steps - 1:
            self.schedule_.step()


def make_net(
    network,
    spec,
    *,
    augmentation,
    mixup,
    label_smoothing,
    precision,
    optimizer,
    learning_rate,
    weight_decay,
    batch_size,
    callbacks,
    device,
    verbose,
):
    """Make an untrained net.

    Parameters
    ----------
    network : torch.nn.Module
        Maps (n, C, H, W) or (n, n_features) in [-1, 1] to logits.

    spec : ImageSpec
        What the rows are.

    augmentation, mixup, label_smoothing, precision, optimizer, learning_rate, \
            weight_decay, batch_size, callbacks, device, verbose
        As :class:`~skgan_aug.TorchCNNClassifier` takes them, device and precision resolved.

    Returns
    -------
    net : ClassifierNet
    """
    extra = {"optimizer__momentum": 0.9} if optimizer == "sgd" else {}
    net = ClassifierNet(
        EncodedNetwork(
            network, spec, augmentation=augmentation, mixup=mixup, precision=precision
        ),
        criterion=nn.CrossEntropyLoss,
        criterion__label_smoothing=label_smoothing,
        optimizer=_OPTIMIZERS.get(optimizer, optimizer),
        optimizer__weight_decay=weight_decay,
        lr=learning_rate,
        batch_size=batch_size,
        iterator_train=TensorBatches,
        iterator_train__shuffle=True,
        iterator_valid=TensorBatches,
        iterator_valid__batch_size=_PREDICTION_BATCH,
        train_split=None,
        device=str(device),
        verbose=verbose,
        **extra,
    ).initialize()
    net.user_callbacks = list(callbacks or ())
    return net


def hold_out(X, labels, fraction, rng):
    """Split rows so that no row of one side has a copy on the other.

    Parameters
    ----------
    X : ndarray of shape (n, ...)
        Rows.

    labels : int64 ndarray of shape (n,)
        Positions of their classes.

    fraction : float
        Share of the different rows of each class to hold out, at least one row of each
        class that has two different ones.

    rng : numpy.random.RandomState

    Returns
    -------
    trains, held_out : bool ndarray and int64 ndarray
        Mask of the rows to train on; indices of the rows held out, without copies.
    """
    flat = np.ascontiguousarray(X).reshape(len(X), -1)
    rows = flat.view([("row", f"V{flat.dtype.itemsize * flat.shape[1]}")])["row"][:, 0]
    _, first, group = np.unique(rows, return_index=True, return_inverse=True)
    chosen = []
    for label in np.unique(labels):
        different = first[labels[first] == label]
        n = min(max(1, round(fraction * len(different))), len(different) - 1)
        chosen.append(rng.permutation(different)[:n])
    held_out = np.concatenate(chosen)
    return ~np.isin(group, group[held_out]), held_out
