"""How fast the engine trains.

    python benchmarks/bench_training.py [--device cuda] [--json results/bench_training.json]

Alternates, in one process, steps of the plain float32 transcription kept in the tests with
steps of the engine on the same networks, batches and data; then the default networks with the
paper's; then seconds and memory of the default, as ``fit_resample`` trains it: each pair on
one thread of a CPU. Give it idle cores: what is compared runs in turn, so that what disturbs
one disturbs the other, but seconds are seconds. With ``--only`` the other figures of the file
stay.
"""

import argparse
import json
import multiprocessing
import resource
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from skgan_aug._devices import resolve_precision
from skgan_aug._threads import one_thread
from skgan_aug.images import ImageSpec
from skgan_aug.networks import PaperDiscriminator, ResnetGenerator
from skgan_aug.over_sampling import CycleGANOverSampler
from skgan_aug.training import CycleGAN, CycleGANTrainer, TrainingConfig

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from plain_cyclegan import PlainCycleGAN, plain_discriminator, plain_generator

BATCH, SIDE = 16, 48
ROUNDS, STEPS = 25, 3  # medians over rounds; each is so many steps of everyone in turn
MAX_ITER = 10_000  # of the schedule; nobody gets there
MULTIPLIERS = ("amx_bf16", "avx512_bf16", "avx512_fp16")  # what "auto" precision asks for


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--json", type=Path, default=None)
    parser.add_argument("--only", nargs="+", choices=BENCHES, default=list(BENCHES))
    options = parser.parse_args()
    device = torch.device(options.device)
    results = {"threads": torch.get_num_threads(), "torch": torch.__version__}
    if device.type == "cuda":
        results["gpu"] = torch.cuda.get_device_name(device)
    else:
        processor = torch.cpu.get_capabilities()
        results["processor"] = {name: processor.get(name) for name in MULTIPLIERS}
    if options.json is not None and options.json.exists():
        results = json.loads(options.json.read_text()) | results
    for name in options.only:
        results[name] = BENCHES[name](device)
        print(f"\n{name}")
        for row, values in results[name].items():
            print(f"  {row:42}", values)
        if options.json is not None:
            options.json.write_text(json.dumps(results, indent=1) + "\n")


def bench_same_networks(device):
    """Pairs per second: the transcription, and the engine in three ways."""
    n_filters = 32
    runners = {
        "plain transcription, float32": plain_steps(n_filters, device),
        "engine, float32": engine_steps(n_filters, "float32", device),
        "engine, bfloat16": engine_steps(n_filters, "bfloat16", device),
    }
    if device.type == "cpu":
        runners["engine, bfloat16, compiled"] = engine_steps(
            n_filters, "bfloat16", device, compile=True
        )
    return in_turn(runners, baseline="plain transcription, float32")


def bench_default(device):
    """Pairs per second: the paper's networks in float32, and the default."""
    runners = {
        "paper's networks, float32": engine_steps(64, "float32", device),
        "default": default_steps(SIDE, device),
    }
    if device.type == "cpu":
        runners["default, compiled"] = default_steps(SIDE, device, compile=True)
    else:
        trainer = default_trainer(SIDE, device)
        trainer.graphs = None
        runners["default, without CUDA graphs"] = steps_of(trainer)
    return in_turn(runners, baseline="paper's networks, float32")


def in_turn(runners, baseline):
    """Median pairs per second, spread, and ratio to the baseline within each round."""
    rates: dict = {name: [] for name in runners}
    first = {}
    for name, run in runners.items():  # first calls choose kernels, fill caches and compile
        start = time.perf_counter()
        run(1)
        first[name] = time.perf_counter() - start
    for _ in range(ROUNDS):
        for name, run in runners.items():
            start = time.perf_counter()
            run(STEPS)
            rates[name].append(STEPS * BATCH / (time.perf_counter() - start))
    table = {}
    for name, own in rates.items():
        ratios = [a / b for a, b in zip(own, rates[baseline], strict=True)]
        table[name] = {
            "pairs_per_s": round(statistics.median(own), 1),
            "lowest": round(min(own), 1),
            "highest": round(max(own), 1),
            "ratio": round(statistics.median(ratios), 2),
            "first_step_s": round(first[name]),
        }
    return table


def bench_precisions(device):
    """By size of the image: pairs per second of the default in either precision."""
    table = {}
    for side in (28, 32, 48, 64):
        runners = {
            name: default_steps(side, device, precision=name)
            for name in ("float32", "bfloat16")
        }
        with one_thread():
            rows = in_turn(runners, baseline="float32")
        table |= {f"{side}x{side}, {name}": row for name, row in rows.items()}
    return table


def bench_flops(device):
    """Floating-point operations per second of a default step, and of large products."""
    trainer = default_trainer(SIDE, device)
    batches = trainer.draw_batches()
    with FlopCounterMode(display=False) as counter:
        trainer.train_step(*batches)
    seconds = median_seconds(lambda: finished(trainer.train_step(*batches)))
    precision = trainer.config.precision
    peak = matmul_peak(getattr(torch, precision), device)
    achieved = counter.get_total_flops() / seconds
    return {
        "GFLOP per step": round(counter.get_total_flops() / 1e9, 1),
        "GFLOP/s of a step": round(achieved / 1e9),
        f"GFLOP/s of {precision} products": round(peak / 1e9),
        "share": round(achieved / peak, 2),
    }


