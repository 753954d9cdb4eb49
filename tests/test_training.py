"""The CycleGAN engine: its parts at known answers, and that it learns and resumes."""

import copy
import dataclasses
import gc
import os
import pickle
import signal
import weakref
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

import skgan_aug.training.loop
from skgan_aug.images import ImageSpec
from skgan_aug.networks import ResnetGenerator
from skgan_aug.training import CycleGAN, CycleGANTrainer, TrainingConfig, train_cyclegan
from skgan_aug.training.loop import TrainingDivergedError
from skgan_aug.training.losses import (
    adversarial_loss,
    classification_loss,
    reconstruction_loss,
)

SMALL = TrainingConfig(
    max_iter=4,
    batch_size=4,
    learning_rate=1e-3,
    cycle_weight=10.0,
    identity_weight=2.0,
    classifier_weight=1.0,
    pool_size=6,
    ema_decay=0.9,
    augment=("color", "translation", "cutout"),
)
# Steps of vectors are ten times faster than those of images.
LONG = dataclasses.replace(SMALL, batch_size=1, augment=())


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def images(n=6, n_channels=3, height=16, width=24):
    return torch.rand(n, n_channels, height, width, generator=rng()) * 2 - 1


def make_rows(shape=(8, 8)):
    return np.random.RandomState(0).randint(256, size=(20, *shape)).astype(np.uint8)


def make_trainer(config=SMALL, shape=(8, 8), seed=0):
    X = make_rows(shape)
    cyclegan = CycleGAN(ImageSpec.from_array(X), seed=seed)
    return CycleGANTrainer(cyclegan, config, X[:12], X[12:], seed=seed)


class Noting(nn.Module):
    """A network that notes what it is given."""

    def __init__(self, seen, network):
        super().__init__()
        self.network = network
        self.note = seen.append  # of the list itself, also from copies

    def forward(self, x):
        self.note(x)
        return self.network(x)


def make_long_trainer(**changes):
    return make_trainer(dataclasses.replace(LONG, **changes), shape=(3,))


def trained_children(cyclegan):
    return [(name, child) for name, child in cyclegan.named_children() if name != "snapshots"]


def weights(module):
    return nn.utils.parameters_to_vector(module.parameters()).detach().clone()


def assert_same_state(first, second):
    first, second = first.state_dict(), second.state_dict()
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


# Losses


@pytest.mark.parametrize(
    ("scores", "label", "expected"),
    [
        ([1.0, 1.0], 1.0, 0.0),
        ([0.0, 0.0], 1.0, 1.0),
        ([3.0, -1.0], 1.0, 4.0),
        ([0.4], 0.9, 0.25),
    ],
)
def test_adversarial_loss_is_the_mean_square(scores, label, expected):
    assert adversarial_loss(torch.tensor(scores), label).item() == pytest.approx(expected)


def test_reconstruction_loss_is_the_mean_absolute_difference():
    x = torch.tensor([[0.0, 0.5]])
    assert reconstruction_loss(x, x) == 0
    assert reconstruction_loss(x, torch.tensor([[1.0, 0.0]])).item() == pytest.approx(0.75)


def test_classification_loss_is_the_cross_entropy():
    undecided = torch.zeros(2, 2)
    labels = torch.tensor([0, 1])
    assert classification_loss(undecided, labels).item() == pytest.approx(np.log(2))
    assert classification_loss(20 * torch.eye(2), labels).item() == pytest.approx(0, abs=1e-6)


# Configuration


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_iter", 0),
        ("batch_size", 0),
        ("learning_rate", 0.0),
        ("real_label", 0.0),
        ("beta1", 1.0),
        ("cycle_weight", -1.0),
        ("identity_weight", -0.1),
        ("classifier_weight", -0.1),
        ("pool_size", -1),
        ("n_snapshots", -1),
        ("n_iter_no_change", 0),
        ("ema_decay", 1.0),
        ("augment", ("colour",)),
        ("precision", "float16"),
    ],
)
def test_configuration_refuses_what_cannot_work(name, value):
    with pytest.raises(ValueError, match=f"{name}=.* must be"):
        TrainingConfig(**{name: value})


def test_configuration_cannot_change_during_training():
    with pytest.raises(dataclasses.FrozenInstanceError):
        SMALL.max_iter = 5


# Training


def test_one_step_is_that_of_a_plain_transcription_of_the_paper():
    """Least-squares adversarial, cycle and identity losses, then Adam, written out."""
    config = dataclasses.replace(
        SMALL,
        pool_size=0,
        augment=(),
        classifier_weight=0.0,
        identity_weight=5.0,
        real_label=0.9,
    )
    trainer, plain = make_trainer(config), make_trainer(config).cyclegan.train()
    s, t = trainer.draw_batches()
    st, ts = plain.generator_st, plain.generator_ts
    d_s, d_t = plain.discriminator_s, plain.discriminator_t
    generators = torch.optim.Adam([*st.parameters(), *ts.parameters()], 1e-3, (0.5, 0.999))
    judges = torch.optim.Adam([*d_s.parameters(), *d_t.parameters()], 1e-3, (0.5, 0.999))

    fake_t, fake_s = st(s), ts(t)
    loss = ((d_t(fake_t) - 0.9) ** 2).mean() + ((d_s(fake_s) - 0.9) ** 2).mean()
    loss = loss + 10 * ((ts(fake_t) - s).abs().mean() + (st(fake_s) - t).abs().mean())
    loss = loss + 5 * ((ts(s) - s).abs().mean() + (st(t) - t).abs().mean())
    generators.zero_grad()
    loss.backward()
    generators.step()

    judges.zero_grad()
    for judge, real, fake in ((d_s, s, fake_s), (d_t, t, fake_t)):
        real_loss = ((judge(real) - 0.9) ** 2).mean()
        fake_loss = (judge(fake.detach()) ** 2).mean()
        (0.5 * (real_loss + fake_loss)).backward()
    judges.step()

    trainer.train_step(s, t)
    start = make_trainer(config).cyclegan
    for name in ("generator_st", "generator_ts", "discriminator_s", "discriminator_t"):
        before, expected, result = (
            weights(getattr(gan, name)) for gan in (start, plain, trainer.cyclegan)
        )
        # Adam turns rounding errors of zero gradients into full steps: of few weights.
        assert (result - expected).norm() < 0.02 * (expected - before).norm(), name


