"""What is saved is loaded again to the bit, with its types, and goes on training."""

import datetime
import hashlib
import json
import os
import stat
import warnings
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline as PlainPipeline
from skorch.callbacks import Callback, EpochTimer, LRScheduler

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier
from skgan_aug.networks import MaskedGenerator
from skgan_aug.persistence import load, save

GOLDEN = Path(__file__).parent / "golden"
X = np.random.RandomState(0).randint(256, size=(30, 8, 8)).astype(np.uint8)
Y = np.repeat(["cat", "owl"], [20, 10])
QUICK = {"max_iter": 2, "batch_size": 2, "device": "cpu"}


def make_sampler(**params):
    return CycleGANOverSampler(**{**QUICK, "random_state": 0, **params})


def make_classifier(**params):
    return TorchCNNClassifier(
        **{"max_epochs": 2, "device": "cpu", "random_state": 0, **params}
    )


@pytest.fixture
def there_and_back(tmp_path):
    def save_and_load(estimator, **options):
        save(estimator, tmp_path / "saved")
        return load(tmp_path / "saved", **options)

    return save_and_load


def assert_same_learnt(loaded, saved):
    """Every fitted attribute that is data, equal in value and type."""
    names = [name for name in vars(saved) if name.endswith("_")]
    assert names == [name for name in vars(saved) if hasattr(loaded, name) and name in names]
    for name in set(names) - {"cyclegans_", "net_"}:
        wanted, value = getattr(saved, name), getattr(loaded, name)
        assert type(value) is type(wanted), name
        if isinstance(wanted, np.ndarray):
            assert value.dtype == wanted.dtype
            assert list(map(type, value)) == list(map(type, wanted))
            np.testing.assert_array_equal(value, wanted)
        else:
            assert value == wanted, name


# The sampler