def matmul_peak(dtype, device):
    n = 2048 if device.type == "cpu" else 8192
    a, b = (torch.randn(n, n).to(device, dtype) for _ in range(2))
    return 2 * n**3 / median_seconds(lambda: finished((a @ b)[0, 0]))


def finished(result):
    """Wait for what a GPU still computes."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return result


def bench_sizes(device):
    """Seconds that the default takes for a pair of classes, from the time of some steps."""
    default = CycleGANOverSampler()
    table = {}
    sizes = {f"{side}x{side}": (side, 64) for side in (28, 32, 48, 64, 128, 224)}
    sizes |= {f"{side}x{side}, `max_size=None`": (side, None) for side in (128, 224)}
    for name, (side, max_size) in sizes.items():
        run = steps_of(default_trainer(side, device, max_size=max_size))
        with one_thread():
            step = median_seconds(lambda: run(4)) / 4  # noqa: B023
        table[name] = {
            "s_per_step": round(step, 4),
            "s_per_pair": round(step * default.max_iter),
        }
    return table


def bench_memory(device):
    """Peak memory that training adds on 50,000 images, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_train_on_many, (device,))


def _train_on_many(device, n=50_000):
    X = np.random.default_rng(0).integers(0, 256, size=(n, SIDE, SIDE), dtype=np.uint8)
    small = default_trainer(SIDE, device)  # what networks and kernels take once and for all
    small.train_step(*small.draw_batches())
    before = _peak_mb(device)
    spec = ImageSpec.from_array(X)
    trainer = CycleGANTrainer(
        CycleGAN(spec), default_config(device), X[: n // 2], X[n // 2 :], seed=0, device=device
    )
    for _ in range(3):
        trainer.train_step(*trainer.draw_batches())
    return {"input MB": round(X.nbytes / 2**20), "added MB": round(_peak_mb(device) - before)}


def _peak_mb(device):
    """Of the GPU where there is one, else of the process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def median_seconds(call, n=7):
    call()
    seconds = []
    for _ in range(n):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def make_rows(side, n=256):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, size=(n, side, side), dtype=np.uint8)


def plain_steps(n_filters, device):
    generators = [plain_generator(1, n_filters).to(device) for _ in range(2)]
    discriminators = [plain_discriminator(1, n_filters).to(device) for _ in range(2)]
    plain = PlainCycleGAN(*generators, *discriminators, pool_size=0)
    X = torch.from_numpy(make_rows(SIDE)).unsqueeze(1).to(device)

    def draw():
        return X[torch.randint(len(X), (BATCH,))].float() / 127.5 - 1

    def run(n):
        for _ in range(n):
            plain.step(draw(), draw())
        finished(None)

    return run


def engine_steps(n_filters, precision, device, *, compile=False):
    """The engine doing what the transcription does: no further losses, pool or averages."""
    config = TrainingConfig(
        max_iter=MAX_ITER,
        batch_size=BATCH,
        identity_weight=0.0,
        classifier_weight=0.0,
        real_label=0.9,
        pool_size=0,
        ema_decay=0.0,
        augment=(),
        precision=precision,
        compile=compile,
    )
    X = make_rows(SIDE)
    cyclegan = CycleGAN(
        ImageSpec.from_array(X),
        generator=lambda spec: ResnetGenerator(1, n_filters=n_filters),
        discriminator=lambda spec: PaperDiscriminator(1, spec.image_size, n_filters=n_filters),
    )
    return steps_of(CycleGANTrainer(cyclegan, config, X, X, seed=0, device=device))


def default_config(device, *, precision="auto", compile=False):
    default = CycleGANOverSampler(compile=compile)
    names = TrainingConfig.__dataclass_fields__.keys() & default.get_params().keys()
    values = {name: getattr(default, name) for name in names - {"precision", "max_iter"}}
    precision = resolve_precision(precision, device, is_image=True)
    return TrainingConfig(**values, max_iter=MAX_ITER, precision=precision)


def default_trainer(side, device, *, max_size=64, **options):
    X, config = make_rows(side), default_config(device, **options)
    cyclegan = CycleGAN(ImageSpec.from_array(X), max_size=max_size)
    return CycleGANTrainer(cyclegan, config, X, X, seed=0, device=device)


def default_steps(side, device, **options):
    return steps_of(default_trainer(side, device, **options))


def steps_of(trainer):
    """All that a step of a training does: the watching classifier rests three of four."""

    def run(n):
        for _ in range(n):
            trainer.advance()
        finished(None)

    return run


BENCHES = {
    "same networks, 32 filters": bench_same_networks,
    "default beside the paper's 64 filters": bench_default,
    "default in either precision": bench_precisions,
    "achieved": bench_flops,
    "default by size": bench_sizes,
    "memory": bench_memory,
}

if __name__ == "__main__":
    main()
