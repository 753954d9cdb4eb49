"""
Search on a cluster
===================

Everything that runs at the same time does so through joblib. Any backend of joblib spreads a
search over machines; here it is dask, with workers inside this process in place of machines.
"""

# %%
# A search over two ratios in three folds. All workers share a folder of trained CycleGANs, so
# each is trained once per fold: whoever needs it first trains it, and the others wait.
import tempfile
import time

import joblib
import matplotlib.pyplot as plt
from imblearn.pipeline import make_pipeline
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier
from skgan_aug.datasets import load_digits_images, make_imbalanced_images
from skgan_aug.inspection import RatioCurveDisplay
from skgan_aug.training import CycleGANCache

X, y = load_digits_images(return_X_y=True)
X, y = make_imbalanced_images(X[y < 5], y[y < 5], rare=3, rare_count=18, random_state=0)
folder = tempfile.TemporaryDirectory()
search = GridSearchCV(
    make_pipeline(
        CycleGANOverSampler(max_iter=25, memory=folder.name, random_state=0),
        TorchCNNClassifier(max_epochs=5, random_state=0),
    ),
    {"cycleganoversampler__sampling_strategy": [0.3, 0.6]},
    scoring="balanced_accuracy",
    cv=StratifiedKFold(3, shuffle=True, random_state=0),
    refit=False,
)

# %%
# On a cluster, the client is given the address of its scheduler, such as
# ``Client("tcp://10.0.0.1:8786")``, and the folder lies where all workers see it. Nothing else
# changes. Where dask is not installed, joblib's own processes serve.
try:
    from dask.distributed import Client
except ImportError:
    client, backend = None, {"backend": "loky"}
else:
    client = Client(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None)
    backend = {"backend": "dask"}

start = time.perf_counter()
with joblib.parallel_config(**backend):
    search.fit(X, y)
print(f"{time.perf_counter() - start:.0f} s with {backend['backend']}")
trained = CycleGANCache(folder.name).entries()
print(len(trained), "CycleGANs trained: one rare digit in 3 folds, however many ratios")

# %%
# The same search again finds them all. Only classifiers are trained.
start = time.perf_counter()
with joblib.parallel_config(**backend):
    search.fit(X, y)
print(f"{time.perf_counter() - start:.0f} s, {len(CycleGANCache(folder.name).entries())} kept")
if client is not None:
    client.close()
folder.cleanup()

# %%
# Means of the folds and their spread.
RatioCurveDisplay.from_estimator(search)
plt.show()
