"""Python values as JSON and tensors, and back, each with its type.

What JSON has is written as it is; everything else as an object with one key that begins with
"$" and names its type. Arrays are tensors of bytes, so that no few characters of JSON can ask
for many bytes of memory.
"""

import math
import re
from pathlib import Path, PurePath

import numpy as np
import torch

_DTYPES = re.compile(r"[<>|](b1|[iu][1248]|f[248]|U[1-9][0-9]{0,8})")
_OF_KIND = {"b": bool, "i": int, "u": int, "f": float, "U": str}
_N_KEYS = 624  # of a Mersenne Twister


class NotDataError(TypeError):
    """A value that is no data, such as code."""

    def __init__(self, value):
        super().__init__(f"{type(value).__name__} {value!r:.80}")


def encode(value, tensors):
    """Write ``value`` as JSON has it.

    Parameters
    ----------
    value : object
        None, numbers, strings, NumPy scalars and arrays, tensors, paths, devices, Mersenne
        Twisters, and lists, tuples and dicts of these.

    tensors : dict of str to tensor
        Gets those that ``value`` needs.

    Returns
    -------
    written : object
        For ``json.dumps``.

    Raises
    ------
    NotDataError
        For anything else.
    """
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"$float": repr(value)}
    if isinstance(value, list):
        return [encode(item, tensors) for item in value]
    if isinstance(value, tuple):
        return {"$tuple": [encode(item, tensors) for item in value]}
    if isinstance(value, dict):
        return _encode_dict(value, tensors)
    if isinstance(value, np.ndarray):
        return _encode_array(value, tensors)
    if isinstance(value, np.generic):
        # A string alone is as wide as it is long, which may be 0: no width for an array.
        name = "<U1" if isinstance(value, np.str_) else _dtype_name(value)
        return {"$scalar": [name, encode(value.item(), tensors)]}
    if isinstance(value, torch.Tensor):
        return {"$tensor": _keep(value.detach().cpu().clone(), tensors)}
    if isinstance(value, PurePath):
        return {"$path": str(value)}
    if isinstance(value, torch.device):
        return {"$device": str(value)}
    if isinstance(value, np.random.RandomState):
        return _encode_random_state(value, tensors)
    raise NotDataError(value)


def decode(written, tensors):
    """Read what :func:`encode` wrote.

    Parameters
    ----------
    written : object
        From ``json.loads``; may be anything.

    tensors : dict of str to tensor
        Loses those that it needs: none serves twice.

    Returns
    -------
    value : object

    Raises
    ------
    ValueError, TypeError, KeyError, OverflowError
        For what :func:`encode` never writes.
    """
    if isinstance(written, list):
        return [decode(item, tensors) for item in written]
    if not isinstance(written, dict):
        return written
    if not any(key.startswith("$") for key in written):
        return {key: decode(item, tensors) for key, item in written.items()}
    tag, content = written.popitem()
    require(not written and tag in _DECODERS, f"there is no type {tag!r:.80}")
    return _DECODERS[tag](content, tensors)


def require(holds, what):
    """Refuse what a file says unless it ``holds``."""
    if not holds:
        raise ValueError(what)


def _encode_dict(value, tensors):
    if all(type(key) is str and not key.startswith("$") for key in value):
        return {key: encode(item, tensors) for key, item in value.items()}
    pairs = ([encode(key, tensors), encode(item, tensors)] for key, item in value.items())
    return {"$dict": list(pairs)}


def _encode_array(array, tensors):
    if array.dtype == object:
        if array.ndim != 1:
            raise NotDataError(array)
        return {"$objects": [encode(item, tensors) for item in array]}
    name, shape = _dtype_name(array), list(array.shape)
    raw = torch.from_numpy(np.array(bytearray(array.tobytes()), dtype=np.uint8))
    return {"$array": {"tensor": _keep(raw, tensors), "dtype": name, "shape": shape}}


def _encode_random_state(random_state, tensors):
    state = random_state.get_state(legacy=False)
    if state["bit_generator"] != "MT19937":
        raise NotDataError(random_state)
    _, *values = random_state.get_state(legacy=True)
    return {"$random_state": [encode(value, tensors) for value in values]}


