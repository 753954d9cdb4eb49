"""Where to compute, in which precision, and whether it can be compiled."""

import warnings
from contextlib import contextmanager, nullcontext
from itertools import islice

import torch

# What torch raises where a device is not there, or cannot be used.
_NO_DEVICE = (RuntimeError, AssertionError, ImportError)
# What torch says without a class of error for it: on POSIX systems, on Windows; on Macs.
_NO_MEMORY_ON_CPU = ("can't allocate memory", "DefaultCPUAllocator: not enough memory")
_NO_MEMORY_ON_MPS = "MPS backend out of memory"


def own_precision(device):
    """Compute in the dtypes of tensors inside the block, whatever autocast says outside.

    Parameters
    ----------
    device : torch.device or str
        Where.

    Returns
    -------
    context : context manager
    """
    kind = torch.device(device).type
    if not torch.is_autocast_enabled(kind):
        return nullcontext()  # one that is off has old versions of torch warn on MPS
    return torch.autocast(kind, enabled=False)


@contextmanager
def bfloat16_products(device):
    """Multiply matrices in bfloat16 inside the block.

    Torch keeps its casts of the weights until the outermost autocast ends. That may be one of
    the caller's, even one that is off, and the next step would compute with the old weights.

    Parameters
    ----------
    device : torch.device
        Where.
    """
    try:
        with torch.autocast(device.type, torch.bfloat16):
            yield
    finally:
        torch.clear_autocast_cache()


def resolve_device(device):
    """Choose a device.

    Parameters
    ----------
    device : str or torch.device
        "auto" takes cuda, then mps, then cpu, whichever is there and computes.

    Returns
    -------
    device : torch.device

    Raises
    ------
    ValueError
        When there is no such device here.

    Warns
    -----
    UserWarning
        When "auto" passes over a GPU that is there, but does not compute.

    Examples
    --------
    >>> from skgan_aug._devices import resolve_device
    >>> resolve_device("cpu")
    device(type='cpu')
    """
    if device == "auto":
        return _first_that_computes()
    try:
        resolved = torch.device(device)
        _compute_on(resolved)
    except _NO_DEVICE as error:
        raise ValueError(
            f"device={device!r} is not available here. Use 'auto' or one of "
            f"{_present_devices()}."
        ) from error
    return resolved


def _first_that_computes():
    *gpus, cpu = map(torch.device, _present_devices())
    return next((gpu for gpu in gpus if _computes(gpu)), cpu)


def _computes(gpu):
    """Whether a GPU that is there does; a warning says why not."""
    try:
        _compute_on(gpu)
    except _NO_DEVICE as error:  # too old for this build of torch, say, or full
        reason = str(error).partition("\n")[0]
        warnings.warn(f"{gpu} is there, but does not compute: {reason}", stacklevel=5)
        return False
    return True


def _compute_on(device):
    # More than zeros, which some GPUs can still make; "meta" cannot tell what comes out.
    (torch.zeros(1, device=device) + 1).item()


def place(x, device):
    """Move encoded images to where networks compute.

    Rows that torch holds in a dtype which MPS lacks are encoded on the CPU, and MPS
    differentiates some layers only where channels come before pixels.

    Parameters
    ----------
    x : float32 tensor of shape (n, C, H, W) or (n, n_features)

    device : torch.device

    Returns
    -------
    x : tensor of the same shape
    """
    x = x.to(device)
    return x.contiguous() if device.type == "mps" else x


def send(x, device):
    """Move a small tensor without waiting for what the device was told before.

    Only CUDA has read memory that is not pinned by the time the call returns; elsewhere the
    call waits.

    Parameters
    ----------
    x : tensor

    device : torch.device

    Returns
    -------
    x : tensor of the same shape and dtype
    """
    return x.to(device, non_blocking=device.type == "cuda")


def deal_devices(device, n):
    """Spread ``n`` trainings over the GPUs of this machine that compute.

    Parameters
    ----------
    device : torch.device
        "cuda" without an index means all of them; any other device is kept.

    n : int

    Returns
    -------
    devices : list of torch.device
        One for each training, in turn.

    Warns
    -----
    UserWarning
        When it passes over a GPU that is there, but does not compute.

    Examples
    --------
    >>> import torch
    >>> from skgan_aug._devices import deal_devices
    >>> deal_devices(torch.device("cpu"), 2)
    [device(type='cpu'), device(type='cpu')]
    """
    if device.type != "cuda" or device.index is not None:
        return [device] * n
    there = (torch.device("cuda", index) for index in range(torch.cuda.device_count()))
    # No more than are needed: whatever computes on a GPU takes some of its memory.
    gpus = list(islice(filter(_computes, there), n)) or [device]
    return [gpus[position % len(gpus)] for position in range(n)]


def nearest_device(device):
    """``device`` where it is here and computes, or another of its kind, or the CPU.

    Parameters
    ----------
    device : str
        What another machine had, perhaps.

    Returns
    -------
    device : str
    """
    for candidate in (device, torch.device(device).type):
        try:
            _compute_on(torch.device(candidate))
        except _NO_DEVICE:
            continue
        return candidate
    return "cpu"


def resolve_precision(precision, device, *, is_image):
    """Choose between float32 and bfloat16.

    Parameters
    ----------
    precision : {"auto", "float32", "bfloat16"}
        "auto" takes bfloat16 for images where the hardware multiplies it faster; on
        vectors, products of small matrices, it gains nothing.

    device : torch.device

    is_image : bool
        False for vectors.

    Returns
    -------
    precision : {"float32", "bfloat16"}
    """
    if precision != "auto":
        return precision
    return "bfloat16" if is_image and _multiplies_bfloat16(device) else "float32"


def check_compiler(device):
    """Refuse ``compile=True`` where torch cannot compile.

    Parameters
    ----------
    device : torch.device

    Raises
    ------
    ValueError
        When there is no compiler for this device.
    """
    try:
        torch.compile(lambda x: x + 1)(torch.zeros(1, device=device))
    except RuntimeError as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(
            f"compile=True needs a compiler that torch can use on {device}: {reason}. Install "
            "one (on Linux g++, for GPUs triton too) or set compile=False."
        ) from error


def _present_devices():
    present = ["cpu"]
    if torch.backends.mps.is_available():
        present.insert(0, "mps")
    if torch.cuda.is_available():
        present.insert(0, "cuda")
    return present


def _multiplies_bfloat16(device):
    """Whether the hardware does so faster than it multiplies float32."""
    if device.type == "cuda":
        with torch.cuda.device(device):  # it is asked about the current one
            return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu":
        return False
    # Versions of torch that do not say what the processor has may say whether it has tiles.
    has: dict = getattr(torch.cpu, "get_capabilities", dict)()
    if has.get("amx_bf16", getattr(torch.cpu, "_is_amx_tile_supported", bool)()):
        return True
    # Processors that are made for tiles have AVX512-FP16, too. Where a virtual machine hides
    # the tiles, their AVX512-BF16 is left, in which networks train slower than in float32.
    return has.get("avx512_bf16", False) and not has.get("avx512_fp16", False)


def cpu_lacks_memory(error):
    """Whether this is what torch raises where the CPU's memory ran out."""
    return any(words in str(error) for words in _NO_MEMORY_ON_CPU)


def gpu_lacks_memory(error):
    """Whether this is what torch raises where a GPU's memory ran out."""
    return isinstance(error, torch.OutOfMemoryError) or _NO_MEMORY_ON_MPS in str(error)
