"""What goes wrong around a fit never changes its result, loses a checkpoint, or is silent."""

import contextlib
import multiprocessing
import os
import random
import resource
import signal
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
import torch
from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.process_executor import TerminatedWorkerError
from numpy.testing import assert_array_equal
from PIL import Image
from torch import nn
from typer.testing import CliRunner

from skgan_aug import CycleGANOverSampler
from skgan_aug.cli._app import app
from skgan_aug.folders import augment_folder, plan_folder
from skgan_aug.persistence import load, save
from skgan_aug.training import CycleGANCache, CycleGANTrainer, loop, trainer

TINY_NETWORKS = "Some of the . translations are identical"
N_PAIRS = 2
MAX_ITER = 12
MAIN_PROCESS = "SKGAN_AUG_TEST_MAIN_PROCESS"


def make_problem():
    y = np.repeat([0, 1, 2], [24, 9, 9])
    X = np.random.RandomState(0).randint(128, size=(len(y), 8, 8)) + 50 * y[:, None, None]
    return X.astype(np.uint8), y


def make_generator(spec):
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 1, 1), nn.Tanh()
    )


def make_discriminator(spec):
    return nn.Sequential(nn.Conv2d(1, 4, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(4, 1, 1))


def make_sampler(**parameters):
    defaults = {
        "generator": make_generator,
        "discriminator": make_discriminator,
        "max_iter": MAX_ITER,
        "batch_size": 4,
        "random_state": 0,
    }
    return CycleGANOverSampler(**defaults | parameters)


def over_sample(**parameters):
    return make_sampler(**parameters).fit_resample(*make_problem())[0]


pytestmark = pytest.mark.filterwarnings(f"ignore:{TINY_NETWORKS}")


@pytest.fixture(scope="module")
def whole():
    """What a fit gives that nothing disturbs."""
    return over_sample()


@contextlib.contextmanager
def no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=TINY_NETWORKS)
        yield


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix != ".lock")


# Killed


def over_sample_logged(folder, result):
    """Fit, with checkpoints and memory; write the rows, and before that what was saved."""
    torch.set_num_threads(1)
    loop._CHECKPOINT_SECONDS = 0  # so that kills meet writing too
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    save_checkpoint, run_training = loop.save_checkpoint, trainer.run_training

    def note(what, trainer, checkpoint):
        os.write(log, f"{what} {checkpoint.stem} {trainer.n_iter}\n".encode())

    def logged_save(trainer, checkpoint):
        save_checkpoint(trainer, checkpoint)
        note("saved", trainer, checkpoint)

    def logged_training(trainer, until, *, checkpoint, **options):
        note("begun", trainer, checkpoint)
        run_training(trainer, until, checkpoint=checkpoint, **options)

    loop.save_checkpoint, trainer.run_training = logged_save, logged_training
    X_resampled = over_sample(memory=folder / "memory", checkpoint_dir=folder / "checkpoints")
    np.save(result.with_name("unfinished.npy"), X_resampled)
    os.replace(result.with_name("unfinished.npy"), result)


def start(folder):
    folder.mkdir(exist_ok=True)
    context = multiprocessing.get_context("fork")
    process = context.Process(target=over_sample_logged, args=(folder, folder / "result.npy"))
    process.start()
    return process


def assert_nothing_was_lost(folder):
    """Each training began where the last checkpoint was that had been saved before."""
    saved = {}
    for line in (folder / "log").read_text().splitlines():
        what, name, n_iter = line.split()
        if what == "begun":
            assert int(n_iter) >= saved.get(name, 0)
        else:
            saved[name] = int(n_iter)
    assert sorted(saved.values()) == [MAX_ITER] * N_PAIRS
    assert len(CycleGANCache(folder / "memory").entries()) == N_PAIRS


def seconds_of_a_fit(folder):
    begin = time.monotonic()
    start(folder).join()
    return time.monotonic() - begin


@pytest.mark.parametrize("n_kills", [3, pytest.param(50, marks=pytest.mark.slow)])
def test_kills_at_any_moment(tmp_path, whole, n_kills):
    seconds, moments = seconds_of_a_fit(tmp_path / "undisturbed"), random.Random(0)
    n_interrupted = 0
    for kill in range(3 * n_kills):
        if n_interrupted == n_kills:
            break
        folder = tmp_path / str(kill)
        process = start(folder)
        time.sleep(moments.uniform(0, seconds))
        process.kill()
        process.join()
        if process.exitcode == 0:  # had ended before: the machine is faster than it was
            seconds *= 0.8
        n_interrupted += process.exitcode == -signal.SIGKILL
        process = start(folder)
        process.join()
        assert process.exitcode == 0
        assert_array_equal(np.load(folder / "result.npy"), whole)
        assert_nothing_was_lost(folder)
    assert n_interrupted == n_kills


