"""Plain values and arrays on a wire: a JSON text with the arrays' raw little-endian bytes behind it.

A frame is two unsigned 64-bit sizes, the JSON text (UTF-8), and the bytes of the arrays.  In the JSON an array is
``{"@": [dtype, shape, offset]}``.  Nothing in a frame is code, and a frame that is not exactly right is refused.
"""

import json
import struct

import numpy as np

SIZES = struct.Struct("<QQ")
NAMES = ("float16", "float32", "float64", "int32", "int64", "bool")
NATIVE = {name: np.dtype(name) for name in NAMES}
WIRE = {name: dtype.newbyteorder("<") for name, dtype in NATIVE.items()}
# NumPy works out a dtype's name anew each time, which takes longer than sending a small array.
OF_DTYPE = {dtype: name for name, dtype in NATIVE.items()}
LARGEST_FRAME = 1 << 31


class CodecError(ValueError):
    """Bytes that are no frame."""


def encode(value, once=False):
    """The frame of ``value``: None, bool, int, float, str, ndarray, and lists and dicts (str keys) of them.

    With ``once`` an array that stands in several places is sent once, and equal values may have different frames.
    Raises TypeError for anything else.
    """
    buffers, known = [], {}
    offset = 0

    def place(item):
        nonlocal offset
        if isinstance(item, np.generic):
            return item.item()
        if not isinstance(item, np.ndarray):
            raise TypeError("%s cannot be sent" % type(item))
        if id(item) in known:
            return known[id(item)]
        name = OF_DTYPE.get(item.dtype) or item.dtype.name
        if name not in WIRE:
            raise TypeError("%s cannot be sent" % name)
        data = item.astype(WIRE[name], copy=False).tobytes()
        placed = {"@": [name, item.shape, offset]}
        buffers.append(data)
        offset += len(data)
        if once:
            known[id(item)] = placed
        return placed

    text = json.JSONEncoder(default=place).encode(value).encode()
    return b"".join([SIZES.pack(len(text), offset), text, *buffers])


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

        text = str(frame[SIZES.size : start], "utf-8")
        value, end = json.JSONDecoder(object_hook=take).raw_decode(text)
        if end != len(text):
            raise CodecError("something follows the value")
        return value
    except CodecError:
        raise
    except (ValueError, TypeError, KeyError, OverflowError, struct.error, RecursionError) as error:
        raise CodecError("not a frame: %s" % error) from None


def _array(item, arrays):
    name, shape, offset = item["@"]
    if len(item) > 1 or type(shape) is not list:
        raise CodecError("an array of shape %r" % (shape,))
    for n in (offset, *shape):
        if type(n) is not int or n < 0:
            raise CodecError("an array of shape %r at %r" % (shape, offset))
    # NumPy refuses a shape that reaches past the frame; a copy, in the machine's own byte order, may be written to.
    return np.ndarray(shape, WIRE[name], arrays, offset).astype(NATIVE[name])