def test_one_step_changes_every_network():
    trainer = make_trainer()
    before = {name: weights(network) for name, network in trained_children(trainer.cyclegan)}
    trainer.fit(max_iter=1)
    for name, network in trained_children(trainer.cyclegan):
        assert not torch.equal(weights(network), before[name]), name


@pytest.mark.parametrize("off", [torch.no_grad, torch.inference_mode])
def test_training_learns_where_the_caller_switched_gradients_off(off):
    X = make_rows((3,))
    rows = ImageSpec.from_array(X), LONG, X[:12], X[12:]
    expected = train_cyclegan(*rows)
    with off():
        trained = train_cyclegan(*rows)
    assert_same_state(trained, expected)


def test_one_step_learns_where_the_caller_switched_gradients_off():
    one, other = make_long_trainer(), make_long_trainer()
    one.fit(max_iter=1)
    with torch.no_grad():
        other.fit(max_iter=1)
    assert_same_state(one.cyclegan, other.cyclegan)


class Scaling(nn.Module):
    """A generator that multiplies."""

    def __init__(self, factor):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))

    def forward(self, x):
        return self.factor * x


def test_judges_see_everything_augmented_and_generators_nothing():
    X = np.full((20, 8, 8), 255, dtype=np.uint8)
    cyclegan = CycleGAN(ImageSpec.from_array(X), generator=lambda spec: Scaling(1.0))
    config = dataclasses.replace(SMALL, augment=("cutout",))
    trainer = CycleGANTrainer(cyclegan, config, X[:12], X[12:], seed=0)
    seen = {name: [] for name, _ in trained_children(cyclegan)}
    for name, network in trained_children(cyclegan):
        network.register_forward_pre_hook(
            lambda _, args, name=name: seen[name].append(
                (args[0] == 0).flatten(1).any(dim=1).float().mean().item()
            )
        )
    trainer.train_step(*trainer.draw_batches())
    assert seen["generator_st"] == seen["generator_ts"] == [0, 0]
    assert seen["discriminator_s"] == seen["discriminator_t"] == [1, 1, 1]
    assert seen["classifier"] == [1, 1]


def test_the_auxiliary_classifier_drops_values_only_while_it_learns():
    trainer, modes = make_trainer(), []
    trainer.cyclegan.classifier.register_forward_pre_hook(
        lambda network, _: modes.append(network.training)
    )
    trainer.train_step(*trainer.draw_batches())
    assert modes == [False, True]


def test_the_first_moment_decays_as_configured():
    trainer = make_long_trainer(beta1=0.8)
    for optimizer in (trainer.optimizer_g, trainer.optimizer_d):
        assert optimizer.param_groups[0]["betas"] == (0.8, 0.999)


@pytest.mark.parametrize(
    ("precision", "dtype"), [("float32", torch.float32), ("bfloat16", torch.bfloat16)]
)
def test_precision_is_of_products_and_not_of_losses(precision, dtype):
    trainer, dtypes = make_trainer(dataclasses.replace(SMALL, precision=precision)), []
    for _, network in trained_children(trainer.cyclegan):
        layer = next(each for each in network.modules() if isinstance(each, nn.Conv2d))
        layer.register_forward_hook(lambda layer, x, y: dtypes.append(y.dtype))
    losses = trainer.train_step(*trainer.draw_batches())
    assert len(dtypes) == 2 * 2 + 2 * 3 + 2  # generators, discriminators, classifier
    assert set(dtypes) == {dtype}
    assert {loss.dtype for loss in losses.values()} == {torch.float32}


def test_an_auxiliary_classifier_that_only_watches_trains_every_fourth_step():
    config = dataclasses.replace(SMALL, classifier_weight=0.0, max_iter=9)
    trainer = make_trainer(config)
    trained = []
    for _ in range(9):
        before = weights(trainer.cyclegan.classifier)
        trainer.advance()
        trained.append(not torch.equal(weights(trainer.cyclegan.classifier), before))
    assert trained == [step % 4 == 0 for step in range(9)]
    assert "classifier" in trainer.log()


def test_what_a_factory_froze_stays_as_it_is():
    def frozen_body(spec):
        body = nn.Linear(spec.n_features, 8).requires_grad_(False)
        return nn.Sequential(body, nn.Linear(8, 1))

    X = make_rows((3,))
    cyclegan = CycleGAN(ImageSpec.from_array(X), discriminator=frozen_body)
    before = copy.deepcopy(cyclegan.discriminator_t)
    trainer = CycleGANTrainer(cyclegan, LONG, X[:12], X[12:], seed=0)
    body, head = trainer.fit().discriminator_t
    assert_same_state(body, before[0])
    assert not body.weight.requires_grad
    assert not torch.equal(weights(head), weights(before[1]))


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_a_discriminator_may_be_frozen(weight):
    X = make_rows((3,))
    cyclegan = CycleGAN(
        ImageSpec.from_array(X),
        discriminator=lambda spec: nn.Linear(spec.n_features, 1).requires_grad_(False),
    )
    before = copy.deepcopy(cyclegan)
    config = dataclasses.replace(LONG, classifier_weight=weight)
    trained = CycleGANTrainer(cyclegan, config, X[:12], X[12:], seed=0).fit()
    assert_same_state(trained.discriminator_t, before.discriminator_t)
    assert not torch.equal(weights(trained.generator_st), weights(before.generator_st))