@pytest.mark.parametrize(
    ("images", "params"),
    [
        (X, {}),
        (X.reshape(30, -1), {"image_shape": (8, 8)}),
        (X.repeat(2, axis=1).repeat(2, axis=2), {"max_size": 8}),
        (X, {"generator": "resnet", "source": "rest", "augment": None}),
        # Snapshots begin at step 300.
        (X.reshape(30, -1)[:, :2].astype(float), {"max_iter": 302, "n_snapshots": 2}),
    ],
    ids=["images", "flat images", "large images", "resnet", "vectors with snapshots"],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_sampler(there_and_back, images, params):
    sampler = make_sampler(**params)
    resampled = sampler.fit_resample(images, Y)
    loaded = there_and_back(sampler)
    assert type(loaded) is CycleGANOverSampler
    assert loaded.get_params() == sampler.get_params()
    assert_same_learnt(loaded, sampler)
    ((pair, cyclegan),) = loaded.cyclegans_.items()
    assert loaded.history_[pair] is cyclegan.history
    assert not cyclegan.training
    assert len(cyclegan.snapshots) == params.get("n_snapshots", 0)
    weights = sampler.cyclegans_[pair].state_dict()
    assert all(torch.equal(t, weights[name]) for name, t in cyclegan.state_dict().items())
    for source, target in (pair, pair[::-1]):
        translations = sampler.translate(images, source=source, target=target)
        kept = loaded.translate(images, source=source, target=target)
        np.testing.assert_array_equal(kept, translations)
        assert kept.dtype == translations.dtype
    for first, second in zip(resampled, loaded.fit_resample(images, Y), strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_sampler_that_is_only_fitted(there_and_back):
    sampler = make_sampler().fit(X, Y)
    loaded = there_and_back(sampler)
    assert_same_learnt(loaded, sampler)
    assert not hasattr(loaded, "cyclegans_")


# The classifier


@pytest.mark.parametrize("module", ["compact", "resnet", "paper"])
@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_a_classifier(there_and_back, module, optimizer):
    classifier = make_classifier(module=module, optimizer=optimizer, augmentation="flips")
    classifier.fit(X, Y)
    loaded = there_and_back(classifier)
    assert loaded.get_params() == classifier.get_params()
    assert_same_learnt(loaded, classifier)
    assert loaded.history_ is loaded.net_.history
    assert np.array_equal(loaded.predict_proba(X), classifier.predict_proba(X))
    assert np.array_equal(loaded.predict(X), classifier.predict(X))


@pytest.mark.parametrize("random_state", [0, None, np.random.RandomState(3)])
def test_training_goes_on_as_if_nothing_had_been(there_and_back, random_state):
    classifier = make_classifier(random_state=random_state, augmentation="shifts")
    classifier.fit(X, Y)
    loaded = there_and_back(classifier)
    for each in (classifier, loaded):
        if random_state is None:
            np.random.seed(5)
        each.partial_fit(X, Y).set_params(warm_start=True).fit(X[:15], Y[:15])
        each.partial_fit(X, Y)
        each.set_params(learning_rate=1e-4, batch_size=7).partial_fit(X, Y)
    assert np.array_equal(loaded.predict_proba(X), classifier.predict_proba(X))
    assert loaded.history_[:, "train_loss"] == classifier.history_[:, "train_loss"]
    if isinstance(random_state, np.random.RandomState):
        assert loaded._random_state is loaded.random_state


def test_a_rate_that_was_set_since_is_trained_on_with(tmp_path):
    callbacks = [("rate", LRScheduler("ExponentialLR", gamma=0.5))]
    own = {"learning_rate_schedule": "constant", "callbacks": callbacks}
    classifier = make_classifier(**own, learning_rate=1e-2).fit(X, Y)
    classifier.set_params(learning_rate=1e-4)
    with pytest.warns(UserWarning, match="callbacks"):
        save(classifier, tmp_path / "saved")
    loaded = load(tmp_path / "saved", params={"callbacks": callbacks})
    expected = classifier.partial_fit(X, Y).predict_proba(X)
    assert np.array_equal(loaded.partial_fit(X, Y).predict_proba(X), expected)
    rates = [each.net_.optimizer_.param_groups[0]["lr"] for each in (classifier, loaded)]
    assert rates[0] == rates[1] <= 1e-4


def test_what_is_loaded_in_inference_mode_can_be_trained(tmp_path):
    classifier = make_classifier().fit(X, Y)
    save(classifier, tmp_path / "saved")
    with torch.inference_mode():
        loaded = load(tmp_path / "saved")
    expected = classifier.partial_fit(X, Y).predict_proba(X)
    assert np.array_equal(loaded.partial_fit(X, Y).predict_proba(X), expected)


def test_partial_fit_of_the_first_call_goes_on(there_and_back):
    classifier = make_classifier().partial_fit(X[:5], Y[:5], classes=["cat", "dog", "owl"])
    loaded = there_and_back(classifier)
    assert loaded.classes_.tolist() == ["cat", "dog", "owl"]
    assert np.array_equal(
        loaded.partial_fit(X, Y).predict_proba(X),
        classifier.partial_fit(X, Y).predict_proba(X),
    )


LABELS = {
    "int64": np.array([-3, 7]),
    "uint8": np.array([0, 255], dtype=np.uint8),
    "big-endian": np.array([1, 2], dtype=">i4"),
    "bool": np.array([False, True]),
    "float32": np.array([0.0, 1.0], dtype=np.float32),
    "float64": np.array([1.0, 2.0]),
    "unicode": np.array(["", "größe 💡"]),
    "wide unicode": np.array(["a", "b"], dtype="<U40"),
    "object strings": np.array(["cat", "owl"], dtype=object),
}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_labels_of_any_dtype(there_and_back, labels):
    y = labels[(Y == "owl").astype(int)]
    vectors = X.reshape(30, -1)[:, :3]
    classifier = make_classifier().fit(vectors, y)
    loaded = there_and_back(classifier)
    assert_same_learnt(loaded, classifier)
    assert loaded.predict(vectors).dtype == classifier.predict(vectors).dtype
    sampler = make_sampler(source={labels[1]: labels[0]}, sampling_strategy={labels[1]: 15})
    sampler.fit_resample(vectors, y)
    loaded = there_and_back(sampler)
    assert_same_learnt(loaded, sampler)
    assert loaded.get_params() == sampler.get_params()
    assert list(map(type, loaded.source)) == list(map(type, sampler.source))
    ((pair, _),) = sampler.cyclegans_.items()
    assert [tuple(map(type, p)) for p in loaded.cyclegans_] == [tuple(map(type, pair))]
    assert np.array_equal(
        loaded.translate(vectors, source=pair[0], target=pair[1]),
        sampler.translate(vectors, source=pair[0], target=pair[1]),
    )


def test_names_of_columns(there_and_back):
    frame = pd.DataFrame(X.reshape(30, -1)[:, :3], columns=["a", "ä", "c"])
    classifier = make_classifier().fit(frame, Y)
    loaded = there_and_back(classifier)
    assert_same_learnt(loaded, classifier)
    with pytest.raises(ValueError, match="feature names"):
        loaded.predict(frame[["c", "a", "ä"]])
    sampler = make_sampler()
    sampler.fit_resample(frame, Y)
    assert_same_learnt(there_and_back(sampler), sampler)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, ">f8", np.float32, bool])
