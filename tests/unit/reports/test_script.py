import ast
import re

import numpy as np
import pytest

from bncheck import invariants
from bncheck.cases.case import Backward, Forward, SetState
from bncheck.engine.examine import Budget, examine
from bncheck.records import record as records
from bncheck.reports import script as scripts
from bncheck.reports.claim import Unsayable
from bncheck.reports.literals import literal
from bncheck.truth.reference_subject import reference_subject
from tests import made_records

LAWS = invariants.load_all()
LAW = LAWS["moving_mean_matches_reference"]
SUBJECTS = {
    "torch": "torch==2.13.0+cpu",
    "keras": "keras==3.15.1:jax",
    "tensorflow": "tensorflow==2.15.1",
    "graph": "tensorflow==2.1.4:graph",
    "tf1": "tensorflow==1.14.0",
    "keras-tensorflow": "keras==3.15.1",
    "keras-torch": "keras==3.15.1:torch",
    "mlx": "mlx==0.32.4",
}
# What stands in the program of a law's finding, where the framework offers what the law asks for.
SAID = {
    "compiled_state_matches_eager": {
        "tensorflow": "@compiled_by_xla",
        "keras-tensorflow": "@tf.function(autograph=False, jit_compile=True)",
        "keras": "@jax.jit",
        "torch": 'backend="inductor"',
    },
    "second_derivatives_match_reference": {
        "tf1": "tf.gradients(gradient, ",
        "tensorflow": "outer.gradient(dx, ",
        "keras-tensorflow": "outer.gradient(dx, ",
        "keras": "jax.vjp(run, x)[1]",
        "keras-torch": "create_graph=True",
        "torch": "create_graph=True",
    },
    "half_precision_output_matches_reference": {
        "tf1": ".astype(half)",
        "tensorflow": 'dtype="float16"',
        "keras-tensorflow": 'dtype="mixed_float16"',
        "keras": 'dtype="mixed_float16"',
        "keras-torch": 'dtype="mixed_float16"',
        "torch": ".to(torch.float16)",
    },
    "fixed_mode_is_kept_inside_a_model": dict.fromkeys(["tensorflow", "keras", "keras-torch"], "keras.Model(place, "),
    "state_survives_saving": {
        "tf1": "load_weights(",
        "tensorflow": "load_weights(",
        "keras": "load_weights(",
        "torch": "torch.load(",
        "mlx": "load_weights(",
    },
    "linear_activation_keeps_training": {"mlx": "nn.value_and_grad(", "tf1": "model.fit(", "torch": "mse_loss("},
    "setting_weights_keeps_the_counter": {"torch": "num_batches_tracked"},
    "training_gradient_ignores_scale": dict.fromkeys(SUBJECTS, "float(_product(dx, x)["),
    "inference_is_affine": dict.fromkeys(SUBJECTS, "float(_half_way(y, axis)["),
}


def made(case=None, law=LAW, subject="torch==2.13.0", **changes):
    found = {"what": "the moving mean differs", "where": [0], "actual": 3.0, "expected": 1.3, "allowed": 1e-7}
    finding = made_records.finding(**found, case=(case or law.examples[0]).to_json()) | changes
    result = made_records.result(law.name, "fail", finding)
    cell = made_records.cell("one", result, subject=subject)
    return made_records.made(cell), cell, result, finding


def text(*given, **changes):
    return scripts.script(*made(*given, **changes), LAWS)


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_a_program_needs_the_framework_and_numpy_alone(subject):
    tree = ast.parse(text(subject=subject))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    framework = subject.partition("=")[0]
    assert framework in {name.partition(".")[0] for name in names}
    assert not {name for name in names if "bncheck" in name}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]


@pytest.fixture(scope="module")
def findings():
    """A finding of each law that ``SAID`` has, on the subject that breaks it."""
    kept = {}
    for law in map(LAWS.get, SAID):
        judged = examine(reference_subject(law.mutant()), [law], Budget(max_examples=1, shrink=False))
        kept[law.name] = records.plain_result(judged[0])["finding"]
    return kept


@pytest.mark.parametrize(("law", "subject"), [(law, subject) for law in SAID for subject in SAID[law]])
def test_a_step_is_said_in_the_framework_s_own_words(law, subject, findings):
    record, cell, result, _ = made(subject=SUBJECTS[subject])
    found = scripts.script(record, cell, result | {"invariant": law}, findings[law], LAWS)
    ast.parse(found)
    assert SAID[law][subject] in found


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_an_axis_is_a_whole_number(subject, findings):
    record, cell, result, _ = made(subject=subject)
    law = "inference_is_affine"
    found = scripts.script(record, cell, result | {"invariant": law}, findings[law], LAWS)
    assert re.search(r"(?m)^    axis = -?1$", found)