def test_nothing_of_a_training_outlives_it():
    trainer = make_long_trainer()
    of_training = [
        weakref.ref(kept)
        for kept in (trainer, trainer.optimizer_g, trainer.averages, trainer.source)
    ]
    gc.disable()  # which finds circles, some time
    try:
        cyclegan = trainer.fit()
        del trainer
        assert [kept() for kept in of_training] == [None] * 4
    finally:
        gc.enable()
    assert all(weight.grad is None for weight in cyclegan.parameters())


def test_a_weight_of_zero_leaves_its_loss_out():
    batches = make_trainer().draw_batches()
    losses = make_trainer().train_step(*batches)
    assert {"identity_s", "identity_t", "crossing"} <= losses.keys()
    config = dataclasses.replace(SMALL, identity_weight=0, classifier_weight=0)
    losses = make_trainer(config).train_step(*batches)
    assert losses.keys().isdisjoint({"identity_s", "identity_t", "crossing"})


@pytest.mark.parametrize(
    ("parameter", "loss"),
    [
        ("cycle_weight", "cycle_s"),
        ("identity_weight", "identity_t"),
        ("classifier_weight", "crossing"),
    ],
)
def test_a_weight_multiplies_its_loss_alone(parameter, loss):
    batches = make_trainer().draw_batches()
    once, twice = (
        make_trainer(dataclasses.replace(SMALL, **{parameter: value})).train_step(*batches)
        for value in (1.0, 2.0)
    )
    assert twice[loss].item() == pytest.approx(2 * once[loss].item(), rel=1e-6)
    assert twice["adversarial_st"].item() == once["adversarial_st"].item()


@pytest.mark.parametrize(("step", "share"), [(0, 1), (50, 1), (75, 0.5), (99, 0.02), (100, 0)])
def test_the_learning_rate_falls_over_the_second_half(step, share):
    config = dataclasses.replace(SMALL, max_iter=100, learning_rate=1e-3, batch_size=1)
    trainer = make_trainer(config)
    trainer.fit(max_iter=step)
    for optimizer in (trainer.optimizer_g, trainer.optimizer_d):
        assert optimizer.param_groups[0]["lr"] == pytest.approx(share * 1e-3)


def test_the_learning_rate_follows_its_schedule():
    trainer = make_trainer(dataclasses.replace(SMALL, max_iter=4, learning_rate=1e-3))
    optimizers = trainer.optimizer_g, trainer.optimizer_d
    rates = []
    for until in range(1, 5):
        trainer.fit(max_iter=until)
        rates.append([optimizer.param_groups[0]["lr"] for optimizer in optimizers])
    assert np.array(rates) == pytest.approx(np.repeat([[1e-3, 1e-3, 5e-4, 0]], 2, axis=0).T)


def test_without_a_moving_average_the_last_weights_translate():
    trainer = make_trainer(dataclasses.replace(SMALL, ema_decay=0.0))
    trainer.fit(max_iter=3)
    trainer.train_step(*trainer.draw_batches())
    last = weights(trainer.cyclegan.generator_st)
    assert torch.equal(weights(trainer.finish().generator_st), last)


def test_without_a_moving_average_the_present_weights_are_scored():
    trainer = make_trainer(dataclasses.replace(SMALL, ema_decay=0.0))
    cyclegan = trainer.cyclegan
    for _ in range(2):
        trainer.advance()
        score = trainer.target_score()
        cyclegan.eval()
        with torch.no_grad():
            x = cyclegan.spec.encode(trainer.source)
            logits = cyclegan.classifier(cyclegan.generator_st(x))
        assert score == pytest.approx(logits.softmax(dim=1)[:, 1].mean().item())
        cyclegan.train()


@pytest.mark.parametrize("n_steps", [5, 100])
def test_the_moving_average_follows_its_decay(n_steps):
    decay = 0.9
    trainer = make_long_trainer(max_iter=n_steps, ema_decay=decay)
    trainer.advance()
    # An average starts from the first weights.
    expected = weights(trainer.cyclegan.generator_st)
    for step in range(1, n_steps):
        trainer.advance()
        share = min(decay, (1 + step) / (10 + step))
        expected = share * expected + (1 - share) * weights(trainer.cyclegan.generator_st)
    assert (share == decay) == (n_steps == 100)  # which it follows in the end
    averaged = weights(trainer.finish().generator_st)
    torch.testing.assert_close(averaged, expected)


def test_indices_have_no_moving_average():
    class Reordered(nn.Module):
        def __init__(self, spec):
            super().__init__()
            self.layer = nn.Linear(spec.n_features, spec.n_features)
            self.register_buffer("order", torch.arange(spec.n_features))

        def forward(self, x):
            return torch.tanh(self.layer(x))[:, self.order]

    X = make_rows((30,))
    cyclegan = CycleGAN(ImageSpec.from_array(X), generator=Reordered)
    trainer = CycleGANTrainer(cyclegan, LONG, X[:12], X[12:], seed=0)
    assert torch.equal(trainer.fit().generator_st.order, torch.arange(30))