def test_dtypes_of_images(there_and_back, dtype):
    images = (X > 128).astype(dtype)
    classifier = make_classifier().fit(images, Y)
    loaded = there_and_back(classifier)
    assert loaded._spec == classifier._spec
    assert np.array_equal(loaded.predict_proba(images), classifier.predict_proba(images))


@pytest.mark.skipif(np.longdouble == np.float64, reason="there is no longer float")
@pytest.mark.parametrize("kind", ["classifier", "sampler"])
def test_what_was_fitted_on_longer_floats_is_refused(tmp_path, kind):
    if kind == "classifier":
        estimator = make_classifier().fit(X.astype(np.longdouble), Y)
    else:
        estimator = make_sampler()
        estimator.fit_resample(X.astype(np.longdouble), Y)
    with pytest.raises(ValueError, match=r"fitted on X of .*: fit it on X.astype\(np.float64"):
        save(estimator, tmp_path / "saved")


# Parameters


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"sampling_strategy": {"b": 3, 5: np.int64(4)}, "source": {5: "rest"}},
        {"image_shape": np.array([4, 4]), "learning_rate": np.float32(0.1)},
        {"image_shape": [4, 4, 1], "memory": Path("some/cache"), "augment": ["color"]},
        {"device": torch.device("cpu"), "checkpoint_dir": "ünï", "n_jobs": -1},
        {"random_state": np.int32(7), "source": "$dollar", "sampling_strategy": {"$x": 1}},
    ],
)
def test_parameters_keep_their_types(there_and_back, params):
    sampler = make_sampler(**params)
    loaded = there_and_back(sampler, device=None)
    assert vars(loaded).keys() == vars(sampler).keys()
    for name, wanted in sampler.get_params().items():
        value = getattr(loaded, name)
        assert type(value) is type(wanted), name
        np.testing.assert_equal(value, wanted)
    assert clone(loaded).get_params().keys() == sampler.get_params().keys()


def test_class_weights(there_and_back):
    classifier = make_classifier(class_weight={"cat": 1.0, "owl": np.float64(2)}).fit(X, Y)
    loaded = there_and_back(classifier)
    assert loaded.class_weight == classifier.class_weight
    assert np.array_equal(
        loaded.fit(X, Y).predict_proba(X), clone(classifier).fit(X, Y).predict_proba(X)
    )


def test_a_random_state_is_kept_where_it_is(there_and_back):
    random_state = np.random.RandomState(1)
    random_state.normal()
    loaded = there_and_back(make_sampler(random_state=random_state))
    assert loaded.random_state.normal() == random_state.normal()
    assert loaded.random_state.randint(10**6) == random_state.randint(10**6)


