"""Files that strangers made: caches, checkpoints, data, folders of images.

Saved models have their own, in ``test_persistence_hostile.py``. Each case makes one file or
folder; ``guarded`` watches that nothing in it is run, nothing outside is touched, and memory
stays bounded.
"""

import builtins
import gzip
import io
import json
import os
import pickle
import socket
import struct
import subprocess
import sys
import time
import warnings
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from filelock import FileLock
from PIL import Image
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from skgan_aug import CycleGANOverSampler
from skgan_aug.datasets import (
    load_fashion_mnist,
    load_fer2013,
    load_image_folder,
    load_npz,
)
from skgan_aug.folders import augment_folder, plan_folder
from skgan_aug.training import CycleGANCache, CycleGANTrainer
from skgan_aug.training.cache import _checksum

LINUX = sys.platform.startswith("linux")
pytestmark = pytest.mark.skipif(os.name == "nt", reason="links, pipes and limits of POSIX")

X = np.random.RandomState(0).rand(12, 6)
Y = np.repeat(["common", "rare"], [8, 4])
MEGABYTE = 2**20


class Evil:
    """What pickles itself as an order to write a file."""

    def __init__(self, marker):
        self.marker = str(marker)

    def __reduce__(self):
        return os.mkdir, (self.marker,)


@pytest.fixture
def guarded(tmp_path, monkeypatch):
    """A folder whose neighbours must stay as they are, under a limit of memory."""
    folder, secret = tmp_path / "folder", tmp_path / "secret"
    folder.mkdir()
    secret.write_bytes(b"a secret that nobody may read or change")
    before = secret.stat()
    monkeypatch.chdir(folder)
    opened = []
    real_open, real_os_open = builtins.open, os.open

    def watched(real):
        def call(path, *args, **kwargs):
            file = real(path, *args, **kwargs)
            opened.append(os.path.realpath(path) if isinstance(path, str | Path) else "")
            return file

        return call

    monkeypatch.setattr(builtins, "open", watched(real_open))
    monkeypatch.setattr(io, "open", watched(io.open))
    monkeypatch.setattr(os, "open", watched(real_os_open))
    with at_most_memory(1 << 30):
        yield folder
    monkeypatch.undo()
    assert sorted(tmp_path.iterdir()) == [folder, secret], "something was written outside"
    after = secret.stat()
    assert secret.read_bytes().startswith(b"a secret")
    assert (after.st_mtime_ns, after.st_nlink) == (before.st_mtime_ns, before.st_nlink)
    assert str(secret) not in opened


class at_most_memory:  # noqa: N801
    """Let little more be allocated, where the system can see to it."""

    def __init__(self, n_bytes):
        self.n_bytes = n_bytes

    def __enter__(self):
        if LINUX:
            import resource

            used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf(
                "SC_PAGESIZE"
            )
            self.before = resource.getrlimit(resource.RLIMIT_AS)
            resource.setrlimit(resource.RLIMIT_AS, (used + self.n_bytes, self.before[1]))

    def __exit__(self, *exception):
        if LINUX:
            import resource

            resource.setrlimit(resource.RLIMIT_AS, self.before)


# In place of a file: what can lie under its name


def put_link_out(path):
    path.unlink(missing_ok=True)
    path.symlink_to(path.parents[1] / "secret")


def put_link_to_itself(path):
    path.unlink(missing_ok=True)
    path.symlink_to(path.name)


def put_zeros_for_ever(path):
    path.unlink(missing_ok=True)
    path.symlink_to("/dev/zero")


def put_pipe(path):
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def put_socket(path):
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(path))


def put_device(path):
    path.unlink(missing_ok=True)
    try:
        os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero
    except PermissionError:
        pytest.skip("needs root")


def put_folder(path):
    path.unlink(missing_ok=True)
    path.mkdir()


def put_hole(path):
    """A terabyte that takes no room."""
    with open(path, "wb") as file:
        file.truncate(1 << 40)


def put_nothing(path):
    path.write_bytes(b"")


def put_pickle(path):
    path.write_bytes(pickle.dumps(Evil(path.parent / "executed")))


