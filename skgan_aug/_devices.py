"""Where to compute, in which precision, and whether it can be compiled."""

import torch


def resolve_device(device):
    """Choose a device.

    Parameters
    ----------
    device : str or torch.device
        "auto" takes cuda, then mps, then cpu.

    Returns
    -------
    device : torch.device

    Raises
    ------
    ValueError
        When there is no such device here.

    Examples
    --------
    >>> from skgan_aug._devices import resolve_device
    >>> resolve_device("cpu")
    device(type='cpu')
    """
    if device == "auto":
        return torch.device(_available_devices()[0])
    try:
        resolved = torch.device(device)
        torch.zeros(1, device=resolved).item()  # which "meta", for one, cannot tell
    except (RuntimeError, AssertionError, ImportError) as error:
        raise ValueError(
            f"device={device!r} is not available here. Use 'auto' or one of "
            f"{_available_devices()}."
        ) from error
    return resolved


def deal_devices(device, n):
    """Spread ``n`` trainings over the GPUs of this machine.

    Parameters
    ----------
    device : torch.device
        "cuda" without an index means all of them; any other device is kept.

    n : int

    Returns
    -------
    devices : list of torch.device
        One for each training, in turn.

    Examples
    --------
    >>> import torch
    >>> from skgan_aug._devices import deal_devices
    >>> deal_devices(torch.device("cpu"), 2)
    [device(type='cpu'), device(type='cpu')]
    """
    if device.type != "cuda" or device.index is not None:
        return [device] * n
    n_devices = torch.cuda.device_count()
    return [torch.device("cuda", position % n_devices) for position in range(n)]


def resolve_precision(precision, device, *, is_image):
    """Choose between float32 and bfloat16.

    Parameters
    ----------
    precision : {"auto", "float32", "bfloat16"}
        "auto" takes bfloat16 for images where the hardware multiplies it natively; on
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


def _available_devices():
    available = ["cpu"]
    if torch.backends.mps.is_available():
        available.insert(0, "mps")
    if torch.cuda.is_available():
        available.insert(0, "cuda")
    return available


def _multiplies_bfloat16(device):
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu":
        return False
    # torch has no public name for this yet; where the private ones are gone, float32 serves.
    return any(
        getattr(torch.cpu, name, lambda: False)()
        for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    )