def test_every_row_is_drawn():
    X = np.arange(10.0)[:, None]
    config = dataclasses.replace(LONG, batch_size=99)
    trainer = CycleGANTrainer(CycleGAN(ImageSpec.from_array(X)), config, X[:6], X[6:], seed=0)
    source, target = trainer.draw_batches()
    assert (len(source.unique()), len(target.unique())) == (6, 4)


def test_each_step_drops_other_values():
    drawn = []

    class Drawing(Scaling):
        def forward(self, x):
            drawn.append(torch.rand(()).item())
            return super().forward(x)

    X = make_rows((3,))
    cyclegan = CycleGAN(ImageSpec.from_array(X), generator=lambda spec: Drawing(1.0))
    trainer = CycleGANTrainer(cyclegan, LONG, X[:12], X[12:], seed=0)
    drawn.clear()
    trainer.advance()
    trainer.advance()
    assert len(drawn) == len(set(drawn)) == 8  # both generators there and back, twice


def test_training_ends_with_its_last_step_in_evaluation_mode():
    trainer = make_long_trainer()
    assert not trainer.fit(max_iter=9).training
    assert trainer.n_iter == 4


def test_batches_come_from_either_class_in_the_range_of_networks():
    X = np.concatenate([np.zeros((12, 8, 8)), np.ones((8, 8, 8))])
    cyclegan = CycleGAN(ImageSpec.from_array(X))
    trainer = CycleGANTrainer(cyclegan, SMALL, X[:12], X[12:], seed=0)
    source, target = trainer.draw_batches()
    assert source.shape == target.shape == (4, 1, 8, 8)
    assert (source == -1).all()
    assert (target == 1).all()


def test_history_holds_finite_means_of_losses():
    trainer = make_long_trainer(max_iter=60)
    history = trainer.fit().history
    assert [record["n_iter"] for record in history] == [50, 60]
    names = {"adversarial_st", "adversarial_ts", "cycle_s", "cycle_t", "discriminator_s"}
    for record in history:
        assert names <= record.keys()
        assert np.isfinite(list(record.values())).all()


def test_the_history_holds_the_means_since_the_last_record():
    trainer = make_long_trainer()
    for values in ([1.0, 3.0], [7.0]):
        trainer.losses += [{"cycle_s": torch.tensor(value)} for value in values]
        assert trainer.log()["cycle_s"] == np.mean(values)
    assert [record["cycle_s"] for record in trainer.cyclegan.history] == [2.0, 7.0]


# Snapshots


@pytest.mark.parametrize(
    ("max_iter", "n_snapshots", "steps"),
    [
        (1000, 8, [300, 400, 500, 600, 700, 800, 900, 1000]),
        (1000, 1, [1000]),
        (1000, 0, []),
        (500, 3, [300, 400, 500]),
        (301, 10, [300, 301]),
        (300, 3, [300]),
        (299, 3, []),
    ],
)
def test_snapshots_are_spread_over_the_training(max_iter, n_snapshots, steps):
    config = TrainingConfig(max_iter=max_iter, n_snapshots=n_snapshots)
    assert config.snapshot_steps == steps


@pytest.fixture
def from_the_start(monkeypatch):
    """Snapshots of trainings of a few steps too."""
    monkeypatch.setattr("skgan_aug.training.config._FIRST_STEP", 1)


@pytest.mark.usefixtures("from_the_start")
def test_snapshots_are_the_generator_of_their_step():
    trainer = make_trainer(dataclasses.replace(SMALL, max_iter=4, n_snapshots=3))
    taken = {}
    for step in range(1, 5):
        trainer.fit(max_iter=step)
        taken[step] = weights(trainer.cyclegan.generator_st)
    assert trainer.config.snapshot_steps == [1, 3, 4]
    for step, snapshot in zip([1, 3], trainer.cyclegan.snapshots, strict=False):
        assert torch.equal(weights(snapshot), taken[step])


@pytest.mark.usefixtures("from_the_start")
def test_snapshots_change_nothing_else():
    plain, kept = (
        make_trainer(dataclasses.replace(SMALL, n_snapshots=n)).fit() for n in (0, 2)
    )
    assert_same_state(plain.generator_st, kept.generator_st)
    assert_same_state(plain.discriminator_t, kept.discriminator_t)


@pytest.mark.usefixtures("from_the_start")
def test_snapshots_take_turns():
    cyclegan = make_trainer(dataclasses.replace(SMALL, n_snapshots=2)).fit()
    first, second = cyclegan.snapshots
    x = images(5, 1, 8, 8)
    translations = cyclegan.translate_in_turn(x, np.array([0, 1, 2, 3, 5]))
    with torch.no_grad():
        torch.testing.assert_close(translations[[0, 2]], first(x[[0, 2]]))
        torch.testing.assert_close(translations[[1, 3, 4]], second(x[[1, 3, 4]]))
    assert not torch.equal(first(x), second(x))


def test_without_snapshots_the_average_translates():
    cyclegan = make_trainer().fit()
    x = images(3, 1, 8, 8)
    translations = cyclegan.translate_in_turn(x, np.arange(3))
    torch.testing.assert_close(translations, cyclegan.generator_st(x).detach())


def test_progress_shows_names_that_a_terminal_would_obey(capsys):
    make_long_trainer(max_iter=1).fit(title="CycleGAN \x1b[31m -> b", verbose=1)
    shown = capsys.readouterr().err
    assert "CycleGAN \N{REPLACEMENT CHARACTER}[31m -> b" in shown


# Early stopping