@pytest.mark.parametrize(
    ("law", "subject", "step"),
    [
        ("compiled_state_matches_eager", "tf1", "Backward with compiled=fused"),
        ("compiled_state_matches_eager", "keras-torch", "Backward with compiled=fused"),
        ("fixed_mode_is_kept_inside_a_model", "torch", "ForwardFixed"),
        ("second_derivatives_match_reference", "mlx", "SecondBackward"),
        ("setting_weights_keeps_the_counter", "keras", "Batches"),
    ],
)
def test_what_a_framework_does_not_offer_is_said(law, subject, step, findings):
    record, cell, result, _ = made(subject=SUBJECTS[subject])
    with pytest.raises(Unsayable, match=f"no script is written for {step} on this framework"):
        scripts.script(record, cell, result | {"invariant": law}, findings[law], LAWS)


def test_a_program_about_a_shape_compares_shapes():
    law = LAWS["half_precision_output_matches_reference"]
    what = {"what": "the output in training has another shape", "where": None, "actual": [0], "expected": [3, 1]}
    found = text(law.examples[1], law, **what, allowed=None)
    assert "return shape(array)" in found
    assert "wanted = [3, 1]" in found


def test_a_program_ends_with_the_step_that_has_the_answer():
    case = LAW.examples[0]
    found = text(case)
    assert "running_mean.detach()" in found
    assert found.count("call(layers, torch") == 2 < len(case.where(Forward, Backward))
    assert "wanted = 1.3" in found


def test_the_text_of_a_record_stands_in_comments_of_one_line():
    hostile = made_records.HOSTILE + "\n'''\nimport os; os._exit(7)\n\"\"\"\u2028exit()"
    record, cell, result, finding = made(mechanism=hostile)
    record["bncheck"] = cell["python"] = hostile
    tree = ast.parse(scripts.script(record, cell, result, finding, LAWS))
    plain = ast.parse(text())
    assert ast.dump(tree) == ast.dump(plain)


def test_names_of_a_case_that_bncheck_does_not_know_are_no_code():
    case = LAW.examples[0]
    state = {**case.steps[0].state[0], "gamma; import os": np.ones(1, np.float32)}
    with pytest.raises(Unsayable):
        text(case.but(steps=(SetState([state]), *case.steps[1:])))


@pytest.mark.parametrize(
    "subject", ["reference==0.1.0", "torch==2; import os", "torch==2.0\n", "torch", "keras==3.1:no"]
)
def test_a_subject_that_no_program_is_written_for(subject):
    with pytest.raises(Unsayable, match=r"^[^\n]+$"):
        text(subject=subject)


def test_a_hostile_record_makes_no_program():
    record = made_records.hostile()
    scripts.add(record, LAWS)
    assert {f["script"] for c in record["cells"] for r in c["results"] for f in records.findings(r)} == {
        made_records.HOSTILE
    }


def test_a_finding_of_two_subjects_or_of_a_worker_that_died_has_no_program():
    record, cell, result, finding = made()
    with pytest.raises(Unsayable, match="error"):
        scripts.script(record, cell, {**result, "verdict": "error"}, finding, LAWS)
    with pytest.raises(Unsayable, match="own layer"):
        scripts.script(record, {**cell, "layer": "theirs:Layer"}, result, finding, LAWS)


def test_a_run_gives_its_findings_their_programs():
    record, cell, result, finding = made()
    scripts.add(record, LAWS)
    assert record["cells"][0]["results"][0]["finding"]["script"] == scripts.script(record, cell, result, finding, LAWS)


VALUES = [None, True, 3, 1e-300, "a'\"\\\n", (1,), (), [1, "b"], float("nan"), float("-inf")]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_literal_is_the_value(value):
    assert repr(eval(literal(value), {"nan": np.nan, "inf": np.inf})) == repr(value)


ARRAYS = [
    np.array([[0.1, np.nan], [np.inf, -0.0]], "float32"),
    np.float64([1 / 3, 1e300]),
    np.full((3, 5), 0.1, "float32"),
    np.zeros((0, 3), "float32"),
    np.array([True, False]),
    np.arange(4, dtype="int64"),
    np.random.default_rng(0).normal(size=(9, 5)).astype("float32"),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype}{array.shape}")
def test_the_literal_of_an_array_is_exact(array):
    found = eval(literal(array), {"np": np, "nan": np.nan, "inf": np.inf})
    assert (found.dtype, found.shape, found.tobytes()) == (array.dtype, array.shape, array.tobytes())


def test_no_other_value_has_a_literal():
    with pytest.raises(Unsayable):
        literal(object())


def test_a_law_of_layouts_brings_the_functions_that_lay_arrays():
    law = LAWS["layout_of_the_input_changes_nothing"]
    case = next(case for case in law.examples if case.steps[1].layout == "strided")
    what = "y of an input in another layout differs"
    found = text(case, law, what=f"the {what}", where=[0, 0], expected=1.0)
    assert len(re.findall(r"def _strided", found)) == 1
    assert "_strided(np.array(" in found
