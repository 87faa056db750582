"""What is seen is held to what origins say: on the reference and a mutant; `nox -s history` runs the real cells."""

from dataclasses import replace

import pytest

from bncheck import invariants
from bncheck.errors import UsageError
from bncheck.invariants import Origin
from bncheck.records import record
from bncheck.subjects import matrix
from bncheck.subjects.subject import Subject
from bncheck.subjects.transport import WorkerDied
from bncheck.truth.reference_subject import ReferenceTransport, reference_subject
from bncheck.truth.traits import Traits
from history import judge
from history.__main__ import main, seen
from history.pages import BEGIN, markdown, marks

LAWS = [law for law in invariants.load_all().values() if not law.differential]
EPSILON = "configured_epsilon_is_used"
LINK = "https://github.com/example/batch/issues/7"


def law(affected, name=EPSILON):
    return replace(invariants.load_all()[name], origin=Origin(LINK, affected))


def cells(*laws, traits=Traits(epsilon="floor")):  # noqa: B008 (frozen)
    return seen(laws, ["reference"], lambda spec, tell: reference_subject(traits))["cells"]


@pytest.mark.parametrize(
    ("affected", "subject", "named"),
    [
        ({"tensorflow": "<2.0"}, "tensorflow==1.14.0", True),
        ({"tensorflow": "<2.0"}, "tensorflow==2.0.0", False),
        ({"tensorflow": "<2.0"}, "torch==1.4.0", False),
        ({"tensorflow": ">=2.0,<2.7"}, "tensorflow==2.0.4:graph", True),
        ({"tensorflow:graph": ">=2.0,<=2.1.4"}, "tensorflow==2.0.4:graph", True),
        ({"tensorflow:graph": ">=2.0,<=2.1.4"}, "tensorflow==2.0.4", False),
        ({"tensorflow:graph": ">=2.0,<=2.1.4"}, "tensorflow==2.3.4:graph", False),
        ({"keras:torch": "==3.15.1", "keras": "<3.0.3"}, "keras==3.15.1:jax", False),
        ({"keras:torch": "==3.15.1", "keras": "<3.0.3"}, "keras==3.15.1:torch", True),
        ({"tensorflow": ">=2.1", "tensorflow:graph": "<0"}, "tensorflow==2.1.4:graph", False),
        ({"torch": "<=2.13.0"}, "torch==2.13.0+cpu", True),
        ({"torch": ">=2.0"}, "torch==2.1.0rc1", True),
        (None, "torch==2.13.0", False),
    ],
)
def test_an_origin_names_versions_of_a_framework_or_of_one_mode_of_it(affected, subject, named):
    origin = Origin(LINK, affected)
    assert origin.naming(subject) == ([origin] if named else [])
    assert Origin(LINK, {"mlx": ">=0"}).also(origin).naming(subject) == ([origin] if named else [])


def test_the_subjects_are_the_matrix_and_the_modes_that_only_an_origin_names():
    assert judge.subjects(LAWS)[: len(matrix.cells())] == list(matrix.cells())
    assert judge.subjects([law({"tensorflow:graph": ">=2.0,<=2.1.4", "tensorflow": "<2.7", "keras:jax": "<4"})]) == [
        *matrix.cells(),
        "tf2.0:graph",
        "tf2.1:graph",
    ]


def test_a_cell_is_said_by_the_release_it_pins():
    assert judge.pinned(matrix.cell("tf2.1")) == "tensorflow==2.1.4"
    assert judge.pinned(matrix.cell("mlx0.32.0")) == "mlx==0.32.0"


def test_the_reference_passes_every_example_and_no_origin_names_it(capsys):
    assert main(["reference"]) == 0
    said = capsys.readouterr().out
    assert f"of {len(LAWS)} laws on 1 cells: 0 disagreements" in said
    assert "✗" not in said.replace("✗ an example fails", "")