def small_generator(spec):
    return MaskedGenerator(spec.n_channels, n_filters=4, n_blocks=1)


def small_classifier(spec, n_classes):
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(n_classes))


@pytest.mark.filterwarnings("ignore:Lazy modules")
def test_code_is_left_out_and_asked_for(tmp_path):
    path = tmp_path / "saved"
    pipeline = Pipeline(
        [
            ("gan", make_sampler(generator=small_generator)),
            ("cnn", make_classifier(module=small_classifier, callbacks=[EpochTimer()])),
        ]
    )
    pipeline.fit(X, Y)
    with pytest.warns(UserWarning, match=r"gan__generator .*small_generator.*cnn__callbacks"):
        save(pipeline, path)
    with pytest.raises(ValueError, match=r"gan__generator was .*small_generator.*params="):
        load(path)
    params = {
        "gan__generator": small_generator,
        "cnn__module": small_classifier,
        "cnn__callbacks": None,
    }
    loaded = load(path, params=params)
    assert np.array_equal(loaded["cnn"].predict_proba(X), pipeline["cnn"].predict_proba(X))
    pair = {"source": "cat", "target": "owl"}
    assert np.array_equal(
        loaded["gan"].translate(X, **pair), pipeline["gan"].translate(X, **pair)
    )
    with pytest.raises(ValueError, match=r"params has \['cnn__verbose'\]"):
        load(path, params={**params, "cnn__verbose": 1})
    with pytest.raises(ValueError, match="should have"):
        load(path, params={**params, "gan__generator": "masked"})


def test_networks_that_the_parameters_do_not_make_are_refused(tmp_path):
    classifier = make_classifier().fit(X, Y).set_params(module="paper")
    with pytest.raises(ValueError, match="not what its parameters make"):
        save(classifier, tmp_path / "saved")
    assert list(tmp_path.iterdir()) == []


def test_a_size_that_networks_do_not_see_is_refused(tmp_path):
    X, y = np.random.default_rng(0).integers(0, 256, (40, 48, 48)), np.repeat([0, 1], [30, 10])
    sampler = make_sampler(max_size=36, max_iter=1)
    sampler.fit_resample(X.astype(np.uint8), y)
    sampler.set_params(max_size=44)  # as many layers, but other images
    with pytest.raises(ValueError, match=r"max_size=44 .*had when it was fitted"):
        save(sampler, tmp_path / "saved")
    assert list(tmp_path.iterdir()) == []


class Phases(torch.nn.Module):
    """Moves images by values drawn at random, which its ``state_dict`` may lack."""

    def __init__(self, network, spec, *, persistent):
        super().__init__()
        self.network = network
        phase = torch.randn(spec.n_channels, *spec.image_size)
        self.register_buffer("phase", phase, persistent=persistent)

    def forward(self, x):
        return self.network(torch.cos(x + self.phase))


@pytest.mark.parametrize("persistent", [False, True])
@pytest.mark.parametrize("parameter", ["generator", "discriminator", "module"])
def test_values_outside_a_state_dict_are_refused(tmp_path, parameter, persistent):
    def factory(spec, n_classes=1):
        n_values = spec.image_size[0] * spec.image_size[1]
        network = (
            small_generator(spec)
            if parameter == "generator"
            else torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(n_values, n_classes))
        )
        return Phases(network, spec, persistent=persistent)

    if parameter == "module":
        estimator = make_classifier(module=factory).fit(X, Y)
    else:
        estimator = make_sampler(**{parameter: factory})
        estimator.fit_resample(X, Y)
    if persistent:
        with pytest.warns(UserWarning, match=f"no data: {parameter}"):
            save(estimator, tmp_path / "saved")
    else:
        with pytest.raises(ValueError, match=rf"of {parameter}=.*outside its state_dict"):
            save(estimator, tmp_path / "saved")
        assert list(tmp_path.iterdir()) == []


