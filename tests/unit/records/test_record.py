import copy
import json
import math
import os

import jsonschema
import numpy as np
import pytest
from made_records import SCENARIO

from bncheck import invariants
from bncheck.cases.arrays import from_json
from bncheck.cases.case import Case
from bncheck.engine import campaign
from bncheck.engine.examine import Budget, Finding, Result
from bncheck.errors import UsageError
from bncheck.invariants import load_all
from bncheck.records import record
from bncheck.subjects.resolve import Spec
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import Traits

TRAITS = {"right": Traits(), "wrong": Traits(epsilon="outside")}


@pytest.fixture(scope="module")
def real():
    """A record of a run with findings, a pair, and a subject that did not open."""

    def opened(spec, tell):
        if spec.name == "absent":
            raise UsageError("no such thing")
        return reference_subject(TRAITS[spec.name], name=spec.name)

    specs = [Spec(name, "fake") for name in ("right", "wrong", "absent")]
    found = campaign.run(specs, invariants.select(["inference*", "weights*"]), Budget(max_examples=3), opened=opened)
    for cell in found["cells"]:
        if "numbers" in cell:
            del cell["numbers"][2:]  # they are many, and of one form
    return found


def test_a_real_record_is_of_the_published_schema(real):
    jsonschema.Draft202012Validator.check_schema(record.schema())
    jsonschema.validate(real, record.schema())
    assert {result["verdict"] for cell in real["cells"] for result in cell["results"]} == {"pass", "fail"}


def test_a_record_is_read_back_as_it_was_written(real, tmp_path):
    path = tmp_path / "record.json"
    record.write(real, path)
    assert record.read(path) == real
    assert [each.name for each in tmp_path.iterdir()] == ["record.json"]


def test_numbers_that_json_lacks_are_strings():
    case = load_all()["inference_is_rowwise"].examples[0]
    found = Finding("y", [0], math.nan, math.inf, -math.inf, "unexplained", case)
    plain = record.plain_result(Result("law", "fail", 1, np.float64(math.inf), 0.1, found))
    assert (plain["margin"], plain["finding"]["actual"], plain["finding"]["expected"]) == ("inf", "nan", "inf")
    jsonschema.validate(plain, {"$ref": "#/$defs/result", "$defs": record.schema()["$defs"]})
    assert Case.from_json(json.loads(json.dumps(plain["finding"]["case"]))).digest == case.digest


def test_a_finding_has_the_whole_arrays_where_they_are_small(real):
    found = [finding for cell in real["cells"] for each in cell["results"] for finding in record.findings(each)]
    assert found
    for finding in found:
        arrays = {name: from_json(array) for name, array in finding["arrays"].items()}
        at = tuple(finding["where"])
        assert {name: float(array[at]) for name, array in arrays.items()} == {name: finding[name] for name in arrays}


def test_large_arrays_stay_out_of_the_record():
    case = load_all()["inference_is_rowwise"].examples[0]
    for size, kept in ((record.MOST_SHOWN, True), (record.MOST_SHOWN + 1, False)):
        arrays = dict.fromkeys(("actual", "expected", "allowed"), np.zeros(size))
        finding = Finding("y", [0], 1.0, 0.0, 0.0, "unexplained", case, arrays)
        plain = record.plain_result(Result("law", "fail", 1, 2.0, 0.1, finding))
        assert ("arrays" in plain["finding"]) is kept


def test_a_finding_may_be_accepted_and_have_a_script(real):
    changed = copy.deepcopy(real)
    result = next(each for cell in changed["cells"] for each in cell["results"] if each["finding"])
    result["finding"] |= {"accepted": {"reason": "known", "link": "https://example.org/1"}, "script": "print()"}
    jsonschema.validate(record.checked(changed, "x"), record.schema())


def test_a_file_is_replaced_whole_or_not_at_all(real, tmp_path, monkeypatch):
    path = tmp_path / "record.json"
    path.write_text("the older record")

    def full(self, *arguments, **more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    with pytest.raises(UsageError, match="cannot be written: No space left"):
        record.write(real, path)
    monkeypatch.undo()
    assert path.read_text() == "the older record"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_link_stays_a_link_and_a_device_a_device(real, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    (tmp_path / "target").write_text("")
    record.write(real, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert record.read(tmp_path / "target") == real
    record.write(real, os.devnull)
    assert not os.path.isfile(os.devnull)


def test_text_that_no_encoding_has_is_written_all_the_same(real, tmp_path):
    odd = {**real, "notes": ["a lone \udc80 surrogate"]}
    record.write(odd, tmp_path / "record.json")
    assert record.read(tmp_path / "record.json") == odd


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not JSON"),
        ('{"schema": 1, "cells": [', "is not JSON, or broken off"),
        ("[" * 100_000, "nested too deeply"),
        ('{"schema": 1, "bncheck": "1", "seed": NaN, "cells": []}', "JSON has no NaN"),
        ('{"schema": 1, "bncheck": "1", "seed": 1e999, "cells": []}', "no float is as large as 1e999"),
        ('{"schema": 1, "bncheck": "1", "seed": 1' + "0" * 400 + ', "cells": []}', "no float is as large as 100"),
        ("[]", "is no record of bncheck"),
        ('{"runs": []}', "is no record of bncheck"),
        ('{"schema": 2, "cells": []}', "of schema 2, and this bncheck reads 1"),
        ('{"schema": true, "cells": []}', "of schema True"),
        ('{"schema": 1, "cells": []}', "the record has no 'bncheck'"),
        ('{"schema": 1, "bncheck": "1", "seed": 0, "cells": [{}]}', r"cells\[0\] has no 'cell'"),
    ],
)
def test_what_is_no_record_is_told_in_one_line(tmp_path, text, says):
    path = tmp_path / "record.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=says) as caught:
        record.read(path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path):
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        record.read(tmp_path / "none.json")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is not JSON"):
        record.read(tmp_path / "binary")


@pytest.fixture
def with_scenario(real):
    return record.with_scenario(real, SCENARIO)


def test_a_scenario_joins_a_record_in_place_of_what_was_there_of_it(with_scenario):
    jsonschema.validate(with_scenario, record.schema())
    again = record.with_scenario(with_scenario, SCENARIO | {"seeds": 9})
    assert [each["seeds"] for each in again["scenarios"]] == [9]
    further = record.with_scenario(with_scenario, SCENARIO | {"scenario": "another"})
    assert [each["scenario"] for each in further["scenarios"]] == ["made_up", "another"]


def places(value, path=()):
    """Every place in a JSON value."""
    yield path
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(item, (*path, key))


def replaced(value, path, new):
    changed = copy.deepcopy(value)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return changed


@pytest.mark.parametrize("new", [None, "text", 3, True, [], {}, {"odd": 1}])
def test_our_own_check_agrees_with_the_json_schema(with_scenario, new):
    validator = jsonschema.Draft202012Validator(record.schema())
    for path in [place for place in places(with_scenario) if place and len(place) < 8]:
        changed = replaced(with_scenario, path, new)
        try:
            record.checked(changed, "x")
        except UsageError:
            assert not validator.is_valid(changed), (path, new)
        else:
            assert validator.is_valid(changed), (path, new)