def test_a_mutant_that_no_origin_names_is_a_disagreement_in_one_line():
    (line,) = judge.disagreements([law({"torch": "<1"})], cells(law(None)))
    assert line.startswith(f"{EPSILON} on reference (reference==")
    assert "of the examples 0, 1 should pass: " in line
    assert "differs (epsilon: floor); its origin names no reference" in line


def test_a_mutant_that_its_origin_names_is_as_it_should_be():
    assert list(judge.disagreements([law({"reference": ">=0"})], cells(law(None)))) == []


def test_a_right_layer_that_an_origin_names_is_a_disagreement():
    (line,) = judge.disagreements([law({"reference": ">=0"})], cells(law(None), traits=Traits()))
    assert line.endswith(f"no example fails (pass), and {LINK} names reference >=0")


def test_so_is_a_law_that_does_not_apply_where_its_origin_names_it():
    able = replace(law({"reference": ">=0"}), needs=frozenset(["flight"]))
    (line,) = judge.disagreements([able], cells(able))
    assert line.endswith(f"no example fails (inapplicable), and {LINK} names reference >=0")
    assert not list(judge.disagreements([law(None)], cells(replace(law(None), needs=frozenset(["flight"])))))


def test_each_bug_is_held_to_the_examples_that_show_it():
    name, floor = "training_output_matches_reference", 3  # the place of its only example with a small epsilon
    shown = law({"reference": ">=0"}, name)
    for places, lines in (((), 0), ((floor,), 0), ((0, floor), 0), ((0,), 2)):
        named = replace(shown, origin=shown.origin.shown_by(*places))
        assert len(list(judge.disagreements([named], cells(shown)))) == lines
    other = Origin("https://example.org/2", {"reference": ">=0"}).shown_by(0)
    (line,) = judge.disagreements([replace(shown, origin=shown.origin.also(other))], cells(shown))
    assert "no example fails (pass), and https://example.org/2 names" in line


def test_what_could_not_be_built_is_an_error(capsys):
    def opened(spec, tell):
        raise UsageError("no wheel:\n  at all")

    assert main(["reference", "--select", EPSILON], opened) == 2
    assert "! reference: no wheel: at all" in capsys.readouterr().out


def test_so_is_a_worker_that_dies(capsys):
    class Dying(ReferenceTransport):
        def send(self, programs):
            raise WorkerDied("the worker died")

    assert main(["reference", "--select", EPSILON], lambda spec, tell: Subject("dying", Dying(Traits()))) == 2
    assert "the worker died" in capsys.readouterr().out


def test_an_unknown_cell_is_refused(capsys):
    assert main(["tf9.9"]) == 2
    assert "tf9.9" in capsys.readouterr().err


def test_the_file_gathers_cells_and_the_page_keeps_what_a_person_wrote(tmp_path):
    file, page = tmp_path / "history.json", tmp_path / "history.md"
    page.write_text(f"# History\n\nWords.\n\n{BEGIN}\nold")
    other = {**record.new(cells(law(None)), seed=0, max_examples=0)}
    other["cells"][0]["cell"] = "earlier"
    record.write(other, file)
    options = ["reference", "--select", EPSILON, "--json", str(file), "--markdown", str(page)]
    assert main(options) == 1  # the mutant that was seen earlier
    assert [cell["cell"] for cell in record.read(file)["cells"]] == ["earlier", "reference"]
    assert page.read_text().startswith(f"# History\n\nWords.\n\n{BEGIN}\n## The bugs")
    assert "old" not in page.read_text()


def test_the_page_has_each_bug_with_the_cells_that_have_it_and_those_that_have_not():
    named = law({"reference": ">=0"})
    broken, right = cells(named), cells(named, traits=Traits())
    right[0] |= {"cell": "mended", "subject": "reference==-1"}
    page = markdown([named], broken + right)
    assert f"| [batch#7]({LINK}) | `{EPSILON}` | reference | mended |" in page
    assert f"| {EPSILON} | ✗ |" in page
    assert marks(named, broken) == ["✗"]
    assert marks(law(None), broken) == ["!"]