def put_torch_pickle(path):
    torch.save({"weights": Evil(path.parent / "executed")}, path)


def put_joblib(path):
    path.write_bytes(zlib.compress(pickle.dumps(Evil(path.parent / "executed"))))


def put_text(path):
    path.write_text("[" * 100_000)


def put_half(path):
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2])


def put_flipped(path):
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 255
    path.write_bytes(raw)


IN_PLACE = [
    *(put_link_out, put_link_to_itself, put_zeros_for_ever, put_pipe, put_socket, put_device),
    *(put_folder, put_hole, put_nothing, put_pickle, put_torch_pickle, put_joblib, put_text),
    *(put_half, put_flipped),
]
in_place = pytest.mark.parametrize("put", IN_PLACE, ids=lambda put: put.__name__[4:])


# Caches


def resample(**params):
    sampler = CycleGANOverSampler(max_iter=2, batch_size=2, random_state=0, device="cpu")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Some of the")
        return sampler.set_params(**params).fit_resample(X, Y)[0]


@pytest.fixture(scope="module")
def expected():
    return resample()


@pytest.fixture
def n_steps(monkeypatch):
    done, step = [], CycleGANTrainer.train_step

    def counted(self, *args):
        done.append(1)
        return step(self, *args)

    monkeypatch.setattr(CycleGANTrainer, "train_step", counted)
    return done


@pytest.mark.parametrize("suffix", [".json", ".safetensors"])
@in_place
def test_a_cache_with_something_else_in_it(guarded, expected, n_steps, put, suffix):
    resample(memory=guarded)
    (path,) = guarded.glob(f"*{suffix}")
    put(path)
    with pytest.warns(UserWarning, match="trained anew"):
        again = resample(memory=guarded)
    np.testing.assert_array_equal(again, expected)
    assert len(n_steps) == 4
    CycleGANCache(guarded).entries()
    CycleGANCache(guarded).clear()
    assert not (guarded / "executed").exists()


def test_a_lock_that_is_a_link_out(guarded, expected):
    resample(memory=guarded)
    for path in guarded.glob("*.json"):
        path.unlink()
    for path in guarded.glob("*.lock"):
        put_link_out(path)
    (lock,) = guarded.glob("*.lock") or [None]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.testing.assert_array_equal(resample(memory=guarded), expected)
    assert lock.is_symlink() or lock.is_file()


def forged(**changes):
    """Change a record, and make its checksum right."""

    def put(folder):
        (path,) = folder.glob("*.json")
        record = json.loads(path.read_text()) | changes
        raw = path.with_suffix(".safetensors").read_bytes()
        record["sha256"] = changes.get("sha256", _checksum(raw, record["history"]))
        path.write_text(json.dumps(record))

    return put


def reweighted(change):
    """Change tensors, and make the checksum right."""

    def put(folder):
        (path,) = folder.glob("*.safetensors")
        tensors = load_tensors(path.read_bytes())
        change(tensors)
        path.write_bytes(save_tensors(tensors))
        forged()(folder)

    return put


def first(make):
    def change(tensors):
        name = sorted(tensors)[0]
        tensors[name] = make(tensors[name]).contiguous()

    return change


RECORD = {"n_iter": 900, "target_score": 0.5, "discriminator_s": 0.2, "discriminator_t": 0.2}
FORGED = {
    "no history": forged(history=None),
    "a history of text": forged(history="evil"),
    "a history of lists": forged(history=[[1, 2]]),
    "a history without losses": forged(history=[{"n_iter": 900}]),
    "a history of text for numbers": forged(history=[RECORD | {"n_iter": "900"}]),
    "a history of huge numbers": forged(history=[RECORD | {"n_iter": 10**400}]),
    "a history that is not finite": forged(history=[RECORD | {"target_score": float("nan")}]),
    "another protocol": forged(protocol=99),
    "a checksum of another kind": forged(sha256=["a"]),
    "weights of another shape": reweighted(first(lambda weights: weights[..., :1])),
    "weights too many": reweighted(lambda tensors: tensors.update(x=torch.zeros(1))),
    "weights too few": reweighted(lambda tensors: tensors.popitem()),
    "weights elsewhere": reweighted(lambda t: t.update({"../../secret": t.popitem()[1]})),
    "far more weights": reweighted(lambda t: t.update(x=torch.zeros(2**25))),
}


