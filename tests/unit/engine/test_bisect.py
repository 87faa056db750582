import pytest
from packaging.version import Version

from bncheck import invariants
from bncheck.engine import bisect
from bncheck.engine.bisect import Skipped, search
from bncheck.errors import UnknownName, UsageError
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import Traits

RELEASES = [f"p=={n}" for n in range(20)]
LAW = invariants.load_all()["training_output_matches_reference"]


def asking(changed, skipped=(), asked=None):
    def ask(name):
        number = int(name.partition("==")[2])
        if asked is not None:
            asked.append(number)
        if number in skipped:
            raise Skipped("no wheel")
        return "broken" if number < changed else "holds"

    return ask


@pytest.mark.parametrize("changed", range(1, 20))
def test_the_two_neighbours_between_which_it_changed(changed):
    asked = []
    found = search(RELEASES, asking(changed, asked=asked), lambda *told: None)
    assert (found.last, found.first) == (f"p=={changed - 1}", f"p=={changed}")
    assert len(asked) <= 7


def test_what_cannot_be_asked_is_skipped_and_said():
    told = {}
    found = search(RELEASES, asking(9, skipped={0, 1, 7, 8, 9, 10, 19}), told.__setitem__)
    assert (found.last, found.first) == ("p==6", "p==11")
    assert set(found.skipped) >= {"p==0", "p==1", "p==7", "p==8", "p==9", "p==10", "p==19"}
    assert told["p==8"] == "skipped: no wheel"


def test_nothing_changed():
    with pytest.raises(UsageError, match=r"nothing changed between p==0 and p==19: holds on both"):
        search(RELEASES, asking(0), lambda *told: None)


@pytest.mark.parametrize("skipped", [range(20), range(1, 20)])
def test_fewer_than_two_that_can_be_asked(skipped):
    with pytest.raises(UsageError, match="no two releases"):
        search(RELEASES, asking(3, skipped=skipped), lambda *told: None)


@pytest.fixture
def finals(monkeypatch):
    versions = [Version(text) for text in ("1.0", "1.1", "1.2+cpu", "1.2", "2.0")]
    monkeypatch.setattr(bisect.releases, "finals", lambda package: iter(versions))
    return versions


def test_the_releases_from_one_version_to_another_in_either_order(finals):
    assert bisect.names("torch", "2.0", "1.1") == ["torch==1.1", "torch==1.2", "torch==2.0"]
    assert bisect.names("tensorflow:graph")[0] == "tensorflow==1.0:graph"


def test_a_package_that_is_no_subject(finals):
    with pytest.raises(UnknownName):
        bisect.names("numpy")


def test_a_version_that_is_none(finals):
    with pytest.raises(UsageError, match="no version"):
        bisect.names("torch", "new", "1.0")


@pytest.mark.parametrize(("traits", "answer"), [(Traits(), "holds"), (LAW.mutant(), "broken")])
def test_a_law_is_asked_on_its_examples(traits, answer):
    assert bisect.of_law(LAW, LAW.examples)(reference_subject(traits)) == answer


def test_a_law_that_does_not_apply_is_no_answer():
    subject = reference_subject()
    subject.transport.description = {**subject.description, "capabilities": []}
    with pytest.raises(Skipped, match="inapplicable"):
        bisect.of_law(LAW, LAW.examples)(subject)


@pytest.mark.parametrize("value", ["biased", "unbiased"])
def test_an_axis_is_measured(value):
    assert bisect.of_axis("running_variance")(reference_subject(Traits(running_variance=value))) == value


def test_an_axis_that_no_question_tells():
    with pytest.raises(UsageError, match="by laws alone"):
        bisect.of_axis("malformed_input")


def test_a_release_that_cannot_be_resolved_is_skipped(monkeypatch):
    def refused(name):
        raise UsageError("no wheel\nfor this machine")

    monkeypatch.setattr(bisect, "_spec", refused)
    with pytest.raises(Skipped, match="no wheel for this machine"):
        bisect.Asker(lambda subject: "holds")("torch==1.0")


def test_a_cell_that_pins_the_release_is_asked():
    assert bisect._spec("tensorflow==1.14.0").name == "tf1.14"
    assert bisect._spec("tensorflow==2.1.4:graph").name == "tf2.1:graph"
    assert bisect._spec("mlx==0.32.4").name == "mlx0.32.4"