def early(score, monkeypatch, **changes):
    """A trainer whose target-class score follows a script, by step."""
    changes = {"max_iter": 500, "n_iter_no_change": 100} | changes
    trainer = make_long_trainer(early_stopping=True, **changes)
    monkeypatch.setattr(trainer, "target_score", lambda: score[trainer.n_iter])
    return trainer


def test_early_stopping_keeps_the_best_weights(monkeypatch):
    trainer = early({50: 0.5, 100: 0.9, 150: 0.3, 200: 0.905}, monkeypatch)
    history = trainer.fit().history
    assert [record["n_iter"] for record in history] == [50, 100, 150, 200]
    assert [record["target_score"] for record in history] == [0.5, 0.9, 0.3, 0.905]
    until_best = early({50: 0.5, 100: 0.9}, monkeypatch)
    until_best.fit(max_iter=100)
    assert_same_state(trainer.cyclegan.generator_st, until_best.finish().generator_st)


@pytest.mark.usefixtures("from_the_start")
@pytest.mark.parametrize(
    ("max_iter", "steps"), [(200, [60, 130, 200]), (300, [90, 195, 300])], ids=["end", "stop"]
)
def test_snapshots_after_the_best_weights_are_these(monkeypatch, max_iter, steps):
    scores = {50: 0.5, 100: 0.9, 150: 0.3, 200: 0.2}
    trainer = early(scores, monkeypatch, max_iter=max_iter, n_snapshots=3)
    trainer.fit()
    assert trainer.config.snapshot_steps == steps
    assert trainer.n_iter == 200
    first, *others = trainer.cyclegan.snapshots
    for snapshot in others:
        assert_same_state(snapshot, trainer.cyclegan.generator_st)
    assert not torch.equal(weights(first), weights(others[0]))


@pytest.mark.usefixtures("from_the_start")
def test_a_snapshot_of_the_best_step_stays(monkeypatch):
    trainer = early({50: 0.5, 100: 0.9}, monkeypatch, max_iter=100, n_snapshots=1)
    trainer.fit(max_iter=99)
    trainer.advance()
    trainer.log()
    last = weights(trainer.cyclegan.generator_st)
    (snapshot,) = trainer.finish().snapshots
    assert trainer.averages.best["n_iter"] == 100
    assert torch.equal(weights(snapshot), last)


@pytest.mark.parametrize("n_iter_no_change", [1, 49, 50])
def test_a_stop_waits_for_a_score(monkeypatch, n_iter_no_change):
    scores = {50: 0.5, 100: 0.9, 150: 0.3}
    trainer = early(scores, monkeypatch, n_iter_no_change=n_iter_no_change)
    assert trainer.fit().history[-1]["n_iter"] == 150


def test_without_early_stopping_scores_decide_nothing(monkeypatch):
    trainer, scores = make_long_trainer(max_iter=100, n_iter_no_change=1), {50: 0.9, 100: 0.1}
    monkeypatch.setattr(trainer, "target_score", lambda: scores[trainer.n_iter])
    result, averaged = trainer.fit(), trainer.averages.averaged[0]
    assert_same_state(result.generator_st, averaged)


def test_what_keeps_rising_is_not_stopped(monkeypatch):
    rising = {step: step / 1000 for step in range(50, 251, 50)}
    assert early(rising, monkeypatch, max_iter=250).fit().history[-1]["n_iter"] == 250


def test_early_stopping_resumes(tmp_path, monkeypatch):
    scores = {50: 0.5, 100: 0.4, 150: 0.3}
    whole = early(scores, monkeypatch).fit()
    early(scores, monkeypatch).fit(max_iter=70, checkpoint=tmp_path / "at")
    resumed = early(scores, monkeypatch)
    assert_same_state(resumed.fit(checkpoint=tmp_path / "at"), whole)
    assert resumed.n_iter == 150
    again = early(scores, monkeypatch)
    assert_same_state(again.fit(checkpoint=tmp_path / "at"), whole)
    assert again.n_iter == 150


def test_the_score_is_a_probability_that_training_alone_does_not_disturb():
    plain = make_trainer()
    plain.fit(max_iter=3)
    scored = make_trainer()
    for until in range(1, 4):
        scored.fit(max_iter=until)
        assert 0 <= scored.target_score() <= 1
    assert_same_state(scored.cyclegan, plain.cyclegan)


def test_the_score_is_that_of_the_averages_on_rows_all_over_the_source():
    X = np.random.RandomState(0).uniform(size=(140, 3))
    cyclegan = CycleGAN(ImageSpec.from_array(X))
    trainer = CycleGANTrainer(cyclegan, LONG, X[:128], X[128:], seed=0)
    for _ in range(3):
        trainer.advance()
    score, cyclegan = trainer.target_score(), trainer.finish()
    expected = cyclegan.score_target(cyclegan.translate(X[:128:2])).mean().item()
    assert score == pytest.approx(expected)


@pytest.mark.parametrize("n", [3, 64, 65, 100, 127, 191, 1000])
def test_of_any_number_of_rows_some_from_either_end_are_scored(n):
    X, seen = np.arange(n + 2.0)[:, None], []
    spec = ImageSpec.from_array(X)
    cyclegan = CycleGAN(spec, generator=lambda spec: Noting(seen, nn.Linear(1, 1)))
    trainer = CycleGANTrainer(cyclegan, LONG, X[:n], X[n:], seed=0)
    seen.clear()
    trainer.target_score()
    (rows,) = (spec.decode(x)[:, 0] for x in seen)
    assert len(rows) == len(set(rows)) == min(n, 64)
    assert rows.min() < n / 50
    assert rows.max() > n - 1 - n / 50


# Guards