class Tied(torch.nn.Module):
    """Two layers of one weight."""

    def __init__(self, n_values, n_classes):
        super().__init__()
        self.first, self.second = (torch.nn.Linear(n_values, n_values) for _ in range(2))
        self.second.weight = self.first.weight
        self.logits = torch.nn.Linear(n_values, n_classes)

    def forward(self, x):
        return self.logits(self.second(self.first(x.flatten(1)).relu()))


def test_weights_that_layers_share(tmp_path):
    def factory(spec, n_classes):
        return Tied(64, n_classes)

    classifier = make_classifier(module=factory).fit(X, Y)
    with pytest.warns(UserWarning, match="no data: module"):
        save(classifier, tmp_path / "saved")
    loaded = load(tmp_path / "saved", params={"module": factory})
    np.testing.assert_array_equal(loaded.predict_proba(X), classifier.predict_proba(X))


class WithExtraState(torch.nn.Linear):
    def forward(self, x):
        return super().forward(x.flatten(1))

    def get_extra_state(self):
        return {"a": 1}

    def set_extra_state(self, state):
        pass


def test_state_that_is_no_tensor_is_refused(tmp_path):
    classifier = make_classifier(module=lambda spec, n: WithExtraState(64, n)).fit(X, Y)
    with pytest.raises(ValueError, match=r"_extra_state .* is a dict, but only tensors"):
        save(classifier, tmp_path / "saved")


class Clock(Callback):
    def on_epoch_end(self, net, **kwargs):
        net.history.record("when", datetime.date(2000, 1, 1))


def test_a_history_that_is_no_data_is_refused(tmp_path):
    classifier = make_classifier(callbacks=[Clock()]).fit(X, Y)
    with pytest.raises(ValueError, match=r"history_ .* holds date .* as 'when'"):
        save(classifier, tmp_path / "saved")
    for epoch in classifier.history_:
        del epoch["when"]
    with pytest.warns(UserWarning, match="callbacks"):
        save(classifier, tmp_path / "saved")


def test_labels_that_are_no_data_are_refused(tmp_path):
    labels = np.array([3 + 1j, 2], dtype=object)
    classifier = make_classifier().fit(X, Y)
    classifier.classes_ = labels
    with pytest.raises(ValueError, match=r"classes_ of this TorchCNNClassifier holds complex"):
        save(classifier, tmp_path / "saved")


def test_parameters_that_cannot_be_are_refused(tmp_path):
    with pytest.raises(ValueError, match="max_iter"):
        save(make_sampler(max_iter=-1), tmp_path / "saved")


# Pipelines


@pytest.mark.parametrize("kind", [Pipeline, PlainPipeline])
def test_a_pipeline(there_and_back, kind):
    steps = [("gan", make_sampler()), ("idle", "passthrough"), ("cnn", make_classifier())]
    pipeline = kind(steps if kind is Pipeline else steps[1:], verbose=False).fit(X, Y)
    loaded = there_and_back(pipeline)
    assert type(loaded) is kind
    assert list(loaded.named_steps) == list(pipeline.named_steps)
    assert np.array_equal(loaded.predict_proba(X), pipeline.predict_proba(X))
    for name in loaded.named_steps.keys() - {"idle"}:
        assert loaded[name].get_params() == pipeline[name].get_params()
        assert_same_learnt(loaded[name], pipeline[name])
    clone(loaded).fit(X, Y)


def test_unfitted_estimators(there_and_back):
    for estimator in (CycleGANOverSampler(), TorchCNNClassifier()):
        loaded = there_and_back(estimator, device=None)
        assert vars(loaded) == vars(estimator)
    pipeline = there_and_back(Pipeline([("a", make_sampler()), ("b", make_classifier())]))
    assert vars(pipeline["b"]) == vars(make_classifier())
    pipeline.fit(X, Y)


