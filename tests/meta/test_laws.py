"""What every law is held to, whatever file is added to the folder."""

import ast
import inspect
import json
import math
import re
import sys
from dataclasses import replace

import pytest
from packaging.specifiers import SpecifierSet

from bncheck.cases.case import Case
from bncheck.engine.confirm import violation
from bncheck.engine.examine import Budget, examine
from bncheck.engine.pair import Pair
from bncheck.invariants import KINDS, Origin, load_all
from bncheck.truth.reference_subject import CAPABILITIES, reference_subject
from bncheck.truth.traits import Traits

LAWS = load_all()
FRAMEWORKS = re.compile(r"tensorflow|keras|torch|jax|mlx|flax", re.IGNORECASE)
TOLERANCES = re.compile(r"\b(atol|rtol|tol|allclose|isclose|approx|assert_almost_equal)\b")
SMALLEST_PLAIN_NUMBER = 1e-2
EXAMPLES, SEEDS = 60, (0, 1)
FIRST_23 = """
    linear_activation_is_identity linear_activation_keeps_gradients linear_activation_keeps_training
    linear_activation_keeps_initial_weights batch_norm_can_be_identity_in_training
    batch_norm_can_be_identity_in_inference training_output_matches_reference inference_output_matches_reference
    inference_is_rowwise inference_leaves_state_alone moving_mean_matches_reference moving_variance_matches_reference
    frozen_layer_leaves_state_alone rows_permute channels_permute channels_are_independent shift_invariance
    scale_invariance training_gradient_matches_reference inference_gradient_matches_reference
    parameter_gradients_match_reference subjects_agree_in_training weights_port_in_inference
"""

every_law = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
every_seed = pytest.mark.parametrize("seed", SEEDS)


def subject(law, traits=Traits()):  # noqa: B008 (frozen)
    """The reference with these traits, or the pair of the right one and it."""
    made = reference_subject(traits)
    return Pair(reference_subject(), made) if law.differential else made


def result(law, traits, seed, shrink=True):
    return examine(subject(law, traits), [law], Budget(EXAMPLES, seed=seed, shrink=shrink))[0]


def source(law):
    return inspect.getsource(sys.modules[law.check.__module__])


def functions(law):
    return [node for node in ast.parse(source(law)).body if isinstance(node, ast.FunctionDef)]


def without_origin(law):
    """The source, less the lines that give the law's origin."""
    lines = source(law).splitlines()
    for node in ast.parse(source(law)).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "ORIGIN":
            lines[node.lineno - 1 : node.end_lineno] = []
            return "\n".join(lines)
    raise AssertionError("there is no ORIGIN")


def test_the_first_23_laws_are_there():
    assert set(FIRST_23.split()) <= set(LAWS)
    assert len(FIRST_23.split()) == 23


@every_seed
@every_law
def test_the_reference_passes(law, seed):
    found = result(law, Traits(), seed)
    assert (found.verdict, found.reason) == ("pass", "")
    assert found.cases > 1
    assert 0 <= found.margin <= 1


@every_seed
@every_law
def test_its_mutant_fails_with_numbers_beyond_what_is_allowed(law, seed):
    found = result(law, law.mutant(), seed)
    assert found.verdict == "fail"
    finding = found.finding
    assert finding.what
    assert not abs(finding.actual - finding.expected) <= finding.allowed
    assert violation(subject(law, law.mutant()), law, finding.case)


@every_seed
@every_law
def test_drawn_cases_find_its_mutant_without_its_examples(law, seed):
    assert result(replace(law, examples=()), law.mutant(), seed, shrink=False).verdict == "fail"


@every_law
def test_one_of_its_examples_finds_its_mutant(law):
    assert any(violation(subject(law, law.mutant()), law, case) for case in law.examples)


@every_law
def test_its_examples_are_judged_and_held_by_the_reference(law):
    assert law.examples
    for case in law.examples:
        margin = law.check(subject(law), case)
        assert margin is not None
        assert margin <= 1


@every_law
def test_its_examples_and_their_variants_go_through_json_unchanged(law):
    for case in law.examples:
        for each in (case, *law.variants(case)):
            assert Case.from_json(json.loads(json.dumps(each.to_json()))).digest == each.digest


@every_law
def test_its_docstring_says_the_law_and_why(law):
    assert law.title[0].isupper()
    assert law.title.endswith(".")
    assert len(law.title) > 20
    assert len(law.why) > 20
    assert law.doc.splitlines()[0].endswith("."), "the first line is the whole law"


@every_law
def test_its_origin_has_a_link(law):
    for origin in law.origin.each:
        assert isinstance(origin, Origin)
        assert re.fullmatch(r"https://\S+", origin.link)
        frameworks = {name.partition(":")[0] for name in origin.affected or {}}  # keras:torch is Keras on one backend
        assert frameworks <= {"tensorflow", "keras", "torch", "mlx"}
        assert set(origin.examples) <= set(range(len(law.examples)))
        assert all(SpecifierSet(versions) for versions in (origin.affected or {}).values())
    assert not any(origin.further or not origin.affected for origin in law.origin.further), "a further one is a bug"


@every_law
def test_it_has_a_kind_and_asks_for_capabilities(law):
    assert law.kind in KINDS
    assert law.needs
    assert law.needs <= set(CAPABILITIES)


@every_law
def test_it_names_no_framework_but_in_its_origin(law):
    assert not FRAMEWORKS.search(without_origin(law))


@every_law
def test_it_types_no_tolerance(law):
    assert not TOLERANCES.search(source(law))
    for function in functions(law):
        for node in ast.walk(function):
            if isinstance(node, ast.Constant) and isinstance(node.value, float):
                assert math.fabs(node.value) >= SMALLEST_PLAIN_NUMBER or node.value == 0, f"line {node.lineno}"


@every_law
def test_its_file_is_short_and_says_only_what_a_law_says(law):
    assert len(source(law).splitlines()) <= 80
    public = {function.name for function in functions(law) if not function.name.startswith("_")}
    assert {"check", "mutant"} <= public <= {"check", "mutant", "variants", "judged"}


@every_law
def test_what_the_check_runs_is_named_by_variants(law):
    """Cases that are not sent ahead travel one by one; a check may add one that needs an answer first."""
    one, asked = reference_subject(), []
    run = one.run
    one.run = lambda case: asked.append(case.digest) or run(case)
    case = law.examples[0]
    law.check(Pair(one, one) if law.differential else one, case)
    named = {each.digest for each in (case, *law.variants(case))}
    assert asked
    assert len(set(asked) - named) <= (1 if law.differential else 0)


@every_law
def test_what_the_check_asks_the_reference_for_is_named_by_judged(law, monkeypatch):
    """What is not named is computed all the same, but alone."""
    module, sought = sys.modules[law.check.__module__], set()
    right = getattr(module, "expected", None)
    monkeypatch.setattr(module, "expected", lambda s, case: sought.add(case.digest) or right(s, case), raising=False)
    one, (first, *_) = reference_subject(), law.examples
    law.check(Pair(one, one) if law.differential else one, first)
    assert len(sought - {each.digest for each in (first, *law.judged(first))}) <= (1 if law.differential else 0)
    assert {each.digest for each in law.judged(first)} <= {each.digest for each in law.variants(first)}