@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED)
def test_a_cache_forged_with_the_right_checksum(guarded, expected, n_steps, change):
    resample(memory=guarded)
    with at_most_memory(1 << 32):
        change(guarded)
    with pytest.warns(UserWarning, match="trained anew"):
        np.testing.assert_array_equal(resample(memory=guarded), expected)
    assert len(n_steps) == 4


# Checkpoints


def checkpoint_in(folder):
    resample(checkpoint_dir=folder)
    (path,) = folder.glob("*.pt")
    return path


@in_place
def test_a_checkpoint_that_is_something_else(guarded, n_steps, put):
    path = checkpoint_in(guarded)
    put(path)
    with pytest.raises(ValueError, match=r"\.pt is no checkpoint .*Remove it"):
        resample(checkpoint_dir=guarded)
    assert len(n_steps) == 2, "it trained before it failed"
    assert os.path.lexists(path), "a checkpoint was lost"
    assert not (guarded / "executed").exists()


def in_state(**changes):
    def change(path):
        state = torch.load(path, weights_only=True)
        torch.save(state | changes, path)

    return change


def packed(path):
    """A bomb: the same archive, packed, with many zeros in it."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
        archive.writestr("archive/data/bomb", bytes(20 * MEGABYTE))


def without_pools(path):
    state = torch.load(path, weights_only=True)
    del state["pools"]
    torch.save(state, path)


def with_huge_rows(path):
    state = torch.load(path, weights_only=True)
    state["pools"] = [torch.zeros(1).expand(2, 1, 10**6, 10**6)] * 2
    torch.save(state, path)


def with_long_pools(path):
    state = torch.load(path, weights_only=True)
    state["pools"] = [pool[:1].expand(10**6, *pool.shape[1:]) for pool in state["pools"]]
    torch.save(state, path)


def with_best(n_weights=None, width=0, history=None, **changes):
    """As ``early_stopping`` keeps it: of the averages, which are parts of the state."""

    def change(path):
        state = torch.load(path, weights_only=True)
        weights = state["parts"][1:-2][:n_weights]
        name, first = next(iter(weights[0].items()))
        weights[0] = {**weights[0], name: torch.cat([first] * (1 + width))}
        state["best"] = {"n_iter": 2, "score": 0.5, "weights": weights} | changes
        torch.save(state if history is None else state | {"history": history}, path)

    return change


STATES = {
    "steps before the first": in_state(n_iter=-(10**12)),
    "steps after the last": in_state(n_iter=10**12),
    "half a step": in_state(n_iter=0.5),
    "a huge batch": in_state(batch_size=10**12),
    "no batch": in_state(batch_size=0),
    "a huge rate": in_state(slowdown=1e300),
    "a history of text": in_state(history="evil"),
    "no random state": in_state(rng=torch.zeros(3)),
    "pools of text": in_state(pools=["a", "b"]),
    "one pool": in_state(pools=[None]),
    "huge images": with_huge_rows,
    "huge pools": with_long_pools,
    "whole numbers in a pool": in_state(pools=[torch.zeros(1, 6).long()] * 2),
    "losses of text": in_state(losses=["x"]),
    "losses of a batch": in_state(losses=[{"crossing": torch.zeros(2)}]),
    "losses of whole numbers": in_state(losses=[{"crossing": torch.tensor(1)}]),
    "best of a number": in_state(best=3),
    "best of a later step": with_best(n_iter=3),
    "best of a step of text": with_best(n_iter="x"),
    "best of no score": with_best(score=float("nan")),
    "best of a score of text": with_best(score="x"),
    "best of one network": with_best(n_weights=1),
    "best of other weights": with_best(width=1),
    "best of no history": with_best(history=[]),
    "no parts": in_state(parts=[]),
    "parts of text": in_state(parts=["x"] * 9),
    "a state in a list": lambda path: torch.save([1, 2], path),
    "without pools": without_pools,
    "a bomb": packed,
    "in the old format": lambda path: torch.save(
        {"n_iter": 1}, path, _use_new_zipfile_serialization=False
    ),
}


def test_best_weights_of_this_training_are_taken(guarded, n_steps):
    with_best()(checkpoint_in(guarded))
    resample(checkpoint_dir=guarded)
    assert len(n_steps) == 2


@pytest.mark.parametrize("change", STATES.values(), ids=STATES)
def test_a_checkpoint_of_another_state(guarded, n_steps, change):
    change(checkpoint_in(guarded))
    with pytest.raises(ValueError, match=r"\.pt is no checkpoint .*Remove it"):
        resample(checkpoint_dir=guarded)
    assert len(n_steps) == 2


# Archives of arrays


def npy(descr="<f8", shape="(4, 2)", data=bytes(64), order="False", more=""):
    """A .npy file with any header."""
    header = f"{{'descr': {descr!r}, 'fortran_order': {order}, 'shape': {shape}{more}}}"
    header = header.encode("latin1")
    return b"\x93NUMPY\x02\x00" + struct.pack("<I", len(header)) + header + data


def archive_of(X=None, y=None, compression=zipfile.ZIP_STORED, **others):
    """An archive with these .npy files as they are."""
    y = npy("<i8", "(4,)", bytes(32)) if y is None else y
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", compression) as archive:
        for name, content in {"X": npy() if X is None else X, "y": y, **others}.items():
            archive.writestr(f"{name}.npy", content)
    return raw.getvalue()


def pickled(folder):
    raw = io.BytesIO()
    np.lib.format.write_array(
        raw, np.array([Evil(folder / "executed")] * 4), allow_pickle=True
    )
    return raw.getvalue()


def encrypted():
    raw = bytearray(archive_of())
    raw[6] |= 1  # the flag of the first member, and of its entry in the directory
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    return bytes(raw)


def zip_bomb():
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("X.npy", "w", force_zip64=True) as file:
            file.write(npy("|u1", f"({300 * MEGABYTE}, 1)", b""))
            for _ in range(300):
                file.write(bytes(MEGABYTE))
        archive.writestr("y.npy", npy("<i8", "(4,)", bytes(32)))
    return raw.getvalue()


def lying_bomb():
    """One that claims, in the directory of the archive, to be small."""
    raw = bytearray(zip_bomb())
    entry = raw.index(b"PK\x01\x02")
    raw[entry + 24 : entry + 28] = struct.pack("<I", 200)
    return bytes(raw)


NPZ = {
    "pickled images": lambda folder: archive_of(X=pickled(folder)),
    "pickled labels": lambda folder: archive_of(y=pickled(folder)),
    "a pickle": lambda folder: pickle.dumps(Evil(folder / "executed")),
    "objects in the header": lambda folder: archive_of(X=npy("|O")),
    "a structure of objects": lambda folder: archive_of(X=npy([("a", "|O")])),
    "code in the header": lambda folder: archive_of(X=npy(shape="__import__('os').getcwd()")),
    "a deep header": lambda folder: archive_of(X=npy(shape="(" * 9000 + ")" * 9000)),
    "a long header": lambda folder: archive_of(X=npy(more=" " * MEGABYTE)),
    "terabytes in the header": lambda folder: archive_of(X=npy(shape="(4, 1000000000000)")),
    "more than int64": lambda folder: archive_of(X=npy(shape=f"(4, {10**30})")),
    "a product beyond int64": lambda folder: archive_of(X=npy(shape=f"({2**62}, {2**62})")),
    "a negative shape": lambda folder: archive_of(X=npy(shape="(-4, 2)")),
    "a shape of text": lambda folder: archive_of(X=npy(shape="('a', 2)")),
    "a shape of fractions": lambda folder: archive_of(X=npy(shape="(4.0, 2)")),
    "a hundred dimensions": lambda folder: archive_of(X=npy(shape="(1,) * 100")),
    "huge text for labels": lambda folder: archive_of(y=npy("<U99999999", "(4,)")),
    "truncated data": lambda folder: archive_of(X=npy(data=bytes(60))),
    "half an archive": lambda folder: archive_of()[:150],
    "complex images": lambda folder: archive_of(X=npy("<c16", data=bytes(128))),
    "images of text": lambda folder: archive_of(X=npy("<U2", data=bytes(64))),
    "images of dates": lambda folder: archive_of(X=npy("<M8[s]")),
    "images of a structure": lambda folder: archive_of(X=npy([("a", "<f4"), ("b", "<f4")])),
    "one image": lambda folder: archive_of(X=npy(shape="()", data=bytes(8))),
    "an encrypted member": lambda folder: encrypted(),
    "a zip bomb": lambda folder: zip_bomb(),
    "a zip bomb that lies": lambda folder: lying_bomb(),
    "broken packing": lambda folder: (
        archive_of(compression=zipfile.ZIP_DEFLATED).replace(b"x", b"\xff")[:60] + bytes(99)
    ),
    "nothing": lambda folder: b"",
    "text": lambda folder: b"X, y\n1, 2\n",
}


@pytest.mark.parametrize("make", NPZ.values(), ids=NPZ)
def test_archives_that_are_refused(guarded, make):
    path = guarded / "set.npz"
    with at_most_memory(1 << 32):
        path.write_bytes(make(guarded))
    with pytest.raises(ValueError, match=r"set\.npz"):
        load_npz(path)
    assert list(guarded.iterdir()) == [path]


def test_what_is_not_asked_for_is_not_read(guarded):
    others = {"evil": pickled(guarded), "../../secret": npy(), "/etc/passwd": npy()}
    (guarded / "set.npz").write_bytes(archive_of(**others))
    assert load_npz(guarded / "set.npz").data.shape == (4, 2)
    assert list(guarded.iterdir()) == [guarded / "set.npz"]


@pytest.mark.parametrize("put", [put_pipe, put_socket, put_device, put_folder, put_hole])
def test_archives_that_are_no_files(guarded, put):
    put(guarded / "set.npz")
    with pytest.raises((ValueError, OSError), match=r"set\.npz"):
        load_npz(guarded / "set.npz")


# Fashion-MNIST


def idx(*sizes, n_bytes=0, magic=b"\0\0\x08", n_dimensions=None):
    dimensions = bytes([len(sizes) if n_dimensions is None else n_dimensions])
    return magic + dimensions + b"".join(struct.pack(">I", n) for n in sizes) + bytes(n_bytes)


IDX = {
    "another kind of number": idx(2, 2, 2, n_bytes=8, magic=b"\0\0\x0d"),
    "another beginning": idx(2, 2, 2, n_bytes=8, magic=b"PK\x03"),
    "gigabytes": idx(60000, 2**16, 2**16),
    "more than int64": idx(*[2**32 - 1] * 3),
    "none of huge ones": idx(0, 2**32 - 1, 2**32 - 1),
    "255 dimensions": idx(*[1] * 255, n_bytes=1),
    "no dimension": idx(n_bytes=1),
    "dimensions left out": idx(2, n_dimensions=3),
    "a byte too few": idx(2, 2, 2, n_bytes=7),
    "a byte too many": idx(2, 2, 2, n_bytes=9),
    "nothing": b"",
    "a pickle": pickle.dumps(Evil("executed")),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize("raw", IDX.values(), ids=IDX)
def test_idx_files_that_are_refused(guarded, raw, packed):
    write_fashion(guarded, raw, packed=packed)
    with pytest.raises(ValueError, match="train-images"):
        load_fashion_mnist(guarded)


def write_fashion(folder, images, *, packed):
    for part in ("train", "t10k"):
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx(2, n_bytes=2))
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx(2, 2, 2, n_bytes=8))
    path = folder / "train-images-idx3-ubyte"
    path.write_bytes(images)
    if packed:
        path.with_suffix(".gz").write_bytes(gzip.compress(images))
        path.unlink()


@pytest.mark.parametrize("n", [2, 300 * 2**10, 2**32 - 1])
def test_a_gz_bomb(guarded, n):
    write_fashion(guarded, b"", packed=False)
    path = guarded / "train-images-idx3-ubyte"
    path.unlink()
    zeros = gzip.compress(bytes(MEGABYTE))  # any number of these is one file of as many
    path.with_suffix(".gz").write_bytes(gzip.compress(idx(n, 32, 32)) + 2000 * zeros)
    with pytest.raises(ValueError, match="train-images"):
        load_fashion_mnist(guarded)


# FER2013

PIXELS = " ".join(["7"] * 48 * 48)
FER = {
    "a line without end": "emotion,pixels,Usage\n3," + "1 " * 5 * MEGABYTE,
    "a header without end": "emotion," * 5 * MEGABYTE,
    "a huge field in the header": f"emotion,pixels,{'x' * MEGABYTE}\n",
    "a quote without end": 'emotion,pixels,Usage\n3,"' + "1\n" * MEGABYTE,
    "fields without end": "emotion,pixels,Usage\n" + "," * MEGABYTE,
    "a huge number": f"emotion,pixels,Usage\n3,{'9' * 6000},Training",
    "numbers beyond bytes": f"emotion,pixels,Usage\n3,{PIXELS[:-1]}256,Training",
    "negative numbers": f"emotion,pixels,Usage\n3,-{PIXELS},Training",
    "code": "emotion,pixels,Usage\n3,__import__('os').mkdir('executed'),Training",
    "a formula": f"emotion,pixels,Usage\n=cmd(),{PIXELS},Training",
    "zero bytes": "emotion,pixels,Usage\n3,\0\0\0,Training",
    "a terminal's orders": f"emotion,pixels,Usage\n3,{PIXELS},\x1b[2J",
    "another emotion": f"emotion,pixels,Usage\n-1,{PIXELS},Training",
    "the same column twice": f"emotion,emotion,pixels\n3,3,{PIXELS[2:]}",
    "nothing": "",
}


@pytest.mark.parametrize("text", FER.values(), ids=FER)
def test_csv_files_that_are_refused(guarded, text):
    (guarded / "fer2013.csv").write_text(text)
    with pytest.raises(ValueError, match=r"fer2013\.csv"):
        load_fer2013(guarded / "fer2013.csv")
    assert not (guarded / "executed").exists()


def test_a_csv_file_of_nothing_but_a_hole(guarded):
    put_hole(guarded / "fer2013.csv")
    with pytest.raises(ValueError, match=r"fer2013\.csv"):
        load_fer2013(guarded)


# Folders of images


def png(width=8, height=8, data=None, *chunks):
    """A PNG that claims any size."""

    def chunk(kind, content):
        checksum = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)

    data = zlib.compress(bytes((width + 1) * height)) if data is None else data
    size = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + b"".join([chunk(b"IHDR", size), *[chunk(*c) for c in chunks], chunk(b"IDAT", data)])
        + chunk(b"IEND", b"")
    )


def image_of(mode, suffix, **options):
    raw = io.BytesIO()
    Image.new(mode, (8, 8)).save(raw, suffix, **options)
    return raw.getvalue()


def tiff(width, height):
    """A TIFF of one strip that is not there."""
    entries = [(256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 8), (279, 9)]
    raw = b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries))
    for tag, value in entries:
        raw += struct.pack("<HHII", tag, 4, 1, value)
    return raw + bytes(4)


BOMB = zlib.compress(bytes(200 * MEGABYTE), 1)
IMAGES = {
    "10,000 pixels square.png": png(10_000, 10_000, zlib.compress(bytes(10_001))),
    "gigapixels.png": png(2**31 - 1, 2**31 - 1, zlib.compress(b"")),
    "wide.png": png(2**31 - 1, 1, zlib.compress(b"")),
    "no width.png": png(0, 8, zlib.compress(b"")),
    "gigapixels.bmp": b"BM"
    + struct.pack("<IIIIiiHH", 54, 0, 54, 40, 2**30, 2**30, 1, 24)
    + bytes(24),
    "gigapixels.gif": b"GIF89a"
    + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0)
    + b","
    + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0)
    + b"\x02\x00;",
    "gigapixels.ppm": b"P6 99999 99999 255\n",
    "gigapixels.tiff": tiff(2**31, 2**31),
    "gigapixels.jpg": image_of("RGB", "jpeg").replace(
        b"\xff\xc0\x00\x11\x08\x00\x08\x00\x08", b"\xff\xc0\x00\x11\x08\xff\xff\xff\xff"
    ),
    "a text bomb.png": png(8, 8, None, (b"zTXt", b"a\0\0" + BOMB)),
    "a profile bomb.png": png(8, 8, b"", (b"iCCP", b"a\0\0" + BOMB)),
    "too few pixels.png": png(8, 8, zlib.compress(bytes(5))),
    "half.jpg": image_of("RGB", "jpeg")[:300],
    "half.webp": image_of("RGB", "webp")[:20],
    "a pickle.png": pickle.dumps(Evil("executed")),
    "a script.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n",
    "a vector image.png": b"<svg xmlns='http://www.w3.org/2000/svg'><a href='/etc/passwd'/>",
    "an archive.png": archive_of(),
    "levels of no range.tiff": image_of("F", "tiff"),
}


@pytest.mark.parametrize("name", IMAGES)
def test_images_that_are_refused(guarded, name):
    folder = guarded / "cat"
    folder.mkdir()
    (folder / "whole.png").write_bytes(png())
    (folder / name).write_bytes(IMAGES[name])
    with pytest.warns(UserWarning, match="1 of 2 image files cannot be read"):
        data = load_image_folder(guarded, size=8, unreadable="list")
    assert len(data.images) == 1
    assert [file for file, _ in data.unreadable] == [str(folder / name)]


def test_a_long_line_of_pixels_is_read(guarded):
    (guarded / "cat").mkdir()
    (guarded / "cat" / "long.png").write_bytes(png(10_000, 1))
    assert load_image_folder(guarded, size=8).images.shape == (1, 8, 8)


@pytest.mark.parametrize(
    "put",
    [
        *(put_link_out, put_link_to_itself, put_zeros_for_ever, put_pipe, put_socket),
        *(put_device, put_hole, put_nothing, put_pickle),
    ],
    ids=lambda put: put.__name__[4:],
)
def test_what_lies_under_the_name_of_an_image(guarded, put):
    folder = guarded / "cat"
    folder.mkdir()
    (folder / "whole.png").write_bytes(png())
    if put is put_link_out:
        (folder / "evil.png").symlink_to(guarded.parent / "secret")
    else:
        put(folder / "evil.png")
    with pytest.warns(UserWarning, match="1 of 2 image files cannot be read"):
        data = load_image_folder(guarded, size=8, unreadable="list")
    assert len(data.images) == 1


NAMES = ["a\nb.png", "-rf.png", "..png.png", "a;b.png", "\x1b[2J.png", "'\"$(id)`id`.png"]
NAMES += ["é日.png", "a\\..\\b.png", "%2e%2e%2f.png", "CON.png", "x" * 250 + ".png"]


@pytest.mark.parametrize("name", NAMES)
def test_names_are_but_names(guarded, name):
    for folder in ("cat", "a\nb"):
        (guarded / folder).mkdir()
        (guarded / folder / "0.png").write_bytes(png())
    (guarded / "cat" / name).write_bytes(png())
    data = load_image_folder(guarded)
    is_hidden = name.startswith(".")
    assert len(data.images) == 3 - is_hidden
    assert data.target_names.tolist() == ["a\nb", "cat"]


def test_links_among_folders(guarded):
    folder = guarded / "cat"
    (folder / "inside").mkdir(parents=True)
    (folder / "inside" / "0.png").write_bytes(png())
    (folder / "up").symlink_to(guarded)
    (folder / "root").symlink_to("/")
    (folder / "inside" / "loop").symlink_to("../inside")
    with pytest.warns(UserWarning, match="3 of 4 image files cannot be read"):
        data = load_image_folder(guarded, unreadable="list")
    assert len(data.images) == 1


def test_folders_without_end(guarded):
    folder = guarded / "cat"
    folder.mkdir()
    (folder / "0.png").write_bytes(png())
    here = os.getcwd()
    os.chdir(folder)
    try:
        for _ in range(1500):  # deeper than Python recurses
            os.mkdir("a")
            os.chdir("a")
        os.chdir(here)
        assert len(load_image_folder(guarded).images) == 1
    finally:
        os.chdir(here)
        # shutil, by which pytest tidies up, recurses.
        subprocess.run(["rm", "-rf", folder / "a"], check=True)


# Folders that an interrupted run left


@pytest.fixture
def begun(guarded, monkeypatch):
    """A plan, and an output that was interrupted once its images were made."""
    for name, n in (("cat", 4), ("dog", 2)):
        (guarded / "pets" / name).mkdir(parents=True)
        for number in range(n):
            pixels = np.random.RandomState(number).randint(256, size=(8, 8))
            file = guarded / "pets" / name / f"{number}.png"
            Image.fromarray(pixels.astype(np.uint8)).save(file)
    plan = plan_folder(guarded / "pets", CycleGANOverSampler(max_iter=1, random_state=0))

    def interrupted(self, *args):
        raise KeyboardInterrupt

    out = guarded / "out"
    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        patch.setattr("skgan_aug.folders._output.OutputFolder.publish", interrupted)
        augment_folder(plan, out)
    return plan, out, out / ".skgan-aug" / "class0.json"


def rows_of(part, **changes):
    """A part whose first row has other values."""
    columns = ("file", "class", "kind", "source_file", "score")
    rows = [dict(zip(columns, row, strict=True)) for row in part["rows"]]
    rows[0] |= changes
    return part | {"rows": [list(row.values()) for row in rows]}


PARTS = {
    "a name outside": lambda part: rows_of(part, file="../../secret2.png"),
    "an absolute name": lambda part: rows_of(part, file="/tmp/secret2.png"),
    "a source outside": lambda part: rows_of(
        part, kind="duplicate", source_file="../../secret", file="dog/stolen.png"
    ),
    "an absolute source": lambda part: rows_of(
        part, kind="duplicate", source_file="/etc/passwd", file="dog/stolen.png"
    ),
    "a name that is none": lambda part: rows_of(part, file=["dog"]),
    "rows of text": lambda part: {"rows": "evil", "warnings": []},
    "short rows": lambda part: {"rows": [["a"]], "warnings": []},
    "warnings of numbers": lambda part: part | {"warnings": [1]},
    "a list": lambda part: [part],
    "nothing": lambda part: None,
}


@pytest.mark.parametrize("change", PARTS.values(), ids=PARTS)
def test_a_begun_folder_that_was_changed(begun, change):
    plan, out, path = begun
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(ValueError, match=r"lies outside|is damaged"):
        augment_folder(plan, out)
    assert not list(out.rglob("*stolen*"))


@pytest.mark.parametrize(
    "put", [put_link_out, put_zeros_for_ever, put_pipe, put_hole, put_text, put_pickle]
)
def test_a_begun_folder_with_something_else_in_it(begun, put):
    plan, out, path = begun
    put(path)
    with pytest.raises(ValueError, match="is damaged"):
        augment_folder(plan, out)


@pytest.mark.parametrize("where", ["class", "work"])
def test_a_begun_folder_that_leads_out(begun, where, tmp_path):
    plan, out, path = begun
    moved = out / "dog" if where == "class" else path.with_suffix("")
    path.unlink()
    for file in moved.iterdir():
        file.unlink()
    moved.rmdir()
    moved.symlink_to(tmp_path)
    with pytest.raises(ValueError, match="lies outside"):
        augment_folder(plan, out)


def test_a_held_lock_is_waited_for_alone(guarded):
    """A stranger's lock keeps others waiting; it is the one thing that may."""
    resample(memory=guarded)
    (lock,) = guarded.glob("*.lock")
    started = time.monotonic()
    with FileLock(lock):
        resample(memory=guarded)  # what is there is read without it
    assert time.monotonic() - started < 30