def test_divergence_goes_on_from_the_last_good_state_at_half_the_rate(monkeypatch):
    trainer = make_long_trainer(max_iter=120)
    step, seen = trainer.train_step, []

    def train_step(real_s, real_t):
        seen.append(trainer.n_iter)
        if len(seen) == 70:
            next(trainer.cyclegan.generator_st.parameters()).data.fill_(torch.nan)
        return step(real_s, real_t)

    monkeypatch.setattr(trainer, "train_step", train_step)
    with pytest.warns(UserWarning, match=r"diverged by step 100.*from step 50.*half"):
        history = trainer.fit().history
    assert seen == [*range(100), *range(50, 120)]
    assert [record["n_iter"] for record in history] == [50, 100, 120]
    assert np.isfinite([list(record.values()) for record in history]).all()
    assert trainer.slowdown == 0.5


def test_what_diverges_at_half_the_rate_too_is_an_error():
    trainer = make_long_trainer(max_iter=50, learning_rate=1e30)
    with (
        pytest.warns(UserWarning, match="half the rate"),
        pytest.raises(TrainingDivergedError, match=r"diverged.*Lower learning_rate") as caught,
    ):
        trainer.fit()
    assert caught.value.history[-1]["n_iter"] == 50
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    ("fails_at", "sizes"),
    [((0, 1), [4, 2, *[1] * 100]), ((50,), [*[4] * 51, *[2] * 50])],
    ids=["before", "after"],
)
def test_divergence_beside_a_lack_of_memory_is_an_error(monkeypatch, fails_at, sizes):
    trainer = make_long_trainer(max_iter=50, batch_size=4, learning_rate=1e30)
    step, seen = trainer.train_step, []

    def train_step(real_s, real_t):
        assert len(seen) < len(sizes)  # it may not go on for ever
        seen.append(len(real_s))
        if len(seen) - 1 in fails_at:
            raise torch.OutOfMemoryError
        return step(real_s, real_t)

    monkeypatch.setattr(trainer, "train_step", train_step)
    with (
        pytest.warns(UserWarning, match="no memory"),
        pytest.warns(UserWarning, match="half the rate"),
        pytest.raises(TrainingDivergedError),
    ):
        trainer.fit()
    assert seen == sizes


def test_no_checkpoint_is_written_of_weights_that_are_no_numbers(tmp_path, monkeypatch):
    path = tmp_path / "at"
    trainer = make_trainer()
    trainer.fit(max_iter=1, checkpoint=path)
    good = path.read_bytes()
    step = trainer.train_step

    def train_step(real_s, real_t):
        next(trainer.cyclegan.generator_st.parameters()).data.fill_(torch.nan)
        return step(real_s, real_t)

    monkeypatch.setattr(trainer, "train_step", train_step)
    trainer.fit(max_iter=2, checkpoint=path)
    assert path.read_bytes() == good


def test_a_slower_rate_survives_a_checkpoint(tmp_path):
    trainer = make_trainer(dataclasses.replace(SMALL, max_iter=8))
    trainer.fit(max_iter=1)
    trainer.slow_down(0.5)
    trainer.fit(max_iter=2, checkpoint=tmp_path / "at")
    resumed = make_trainer(dataclasses.replace(SMALL, max_iter=8))
    resumed.fit(max_iter=3, checkpoint=tmp_path / "at")
    trainer.fit(max_iter=3)
    assert trainer.optimizer_g.param_groups[0]["lr"] == 5e-4
    assert resumed.optimizer_g.param_groups[0]["lr"] == 5e-4
    assert_same_state(resumed.cyclegan, trainer.cyclegan)


def test_running_out_of_memory_halves_the_batch(monkeypatch):
    trainer = make_trainer()
    step, sizes = trainer.train_step, []

    def train_step(real_s, real_t):
        sizes.append(len(real_s))
        if len(sizes) == 2:
            raise torch.OutOfMemoryError("no memory")
        return step(real_s, real_t)

    monkeypatch.setattr(trainer, "train_step", train_step)
    with pytest.warns(UserWarning, match=r"batch_size=4.*from step 0 with 2"):
        trainer.fit()
    assert sizes == [4, 4, 2, 2, 2, 2]


def test_what_a_failed_step_held_is_gone_when_training_goes_back(monkeypatch):
    """Else a GPU that is full of it has no room for the copies that going back takes."""
    trainer, held, was_gone = make_long_trainer(batch_size=4), [], []
    step, restore = trainer.train_step, skgan_aug.training.loop.restore_state

    def train_step(real_s, real_t):
        if held:
            return step(real_s, real_t)
        held.append(weakref.ref(real_s))
        raise torch.OutOfMemoryError("no memory")

    def restore_state(trainer, state):
        was_gone.append(held[0]() is None)
        restore(trainer, state)

    monkeypatch.setattr(trainer, "train_step", train_step)
    monkeypatch.setattr(skgan_aug.training.loop, "restore_state", restore_state)
    with pytest.warns(UserWarning, match="no memory for batch_size=4"):
        trainer.fit()
    assert was_gone == [True]


@pytest.mark.parametrize("name", ["log", "_copy_state"])
def test_memory_that_runs_out_between_steps_halves_the_batch_too(monkeypatch, name):
    trainer = make_trainer()
    owner = trainer if name == "log" else skgan_aug.training.loop
    whole, failed = getattr(owner, name), []

    def fail_once(*args):
        if trainer.n_iter and not failed:
            failed.append(trainer.n_iter)
            raise torch.OutOfMemoryError("no memory")
        return whole(*args)

    monkeypatch.setattr(owner, name, fail_once)
    with pytest.warns(UserWarning, match=r"batch_size=4.*from step 0 with 2"):
        gan = trainer.fit()
    assert failed == [SMALL.max_iter]
    assert [record["n_iter"] for record in gan.history] == [SMALL.max_iter]