def test_other_estimators_are_refused_by_name(tmp_path):
    def refused(estimator, match):
        with pytest.raises(ValueError, match=match):
            save(estimator, tmp_path / "saved")

    class Own(TorchCNNClassifier):
        pass

    refused(RandomOverSampler(), "this is RandomOverSampler")
    refused(Own(), "this is Own")
    steps = [("more", RandomOverSampler()), ("cnn", make_classifier())]
    refused(Pipeline(steps), "step 'more' is RandomOverSampler")
    refused(Pipeline([("inner", Pipeline(steps))]), "step 'inner' is Pipeline")
    search = GridSearchCV(make_classifier(max_epochs=1), {}, cv=2).fit(X, Y)
    refused(search, "search: save its best_estimator_")
    assert list(tmp_path.iterdir()) == []


def test_a_pipeline_s_memory_is_not_kept(tmp_path):
    path = tmp_path / "saved"
    pipeline = Pipeline([("cnn", make_classifier())], memory=str(tmp_path / "cache"))
    with pytest.warns(UserWarning, match=r"memory .*load\(path, params={'memory'"):
        save(pipeline, path)
    with pytest.raises(ValueError, match="memory"):
        load(path)
    memory = joblib.Memory(None)
    assert load(path, params={"memory": memory}).memory is memory


# Files


def test_the_device_is_that_of_loading(there_and_back):
    classifier = make_classifier(device="auto").fit(X, Y)
    assert there_and_back(classifier).device == "cpu"
    assert there_and_back(classifier, device=None).device == "auto"
    assert there_and_back(classifier, device="auto").device == "auto"
    with pytest.raises(ValueError, match=r"device='cuda:99' is not available"):
        there_and_back(classifier, device="cuda:99")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_from_a_gpu_to_a_cpu_and_back(there_and_back):
    pipeline = Pipeline([("gan", make_sampler()), ("cnn", make_classifier())])
    pipeline.set_params(gan__device="cuda", cnn__device="cuda").fit(X, Y)
    on_cpu = there_and_back(pipeline)
    on_gpu = there_and_back(on_cpu, device="cuda")
    wanted = pipeline.predict_proba(X)
    assert on_cpu["cnn"].net_.device == "cpu"
    assert next(on_gpu["cnn"].net_.module_.parameters()).is_cuda
    np.testing.assert_array_equal(on_gpu.predict_proba(X), wanted)
    np.testing.assert_allclose(on_cpu.predict_proba(X), wanted, atol=1e-4)
    for each in (on_cpu, on_gpu):
        each["cnn"].partial_fit(X, Y)
        each["gan"].translate(X, source="cat", target="owl")


def test_an_optimiser_of_the_user_starts_anew(tmp_path):
    classifier = make_classifier(optimizer=torch.optim.RMSprop).fit(X, Y)
    with pytest.warns(UserWarning, match="optimizer"):
        save(classifier, tmp_path / "saved")
    loaded = load(tmp_path / "saved", params={"optimizer": torch.optim.RMSprop})
    assert np.array_equal(loaded.predict_proba(X), classifier.predict_proba(X))
    assert not loaded.net_.optimizer_.state
    loaded.partial_fit(X, Y)


class Wide(torch.nn.Module):
    """Computes in another dtype than its images are."""

    def __init__(self, n_classes, dtype):
        super().__init__()
        self.linear = torch.nn.Linear(64, n_classes, dtype=dtype)

    def forward(self, x):
        return self.linear(x.flatten(1).to(self.linear.weight.dtype))


@pytest.mark.filterwarnings("ignore:.*does not hold what is no data")
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_moments_of_weights_of_any_dtype(there_and_back, dtype):
    def wide(spec, n_classes):
        return Wide(n_classes, dtype)

    classifier = make_classifier(module=wide, precision="float32").fit(X, Y)
    loaded = there_and_back(classifier, params={"module": wide})
    both = [each.partial_fit(X, Y).predict_proba(X) for each in (loaded, classifier)]
    assert np.array_equal(*both)


