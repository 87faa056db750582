"""Plain values and arrays on a wire: a JSON text with the arrays' raw little-endian bytes behind it.

A frame is two unsigned 64-bit sizes, the JSON text (UTF-8), and the bytes of the arrays.  In the JSON an array is
``{"@": [dtype, shape, offset]}``.  Nothing in a frame is code, and a frame that is not exactly right is refused.
"""

import json
import struct

import numpy as np

SIZES = struct.Struct("<QQ")
NAMES = ("float16", "float32", "float64", "int32", "int64", "bool")
DTYPES = {name: np.dtype(name).newbyteorder("<") for name in NAMES}
NATIVE = {np.dtype(name): name for name in NAMES}
LARGEST_FRAME = 1 << 31


class CodecError(ValueError):
    """Bytes that are no frame."""


def encode(value):
    """The frame of ``value``: None, bool, int, float, str, ndarray, and lists and dicts (str keys) of them.

    Raises TypeError for anything else.
    """
    buffers = []
    offset = 0

    def place(item):
        nonlocal offset
        if isinstance(item, np.generic):
            return item.item()
        name = _name(item) if isinstance(item, np.ndarray) else None
        if name not in DTYPES:
            raise TypeError("%s cannot be sent" % (name or type(item)))
        data = item.astype(DTYPES[name], copy=False).tobytes()
        placed = {"@": [name, list(item.shape), offset]}
        buffers.append(data)
        offset += len(data)
        return placed

    text = json.dumps(value, default=place).encode()
    return b"".join([SIZES.pack(len(text), offset), text, *buffers])


def _name(array):
    # NumPy works out a dtype's name anew each time, which takes longer than sending a small array.
    return NATIVE.get(array.dtype) or array.dtype.name


def body_size(head):
    """The number of bytes that follow the 16 bytes of ``head``.  Raises CodecError when it is absurd."""
    text, arrays = SIZES.unpack(head)
    if text + arrays > LARGEST_FRAME:
        raise CodecError("a frame of %d bytes is larger than %d" % (text + arrays, LARGEST_FRAME))
    return text + arrays


def decode(frame):
    """The value of a whole frame.  Raises CodecError when the bytes are not a frame of :func:`encode`."""
    try:
        text_size, arrays_size = SIZES.unpack_from(frame)
        start = SIZES.size + text_size
        if len(frame) != start + arrays_size:
            raise CodecError("a frame of %d bytes should have %d" % (len(frame), start + arrays_size))
        arrays = memoryview(frame)[start:]

        def take(item):
            return _array(item, arrays) if "@" in item else item

        return json.loads(bytes(frame[SIZES.size : start]).decode(), object_hook=take)
    except CodecError:
        raise
    except (ValueError, TypeError, KeyError, OverflowError, struct.error, RecursionError) as error:
        raise CodecError("not a frame: %s" % error) from None


def _array(item, arrays):
    name, shape, offset = item["@"]
    if len(item) > 1 or type(shape) is not list or not all(type(n) is int and n >= 0 for n in [*shape, offset]):
        raise CodecError("an array of shape %r at %r" % (shape, offset))
    dtype = DTYPES[name]
    count = 1
    for n in shape:
        count *= n
    if offset + count * dtype.itemsize > len(arrays):
        raise CodecError("an array of shape %r reaches past its frame" % (shape,))
    found = np.frombuffer(arrays, dtype, count, offset).reshape(shape)
    return found.astype(name)  # a copy, in the machine's own byte order, that may be written to