def test_graphs_and_gradients_make_room_before_training_goes_back(monkeypatch):
    trainer = make_trainer()
    step, restore = trainer.train_step, skgan_aug.training.loop.restore_state
    happened = []

    class Graphs:
        run = None

        def forget(self):
            happened.append("forgotten")

    def train_step(real_s, real_t):
        if len(real_s) == 4:
            step(real_s, real_t)
            trainer.graphs = Graphs()
            raise torch.OutOfMemoryError("no memory")
        return step(real_s, real_t)

    def restore_state(trainer, state):
        weights = trainer.cyclegan.parameters()
        happened.append(
            "left" if any(weight.grad is not None for weight in weights) else "free"
        )
        trainer.graphs = None
        restore(trainer, state)

    monkeypatch.setattr(trainer, "train_step", train_step)
    monkeypatch.setattr(skgan_aug.training.loop, "restore_state", restore_state)
    with pytest.warns(UserWarning, match="no memory for batch_size=4"):
        trainer.fit()
    assert happened == ["forgotten", "free"]


def test_a_cpu_without_memory_says_so_of_the_batch(monkeypatch):
    trainer = make_long_trainer(batch_size=4)
    monkeypatch.setattr(trainer, "train_step", lambda *batches: torch.empty(2**50))
    with pytest.raises(MemoryError, match="no memory for batch_size=4 on the CPU"):
        trainer.fit()


def test_both_optimizers_slow_down_at_once():
    trainer = make_long_trainer()
    trainer.slow_down(0.5)
    for optimizer in (trainer.optimizer_g, trainer.optimizer_d):
        assert optimizer.param_groups[0]["lr"] == 5e-4


def test_running_out_of_memory_with_one_image_is_an_error(monkeypatch):
    trainer = make_trainer(dataclasses.replace(SMALL, batch_size=1))

    def train_step(real_s, real_t):
        raise torch.OutOfMemoryError("no memory")

    monkeypatch.setattr(trainer, "train_step", train_step)
    with pytest.raises(torch.OutOfMemoryError):
        trainer.fit()


def test_ctrl_c_finishes_the_step_and_leaves_a_checkpoint(tmp_path, monkeypatch):
    whole = make_trainer().fit()
    trainer = make_trainer()
    step = trainer.train_step

    def train_step(real_s, real_t):
        if trainer.n_iter == 1:
            signal.raise_signal(signal.SIGINT)
        return step(real_s, real_t)

    monkeypatch.setattr(trainer, "train_step", train_step)
    with pytest.raises(KeyboardInterrupt, match=r"stopped after 2 of 4 steps.*goes on"):
        trainer.fit(checkpoint=tmp_path / "at")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert_same_state(make_trainer().fit(checkpoint=tmp_path / "at"), whole)


def test_a_second_ctrl_c_stops_at_once(monkeypatch):
    trainer = make_trainer()

    def train_step(real_s, real_t):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(trainer, "train_step", train_step)
    with pytest.raises(KeyboardInterrupt):
        trainer.fit()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert trainer.n_iter == 0


# Resuming


@pytest.mark.parametrize("shape", [(8, 8), (5, 7, 3), (6,)], ids=str)
def test_two_and_two_steps_make_four(tmp_path, shape):
    whole = make_trainer(shape=shape).fit()
    make_trainer(shape=shape).fit(max_iter=2, checkpoint=tmp_path / "at")
    resumed = make_trainer(shape=shape)
    result = resumed.fit(checkpoint=tmp_path / "at")
    assert resumed.n_iter == 4
    assert_same_state(result, whole)
    assert result.history == whole.history


def test_a_checkpoint_is_written_every_thirty_seconds_and_at_the_end(tmp_path, monkeypatch):
    trainer, saved = make_long_trainer(max_iter=5), []
    clock = SimpleNamespace(monotonic=lambda: 20 * trainer.n_iter)
    monkeypatch.setattr(skgan_aug.training.loop, "time", clock)
    monkeypatch.setattr(
        skgan_aug.training.loop,
        "save_checkpoint",
        lambda trainer, path: saved.append(trainer.n_iter),
    )
    trainer.fit(checkpoint=tmp_path / "at")
    assert saved == [2, 4, 5]


