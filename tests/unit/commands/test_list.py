import json

from click.testing import CliRunner

from bncheck.commands import main
from bncheck.invariants import load_all
from bncheck.truth.traits import LEGAL, values_of


def test_every_law_is_listed_with_its_sentence():
    answer = CliRunner().invoke(main, ["list"])
    assert answer.exit_code == 0
    words = " ".join(answer.stdout.split())
    for law in load_all().values():
        assert law.name in words
    assert "Inference changes no weight and no moving statistic." in words


def test_json_has_all_that_is_known_of_each_law():
    laws = json.loads(CliRunner().invoke(main, ["list", "--json"]).stdout)
    assert [law["name"] for law in laws] == list(load_all())
    by_name = {law["name"]: law for law in laws}
    seeded = by_name["linear_activation_keeps_initial_weights"]
    assert seeded["origin"]["affected"] == {"tensorflow": ">=1.12.3,<=1.15.5", "tensorflow:graph": ">=2.0.0,<=2.1.4"}
    assert seeded["needs"] == ["networks", "seed"]
    assert all(law["title"] and law["why"] and law["kind"] and law["origin"]["link"] for law in laws)


def test_every_value_of_the_traits_is_listed_with_its_sentence():
    words = " ".join(CliRunner().invoke(main, ["list", "--traits"]).stdout.split())
    for axis in LEGAL:
        assert all(f"{axis}: {value} " in words for value in values_of(axis))


def test_json_says_which_values_are_legal():
    found = json.loads(CliRunner().invoke(main, ["list", "--traits", "--json"]).stdout)
    legal = {(each["axis"], each["value"]): each["legal"] for each in found}
    assert legal["epsilon", "inside"]
    assert not legal["epsilon", "floor"]
    assert all(each["title"] for each in found)
