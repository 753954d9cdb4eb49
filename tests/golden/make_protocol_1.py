"""Write the golden files of protocol 1: ``python tests/golden/make_protocol_1.py``.

Run once, by the version that brought the protocol. Later versions must load what it wrote,
so it is kept to show how, not to be run again.
"""

import json
from pathlib import Path

import numpy as np
from imblearn.pipeline import Pipeline

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier
from skgan_aug.persistence import save

HERE = Path(__file__).parent


def make_data():
    rng = np.random.RandomState(0)
    y = np.repeat(["cat", "dog", "owl"], [30, 20, 8])
    X = rng.randn(len(y), 2) + 3.0 * np.searchsorted(["cat", "dog", "owl"], y)[:, None]
    return X, y


def main():
    X, y = make_data()
    sampler = CycleGANOverSampler(
        sampling_strategy={"owl": 20},
        source="dog",
        max_iter=60,
        n_snapshots=0,
        device="cpu",
        random_state=0,
    )
    sampler.fit_resample(X, y)
    pipeline = Pipeline(
        [
            ("sampler", CycleGANOverSampler(synthetic_fraction=0.0, random_state=0)),
            ("classifier", TorchCNNClassifier(optimizer="sgd", random_state=0)),
        ]
    )
    pipeline.set_params(classifier__max_epochs=10, classifier__learning_rate=0.1)
    pipeline.set_params(sampler__device="cpu", classifier__device="cpu").fit(X, y)
    save(sampler, HERE / "sampler_1.safetensors")
    save(pipeline, HERE / "pipeline_1.safetensors")
    expected = {
        "translations": sampler.translate(X[y == "dog"], source="dog", target="owl").tolist(),
        "probabilities": pipeline.predict_proba(X).tolist(),
        "source_indices": sampler.source_indices_.tolist(),
        "losses": pipeline["classifier"].history_[:, "train_loss"],
    }
    (HERE / "expected_1.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