def _dtype_name(value):
    name = value.dtype.str
    if not _DTYPES.fullmatch(name):
        raise NotDataError(value)
    return name


def _keep(tensor, tensors):
    name = f"value.{len(tensors)}"
    tensors[name] = tensor
    return name


def _decode_dtype(name):
    require(isinstance(name, str) and _DTYPES.fullmatch(name), f"{name!r:.80} is no dtype")
    return np.dtype(name)


def _decode_float(text, tensors):
    require(text in ("nan", "inf", "-inf"), f"{text!r:.80} is no float")
    return float(text)


def _decode_tuple(items, tensors):
    require(isinstance(items, list), "a tuple is no list of items")
    return tuple(decode(items, tensors))


def _decode_dict(pairs, tensors):
    return {decode(key, tensors): decode(item, tensors) for key, item in pairs}


def _decode_scalar(content, tensors):
    name, written = content
    dtype, value = _decode_dtype(name), decode(written, tensors)
    require(type(value) is _OF_KIND[dtype.kind], f"{value!r:.80} is no {dtype}")
    if dtype.kind in "iu":  # before NumPy 2, larger ones would come out as others
        limits = np.iinfo(dtype)
        require(limits.min <= value <= limits.max, f"{value!r:.80} is no {dtype}")
    return dtype.type(value)


def _decode_array(content, tensors):
    dtype, shape = _decode_dtype(content["dtype"]), content["shape"]
    raw = _take(content["tensor"], tensors)
    require(raw.dtype == torch.uint8 and raw.dim() == 1, "an array is not made of bytes")
    sizes = isinstance(shape, list) and all(type(n) is int and n >= 0 for n in shape)
    require(sizes, f"{shape!r:.80} is no shape")
    require(
        math.prod(shape) * dtype.itemsize == len(raw),
        f"an array of shape {shape} and dtype {dtype} does not have {len(raw)} bytes",
    )
    if dtype.kind == "b":
        require(bool((raw <= 1).all()), "an array of bools has other values")
    array = np.ndarray(shape, dtype, bytearray(raw.numpy().data))
    if dtype.kind == "U":
        array.tolist()  # raises ValueError where there is no such character
    return array


def _decode_objects(items, tensors):
    require(isinstance(items, list), "an array of objects is no list of items")
    array = np.empty(len(items), dtype=object)
    for position, item in enumerate(items):
        array[position] = decode(item, tensors)
    return array


def _decode_tensor(name, tensors):
    return _take(name, tensors).clone()


def _decode_path(text, tensors):
    require(isinstance(text, str), f"{text!r:.80} is no path")
    return Path(text)


def _decode_device(text, tensors):
    require(isinstance(text, str), f"{text!r:.80} is no device")
    return torch.device(text)


def _decode_random_state(items, tensors):
    keys, position, has_gauss, gauss = decode(items, tensors)
    is_state = (
        isinstance(keys, np.ndarray)
        and keys.dtype == np.uint32
        and keys.shape == (_N_KEYS,)
        # NumPy itself would read beyond its keys.
        and (type(position) is int and 0 <= position <= _N_KEYS)
        and (type(has_gauss) is int and has_gauss in (0, 1))
        and type(gauss) is float
    )
    require(is_state, "a random state is none")
    random_state = np.random.RandomState(0)
    random_state.set_state(("MT19937", keys, position, has_gauss, gauss))
    return random_state


def _take(name, tensors):
    require(isinstance(name, str) and name in tensors, f"there is no tensor {name!r:.80}")
    return tensors.pop(name)


_DECODERS = {
    "$float": _decode_float,
    "$tuple": _decode_tuple,
    "$dict": _decode_dict,
    "$scalar": _decode_scalar,
    "$array": _decode_array,
    "$objects": _decode_objects,
    "$tensor": _decode_tensor,
    "$path": _decode_path,
    "$device": _decode_device,
    "$random_state": _decode_random_state,
}
