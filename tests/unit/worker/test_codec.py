import json

import numpy as np
import pytest

from bncheck.worker import codec

PLAIN = [None, True, 3, -0.0, 1e-320, "é\n", [], {}, [1, [2.5, None]], {"a": {"b": [False]}}]
ARRAYS = [
    np.array(3.5),
    np.zeros((0, 3), "float32"),
    np.arange(24, dtype="int64").reshape(2, 3, 4),
    np.array([[True, False]]),
    np.array([1.0, -0.0, np.inf, -np.inf, 65504], "float16"),
    np.array([np.nan, 5e-324]),
    np.array([2**31 - 1], "int32"),
]


def there_and_back(value):
    return codec.decode(codec.encode(value))


def frame(value, arrays=b""):
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return codec.SIZES.pack(len(text), len(arrays)) + text + arrays


@pytest.mark.parametrize("value", PLAIN)
def test_a_plain_value_comes_back(value):
    assert repr(there_and_back(value)) == repr(value)


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype}{array.shape}")
def test_an_array_comes_back_bit_for_bit(array):
    found = there_and_back({"of": [array]})["of"][0]
    assert found.dtype == array.dtype
    assert found.shape == array.shape
    assert found.tobytes() == array.tobytes()


def test_every_bit_pattern_of_a_nan_survives():
    array = np.array([0x7FC00001, 0xFFC12345, 0x7F800001], "uint32").view("float32")
    assert there_and_back(array).tobytes() == array.tobytes()


def test_a_float_that_is_not_finite_comes_back():
    found = there_and_back([float("nan"), float("inf"), -float("inf")])
    assert [repr(value) for value in found] == ["nan", "inf", "-inf"]


def test_scalars_of_numpy_become_plain():
    assert there_and_back([np.float32(0.5), np.int64(3), np.bool_(True)]) == [0.5, 3, True]


def test_a_tuple_becomes_a_list():
    assert there_and_back((1, (2,))) == [1, [2]]


@pytest.mark.parametrize("view", [np.asfortranarray, np.flip, np.transpose], ids=lambda view: view.__name__)
def test_the_order_in_memory_does_not_matter(view):
    array = view(np.arange(6.0).reshape(2, 3))
    assert np.array_equal(there_and_back(array), array)


def test_a_big_endian_array_keeps_its_values():
    array = np.array([1.5, -2.0], ">f8")
    assert there_and_back(array).tolist() == [1.5, -2.0]


def test_a_decoded_array_may_be_written_to():
    found = there_and_back(np.zeros(3))
    found[:] = 1
    assert found.tolist() == [1, 1, 1]


def test_an_array_that_stands_in_two_places_may_be_sent_once():
    array = np.arange(100.0)
    value = [array, {"again": array}, array.copy()]
    frame = codec.encode(value, once=True)
    assert len(codec.encode(value)) - len(frame) >= array.nbytes
    one, other, equal = codec.decode(frame)
    one[:] = 0
    assert other["again"].tolist() == equal.tolist() == array.tolist()


def test_the_bytes_of_a_frame_are_settled():
    """Host and worker run different versions of Python and NumPy, so both have to make the same bytes."""
    frame = codec.encode({"x": np.array([1.0, 2.0], "float32"), "n": 1})
    text = b'{"x": {"@": ["float32", [2], 0]}, "n": 1}'
    arrays = b"\x00\x00\x80\x3f\x00\x00\x00\x40"
    assert frame == len(text).to_bytes(8, "little") + len(arrays).to_bytes(8, "little") + text + arrays


def test_the_size_of_the_body_is_in_the_head():
    frame = codec.encode([np.zeros(5)])
    assert codec.body_size(frame[:16]) == len(frame) - 16


def test_an_absurd_size_is_refused_before_it_is_read():
    with pytest.raises(codec.CodecError, match="larger than"):
        codec.body_size(codec.SIZES.pack(1 << 40, 0))


@pytest.mark.parametrize(
    "value",
    [object(), {1, 2}, b"bytes", np.zeros(2, "complex128"), np.zeros(2, "uint8"), np.array(["text"])],
    ids=("object", "set", "bytes", "complex128", "uint8", "text"),
)
def test_what_has_no_place_on_the_wire_is_refused(value):
    with pytest.raises(TypeError, match="cannot be sent"):
        codec.encode({"x": value})


FOUR = b"\x00\x00\x80\x3f"
MALFORMED = {
    "nothing": b"",
    "half a head": b"\x01\x02\x03",
    "no body": codec.SIZES.pack(2, 0),
    "half a body": codec.encode({"x": np.zeros(4)})[:-1],
    "a byte too many": codec.encode({"x": np.zeros(4)}) + b"\x00",
    "sizes that overflow": codec.SIZES.pack(2**64 - 1, 2**64 - 1) + b"{}",
    "no JSON": frame(b"{]"),
    "no text at all": frame(b""),
    "two values": frame(b"{} {}"),
    "no UTF-8": frame(b'"\xff\xfe"'),
    "nested without end": frame(b"[" * 100_000),
    "an array that is null": frame({"@": None}),
    "an array that is a number": frame({"@": 3}),
    "an array of two words": frame({"@": ["float32", [1]]}, FOUR),
    "an unknown dtype": frame({"@": ["object", [1], 0]}, FOUR * 2),
    "a dtype that is a list": frame({"@": [["float32"], [1], 0]}, FOUR),
    "a shape that is a number": frame({"@": ["float32", 1, 0]}, FOUR),
    "a shape that is a text": frame({"@": ["float32", "", 0]}, FOUR),
    "a shape that is an object": frame({"@": ["float32", {}, 0]}, FOUR),
    "a size below zero": frame({"@": ["float32", [-1], 0]}, FOUR),
    "a size that is a fraction": frame({"@": ["float32", [1.0], 0]}, FOUR),
    "a size that is a truth": frame({"@": ["float32", [True], 0]}, FOUR),
    "an offset below zero": frame({"@": ["float32", [1], -4]}, FOUR),
    "an offset past the end": frame({"@": ["float32", [0], 5]}, FOUR),
    "more values than bytes": frame({"@": ["float32", [2], 0]}, FOUR),
    "more values than memory": frame({"@": ["float32", [2**62, 2**62], 0]}, FOUR),
    "no values in a vast shape": frame({"@": ["float32", [0, 10**30], 0]}, FOUR),
    "more axes than NumPy has": frame({"@": ["float32", [1] * 80, 0]}, FOUR),
    "an array with something beside it": frame({"@": ["float32", [1], 0], "more": 1}, FOUR),
}


@pytest.mark.parametrize("malformed", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_frame_is_refused(malformed):
    with pytest.raises(codec.CodecError):
        codec.decode(malformed)


def test_no_cut_of_a_frame_is_a_frame():
    whole = codec.encode({"x": np.arange(3.0), "name": "é"})
    for size in range(len(whole)):
        with pytest.raises(codec.CodecError):
            codec.decode(whole[:size])


def test_a_changed_byte_is_a_value_or_a_refusal():
    """Whatever arrives, nothing but CodecError comes out of decode."""
    whole = codec.encode({"x": np.arange(3.0), "s": ["name", 1.5]})
    for place in range(len(whole)):
        for value in (0, 0x22, 0x5B, 0x7F, 0xFF):
            changed = bytearray(whole)
            changed[place] = value
            try:
                codec.decode(bytes(changed))
            except codec.CodecError:
                continue