@pytest.mark.slow
def test_kills_again_and_again(tmp_path, whole):
    """It ends all the same, because each run begins where the last one was."""
    seconds, folder = seconds_of_a_fit(tmp_path / "undisturbed"), tmp_path / "killed"
    n_kills = 0
    while not (folder / "result.npy").exists():
        process = start(folder)
        process.join(seconds / 4)
        process.kill()
        process.join()
        n_kills += process.exitcode == -signal.SIGKILL
        assert n_kills < 50
    assert n_kills > 1
    assert_array_equal(np.load(folder / "result.npy"), whole)
    assert_nothing_was_lost(folder)


# Full and read-only disks


@contextlib.contextmanager
def mounted(folder, options):
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("may not mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


class SmallDisk:
    """A file system of a megabyte."""

    def __init__(self, folder):
        self.folder = folder

    @contextlib.contextmanager
    def full(self):
        filler = self.folder / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        yield
        filler.unlink()


class SmallFiles:
    """No file system of its own, but files cannot grow: where nobody may mount one."""

    def __init__(self, folder):
        self.folder = folder

    @contextlib.contextmanager
    def full(self):
        usual = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (16, usual[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, usual)


@pytest.fixture(params=[SmallDisk, SmallFiles])
def disk(request, tmp_path):
    folder = tmp_path / "disk"
    if request.param is SmallFiles:
        folder.mkdir()
        yield SmallFiles(folder)
    else:
        with mounted(folder, "size=1m"):
            yield SmallDisk(folder)


FULL = r"(No space left on device|File too large)"


@pytest.fixture
def interrupt(monkeypatch):
    """Make the next fit stop, as by Ctrl-C, after some steps."""

    def interrupt_after(n_steps):
        advance = CycleGANTrainer.advance

        def interrupted(trainer):
            advance(trainer)
            if trainer.n_iter == n_steps:
                monkeypatch.setattr(CycleGANTrainer, "advance", advance)
                os.kill(os.getpid(), signal.SIGINT)

        monkeypatch.setattr(CycleGANTrainer, "advance", interrupted)

    return interrupt_after


def test_a_full_disk_keeps_the_last_checkpoint(disk, whole, interrupt, monkeypatch):
    interrupt(7)
    with pytest.raises(KeyboardInterrupt, match="goes on from there"):
        over_sample(checkpoint_dir=disk.folder)
    (checkpoint,) = files(disk.folder)
    before = checkpoint.read_bytes()

    interrupt(9)
    monkeypatch.setattr(loop, "_CHECKPOINT_SECONDS", 0)
    cannot = rf"checkpoint cannot be written .*{FULL}.*{checkpoint.name}.*make room"
    with disk.full():
        with pytest.warns(UserWarning, match=cannot), pytest.raises(KeyboardInterrupt) as stop:
            over_sample(checkpoint_dir=disk.folder)
        assert "goes on from there" not in str(stop.value)
        assert checkpoint.read_bytes() == before
        with pytest.warns(UserWarning, match=cannot):
            assert_array_equal(over_sample(checkpoint_dir=disk.folder), whole)
        assert checkpoint.read_bytes() == before
    assert files(disk.folder) == [checkpoint]
    with no_warning():
        assert_array_equal(over_sample(checkpoint_dir=disk.folder), whole)


def test_a_full_disk_has_no_room_for_memory(disk, whole):
    with disk.full(), pytest.warns(UserWarning, match=rf"memory='.*disk' cannot .*{FULL}"):
        assert_array_equal(over_sample(memory=disk.folder), whole)
    assert files(disk.folder) == []
    for _ in range(2):
        with no_warning():
            assert_array_equal(over_sample(memory=disk.folder), whole)
        assert len(CycleGANCache(disk.folder).entries()) == N_PAIRS


def test_a_full_disk_keeps_the_last_saved_estimator(disk):
    X, y = make_problem()
    path = disk.folder / "sampler.safetensors"
    sampler = CycleGANOverSampler(max_iter=1, generator="masked", random_state=0)
    save(sampler, path)
    sampler.fit_resample(X, y)
    with disk.full():
        with pytest.raises(OSError, match=rf"{FULL}.*{path.name}"):
            save(sampler, path)
        assert files(disk.folder) == sorted(
            {path, disk.folder / "filler"} & {*disk.folder.iterdir()}
        )
    assert not hasattr(load(path), "cyclegans_")  # the one from before


@pytest.mark.parametrize("option", ["--json", "--plot", "--report"])
def test_a_full_disk_keeps_the_results_of_an_earlier_comparison(disk, option):
    path = disk.folder / {"--json": "a.json", "--plot": "a.png", "--report": "a.html"}[option]
    path.write_text("earlier")
    command = ["compare", "--samplers", "none,random", "--seeds", "1", "--jobs", "1"]
    with disk.full():
        outcome = CliRunner().invoke(
            app, [*command, "--classifier-steps", "1", option, str(path)]
        )
        assert outcome.exit_code == 2
        assert "random over-sampling" in outcome.stdout  # nobody has to compute it again
        assert path.name in outcome.stderr
        assert path.read_text() == "earlier"
    assert files(disk.folder) == [path]


def test_a_folder_goes_on_once_there_is_room(disk, tmp_path):
    root = tmp_path / "pets"
    rng = np.random.default_rng(0)
    for name, n in {"cat": 8, "dog": 3}.items():
        (root / name).mkdir(parents=True)
        for number in range(n):
            pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / name / f"{number}.png")
    plan = plan_folder(root, CycleGANOverSampler(max_iter=2, random_state=0))
    augment_folder(plan, tmp_path / "undisturbed")

    out = disk.folder / "out"
    with disk.full(), pytest.raises(OSError, match=FULL):
        augment_folder(plan, out)
    augment_folder(plan, out)
    for path in files(tmp_path / "undisturbed"):
        if path.is_file():
            copy = out / path.relative_to(tmp_path / "undisturbed")
            assert copy.read_bytes() == path.read_bytes()
    assert len(files(out)) == len(files(tmp_path / "undisturbed"))


@pytest.fixture
def read_only(tmp_path):
    """Call it to make the folder that it returns at first read-only."""
    folder = tmp_path / "read-only"
    if os.geteuid():
        folder.mkdir()
        yield folder, lambda: folder.chmod(0o555)
        folder.chmod(0o755)
    else:  # who is allowed everything
        with mounted(folder, "size=10m"):
            yield (
                folder,
                lambda: subprocess.run(["mount", "-o", "remount,ro", folder], check=True),
            )


def test_a_cache_that_may_only_be_read(read_only, whole):
    folder, lock_up = read_only
    over_sample(memory=folder)
    lock_up()
    with no_warning():  # what is there is found, and nothing evicted
        assert_array_equal(over_sample(memory=folder, cache_size=0), whole)
    other = over_sample(random_state=1)
    with pytest.warns(UserWarning, match="memory='.*read-only' cannot be written"):
        assert_array_equal(over_sample(memory=folder, random_state=1), other)
    with pytest.raises(ValueError, match=r"memory='.*new' cannot be made"):
        over_sample(memory=folder / "new")


def test_checkpoints_that_may_not_be_written(read_only, whole):
    folder, lock_up = read_only
    lock_up()
    with pytest.warns(UserWarning, match="checkpoint cannot be written .*checkpoint_dir"):
        assert_array_equal(over_sample(checkpoint_dir=folder), whole)
    with pytest.raises(ValueError, match=r"checkpoint_dir=.* cannot be made"):
        over_sample(checkpoint_dir=folder / "new")


# Clocks


def test_a_clock_that_goes_backwards(tmp_path, whole, monkeypatch):
    now = [time.time()]

    def backwards():
        now[0] -= 3600
        return now[0]

    monkeypatch.setattr(time, "time", backwards)
    monkeypatch.setattr(loop, "_CHECKPOINT_SECONDS", 0)
    folders = {"memory": tmp_path / "memory", "checkpoint_dir": tmp_path / "checkpoints"}
    for _ in range(2):
        with no_warning():
            assert_array_equal(over_sample(**folders), whole)


def test_entries_from_the_future(tmp_path, whole):
    """What was just trained is kept, and found again; what is older by then makes room."""
    over_sample(memory=tmp_path)
    (first, _) = entries = CycleGANCache(tmp_path).entries()
    in_a_year = time.time() + 365 * 86400
    for path in tmp_path.iterdir():
        os.utime(path, (in_a_year, in_a_year))
    with no_warning():
        assert_array_equal(over_sample(memory=tmp_path), whole)
    room = {"memory": tmp_path, "cache_size": 3 * first.n_bytes}
    other = over_sample(random_state=1)
    with no_warning():
        for _ in range(2):
            assert_array_equal(over_sample(random_state=1, **room), other)
    kept = {entry.key for entry in CycleGANCache(tmp_path).entries()}
    assert len(kept - {entry.key for entry in entries}) == N_PAIRS


# Workers


@pytest.fixture
def workers(monkeypatch):
    """Workers of their own, which know that they are none of ours."""
    monkeypatch.setenv(MAIN_PROCESS, str(os.getpid()))
    get_reusable_executor(max_workers=2).shutdown(wait=True)
    yield
    get_reusable_executor(max_workers=2).shutdown(wait=True)


def in_worker():
    return os.environ[MAIN_PROCESS] != str(os.getpid())


class Terminated(nn.Module):
    """Sends SIGTERM to the worker it is in, unless the environment says no."""

    def __init__(self, spec):
        super().__init__()
        self.network = make_generator(spec)
        self.n_calls = 0
        if in_worker():
            loop._CHECKPOINT_SECONDS = 0

    def forward(self, x):
        self.n_calls += 1
        if in_worker() and self.n_calls == 20 and os.environ["SKGAN_AUG_TEST_TERM"]:
            os.kill(os.getpid(), signal.SIGTERM)
        return self.network(x)


@pytest.mark.slow
def test_a_terminated_worker(workers, tmp_path, monkeypatch):
    expected = over_sample(generator=Terminated)
    folders = {"memory": tmp_path / "memory", "checkpoint_dir": tmp_path / "checkpoints"}
    monkeypatch.setenv("SKGAN_AUG_TEST_TERM", "1")
    with pytest.raises(TerminatedWorkerError, match="SIGTERM"):
        over_sample(generator=Terminated, n_jobs=2, **folders)
    assert files(tmp_path / "checkpoints")
    monkeypatch.setenv("SKGAN_AUG_TEST_TERM", "")
    get_reusable_executor(max_workers=2).shutdown(wait=True)
    assert_array_equal(over_sample(generator=Terminated, n_jobs=2, **folders), expected)


class Starved(nn.Module):
    """Leaves its worker few bytes beyond those that it has."""

    def __init__(self, spec):
        super().__init__()
        self.network = make_generator(spec)
        if in_worker():
            limit_memory(300)

    def forward(self, x):
        return self.network(x)


def limit_memory(n_megabytes):
    with open("/proc/self/statm") as file:
        n_pages = int(file.read().split()[0])
    n_bytes = n_pages * resource.getpagesize() + n_megabytes * 2**20
    resource.setrlimit(
        resource.RLIMIT_AS, (n_bytes, resource.getrlimit(resource.RLIMIT_AS)[1])
    )


needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.mark.slow
@needs_proc
def test_a_worker_without_memory(workers, whole):
    """The limit is set in the worker, and torch's allocator is what fails."""
    with pytest.raises(MemoryError, match=r"no memory for batch_size=4194304 .*lower it"):
        over_sample(generator=Starved, batch_size=2**22, n_jobs=2)
    get_reusable_executor(max_workers=2).shutdown(wait=True, kill_workers=True)
    assert_array_equal(over_sample(n_jobs=2), whole)


# Forks

IN_A_FORK = """
import os, sys, threading
import numpy as np, torch
from skgan_aug import CycleGANOverSampler, TorchCNNClassifier

assert torch.get_num_threads() == 2
y = np.repeat([0, 1], [24, 9])
X = np.random.RandomState(0).randint(256, size=(len(y), 32, 32)).astype(np.uint8)

def over_sample(max_iter=2):
    sampler = CycleGANOverSampler(max_iter=max_iter, batch_size=4, random_state=0)
    return sampler.fit_resample(X, y)[0]

def classify():
    return TorchCNNClassifier(max_epochs=2, random_state=0).fit(X, y).predict_proba(X)

images, probabilities = over_sample(), classify()
at_the_same_time = threading.Thread(target=over_sample, args=(20,))
if sys.argv[1] == "during a fit":
    at_the_same_time.start()
for _ in range(int(sys.argv[2])):
    child = os.fork()
    if not child:
        assert (over_sample() == images).all()
        np.testing.assert_allclose(classify(), probabilities, atol=1e-3)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
if sys.argv[1] == "during a fit":
    at_the_same_time.join()
assert torch.get_num_threads() == 2
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="cannot fork")
@pytest.mark.parametrize(
    ("moment", "n_forks"),
    [("after a fit", 1), pytest.param("during a fit", 5, marks=pytest.mark.slow)],
)
def test_forks_of_a_process_that_used_threads(moment, n_forks):
    """OpenMP's threads are not there in the child: without care it would wait for them."""
    # MKL's too: clusters of other tests leave it at 1 in this process.
    environment = os.environ | {"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}
    command = [sys.executable, "-c", IN_A_FORK, moment, str(n_forks)]
    subprocess.run(command, env=environment, check=True, timeout=300)