class Dropping(nn.Module):
    """A generator that draws from torch's global generator."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1), nn.Dropout(0.5), nn.Tanh())

    def forward(self, x):
        return self.layers(x)


def test_networks_with_dropout_resume_and_repeat_too(tmp_path, global_rng_is_left_alone):
    X = make_rows()

    def make():
        cyclegan = CycleGAN(ImageSpec.from_array(X), generator=lambda spec: Dropping())
        return CycleGANTrainer(cyclegan, SMALL, X[:12], X[12:], seed=0)

    whole = make().fit()
    make().fit(max_iter=2, checkpoint=tmp_path / "at")
    assert_same_state(make().fit(checkpoint=tmp_path / "at"), whole)


@pytest.mark.slow
def test_what_is_compiled_has_the_same_gradients_and_resumes(tmp_path):
    X = make_rows((8, 8))

    def make(**change):
        cyclegan = CycleGAN(
            ImageSpec.from_array(X),
            generator=lambda spec: ResnetGenerator(1, n_filters=2, n_blocks=1),
        )
        config = dataclasses.replace(SMALL, n_snapshots=0, **change)
        return CycleGANTrainer(cyclegan, config, X[:12], X[12:], seed=0)

    trainers = make(), make(compile=True)
    for trainer in trainers:
        trainer.train_step(*trainer.draw_batches())
    for name in ("generator_st", "generator_ts", "discriminator_s", "discriminator_t"):
        plain, compiled = (
            torch.cat([p.grad.flatten() for p in getattr(each.cyclegan, name).parameters()])
            for each in trainers
        )
        assert plain.norm() > 0
        assert (compiled - plain).norm() < 1e-3 * plain.norm(), name

    whole = make(compile=True, precision="bfloat16").fit()
    trainer = make(compile=True, precision="bfloat16")
    trainer.fit(max_iter=2, checkpoint=tmp_path / "at")
    resumed = make(compile=True, precision="bfloat16").fit(checkpoint=tmp_path / "at")
    assert_same_state(resumed, whole)


def test_a_failed_write_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    path, whole = tmp_path / "at", make_trainer().fit(max_iter=2)
    make_trainer().fit(max_iter=1, checkpoint=path)
    before = path.read_bytes()

    def fail(descriptor):
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.warns(UserWarning, match=r"cannot be written \(disk full\)"):
            assert_same_state(make_trainer().fit(max_iter=2, checkpoint=path), whole)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_checkpoints_are_told_apart_by_what_shapes_training(tmp_path):
    X = make_rows((4, 4))
    spec = ImageSpec.from_array(X)

    def train(config, X, seed):
        train_cyclegan(spec, config, X[:12], X[12:], seed=seed, checkpoint_dir=tmp_path)
        return len(list(tmp_path.iterdir()))

    once = dataclasses.replace(SMALL, max_iter=1)
    assert train(once, X, 0) == 1
    assert train(once, X, 0) == 1
    assert train(dataclasses.replace(once, cycle_weight=3.0), X, 0) == 2
    assert train(once, X, 1) == 3
    assert train(once, X[::-1], 0) == 4


# It learns


def test_translations_of_vectors_move_to_the_target():
    """Two Gaussian clouds, two apart: after training, translations lie among the target's."""
    generator = np.random.RandomState(0)
    source = generator.normal([-1, 0], 0.2, size=(200, 2))
    target = generator.normal([1, 1], 0.2, size=(200, 2))
    spec = ImageSpec.from_array(np.concatenate([source, target]))
    config = dataclasses.replace(
        SMALL, max_iter=300, batch_size=32, learning_rate=5e-3, ema_decay=0.98, pool_size=64
    )
    cyclegan = train_cyclegan(spec, config, source, target)

    for rows, goal, reverse in ((source, target, False), (target, source, True)):
        translated = spec.decode(cyclegan.translate(rows, reverse=reverse))
        gap = np.linalg.norm(rows.mean(axis=0) - goal.mean(axis=0))
        assert np.linalg.norm(translated.mean(axis=0) - goal.mean(axis=0)) < 0.1 * gap


@pytest.mark.parametrize("seed", range(4))
def test_translations_of_vectors_leave_the_end_of_a_range(seed):
    """One column, constant in either class: source rows begin where the range ends."""
    source, target = np.ones((20, 1)), np.zeros((10, 1))
    spec = ImageSpec.from_array(np.concatenate([source, target]))
    config = dataclasses.replace(SMALL, max_iter=100, learning_rate=5e-3)
    cyclegan = train_cyclegan(spec, config, source, target, seed=seed)
    assert spec.decode(cyclegan.translate(source)).max() < 0.2


def test_the_auxiliary_classifier_tells_the_classes_apart():
    X = np.concatenate([make_rows()[:10] // 3, make_rows()[10:] // 3 + 170])
    spec = ImageSpec.from_array(X)
    config = dataclasses.replace(SMALL, max_iter=60, batch_size=8, learning_rate=2e-3)
    cyclegan = train_cyclegan(spec, config, X[:10], X[10:])
    scores = cyclegan.score_target(spec.encode(spec.as_tensor(X)))
    assert ((scores > 0) & (scores < 1)).all()
    assert scores[:10].max() < 0.5 < scores[10:].min()


@pytest.mark.parametrize(("side", "n_rows"), [(32, 768), (256, 85), (4096, 3)], ids=str)
def test_large_images_are_translated_fewer_at_a_time(side, n_rows):
    spec = ImageSpec((side, side, 3), (side, side, 3), "uint8", (0.0,), (255.0,))
    cyclegan = CycleGAN(spec)
    cyclegan.keep_snapshots(3)
    assert cyclegan.turn_size == n_rows


@pytest.mark.parametrize(
    ("shape", "sizes"), [((32, 32), [30]), ((128, 128), [16, 14]), ((9,), [30])], ids=str
)
def test_a_network_takes_few_large_images_at_once(shape, sizes):
    """Else what was trained in small batches could not translate, or score, for memory."""
    X, seen = np.random.RandomState(0).rand(30, *shape), []
    spec = ImageSpec.from_array(X)
    cyclegan = CycleGAN(spec, generator=lambda spec: Noting(seen, nn.PReLU()))
    trainer = CycleGANTrainer(cyclegan, LONG, X, X[:2], seed=0)
    for compute in (lambda: cyclegan.translate(X), trainer.target_score):
        seen.clear()
        compute()
        assert [len(x) for x in seen] == sizes


def test_translation_does_not_depend_on_the_batch():
    X = np.random.RandomState(0).uniform(size=(300, 3, 3))
    cyclegan = CycleGAN(ImageSpec.from_array(X))
    together = cyclegan.translate(X)
    assert together.shape == (300, 1, 3, 3)
    torch.testing.assert_close(cyclegan.translate(X[270:]), together[270:], atol=1e-6, rtol=0)