def test_an_optimiser_of_another_kind_starts_anew(there_and_back):
    classifier = make_classifier(optimizer="adamw").fit(X, Y)
    loaded = there_and_back(classifier.set_params(optimizer="sgd"))
    assert np.array_equal(loaded.predict_proba(X), classifier.predict_proba(X))
    both = [each.partial_fit(X, Y).predict_proba(X) for each in (loaded, classifier)]
    assert np.array_equal(*both)


def test_what_was_held_back_is_held_back_again(there_and_back):
    classifier = make_classifier(early_stopping=True, warm_start=True).fit(X, Y)
    loaded = there_and_back(classifier)
    losses = [
        [epoch["valid_loss"] for epoch in each.fit(X, Y).history_]
        for each in (loaded, classifier)
    ]
    assert losses[0] == losses[1]


def test_the_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "saved"
    save(make_classifier(), path)
    before = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) & 0o444 == 0o444

    def interrupted(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr("skgan_aug._files.os.fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(make_classifier(max_epochs=7), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not hasattr(os, "fchmod"), reason="no such permissions here")
def test_a_file_that_is_replaced_passes_on_its_permissions(tmp_path):
    path = tmp_path / "saved"
    for mode in (0o600, 0o640):
        save(make_classifier(), path)
        path.chmod(mode)
        save(make_classifier(max_epochs=7), path)
        assert stat.S_IMODE(path.stat().st_mode) == mode


def test_where_a_link_leads_is_written(tmp_path):
    (tmp_path / "link").symlink_to("saved")
    for max_epochs in (3, 4):  # first it leads nowhere
        save(make_classifier(max_epochs=max_epochs), tmp_path / "link")
        assert (tmp_path / "link").is_symlink()
        assert load(tmp_path / "saved").max_epochs == max_epochs


def test_folders_and_pipes_are_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(ValueError, match="is no file, but a folder or device"):
            save(make_classifier(), path)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_loading_while_another_process_saves(tmp_path, monkeypatch):
    path, sha256 = tmp_path / "saved", hashlib.sha256
    saves = [make_classifier(max_epochs=4)]

    def disturbed(*args):  # the moment when the file is checked
        if saves:
            save(saves.pop(), path)
        return sha256(*args)

    save(make_classifier(max_epochs=3), path)
    monkeypatch.setattr(hashlib, "sha256", disturbed)
    assert load(path).max_epochs == 3
    assert load(path).max_epochs == 4


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load(tmp_path / "nowhere")


@pytest.mark.filterwarnings("ignore:Lazy modules")
@pytest.mark.usefixtures("global_rng_is_left_alone")
def test_global_generators_are_left_alone(there_and_back):
    classifier = make_classifier(module=small_classifier).fit(X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        there_and_back(classifier, params={"module": small_classifier})


def test_golden_files_of_protocol_1():
    from golden.make_protocol_1 import make_data

    X_golden, y_golden = make_data()
    expected = json.loads((GOLDEN / "expected_1.json").read_text())
    sampler = load(GOLDEN / "sampler_1.safetensors")
    dogs = X_golden[y_golden == "dog"]
    translations = sampler.translate(dogs, source="dog", target="owl")
    np.testing.assert_allclose(translations, expected["translations"], rtol=1e-4)
    assert sampler.source_indices_.tolist() == expected["source_indices"]
    assert sampler.sampling_strategy_ == {"owl": 12}
    pipeline = load(GOLDEN / "pipeline_1.safetensors")
    probabilities = pipeline.predict_proba(X_golden)
    np.testing.assert_allclose(probabilities, expected["probabilities"], rtol=1e-4)
    classifier = pipeline["classifier"]
    assert classifier.history_[:, "train_loss"] == expected["losses"]
    assert classifier.classes_.tolist() == ["cat", "dog", "owl"]
    classifier.partial_fit(X_golden, y_golden)
