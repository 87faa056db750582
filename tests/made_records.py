"""Records for the tests of the reports: made by hand, of hostile text, and of a run."""

from bncheck import invariants
from bncheck.cases.arrays import to_json
from bncheck.engine import campaign
from bncheck.engine.examine import Budget
from bncheck.errors import UsageError
from bncheck.records import record
from bncheck.subjects.resolve import Spec
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import Traits

LAW = "linear_activation_keeps_initial_weights"
HOSTILE = (
    "\x1b[31m</script><script>alert(1)</script><img src=x onerror=alert(2)> ]]> --> \"'`|&amp;{{7*7}}{%x%} "
    "[l](javascript:alert(3)) @everyone ```\n## head\n</details>\u202e\x00\ud800 \\ ${x} </title></style>"
)
TRAITS = {"right": Traits(), "wrong": Traits(epsilon="outside"), "other": Traits(epsilon="outside")}


def finding(**changes):
    found = {
        "what": "the kernel of layer 0 at the start differs",
        "where": [0, 0],
        "actual": 0.10000000149011612,
        "expected": "nan",
        "allowed": 0.0,
        "mechanism": "initial_weights: by_position",
        "case": invariants.load_all()[LAW].examples[0].to_json(),
    }
    return found | changes


def result(law=LAW, verdict="pass", found=None, **changes):
    about = {"invariant": law, "verdict": verdict, "cases": 31, "margin": 0.0, "seconds": 0.5, "reason": ""}
    return {**about, "finding": found, **changes}


def failing(*more, law=LAW, **changes):
    """A result with a finding, and with further ones."""
    return result(law, "fail", finding(**changes), **({"further": list(more)} if more else {}))


def cell(name, *results, **changes):
    about = {"cell": name, "subject": f"{name}==1", "python": "3.9.1", "packages": {"numpy": "1.2"}, "traits": {}}
    return {**about, "results": list(results), **changes}


def made(*cells, **more):
    found = record.new(cells, seed=0, max_examples=100, **more)
    return record.checked(found, "the record of this test")


def arrays(actual, expected, allowed):
    return to_json({"actual": actual, "expected": expected, "allowed": allowed})


def hostile():
    """A record that has hostile text wherever a record may have text."""
    found = finding(
        what=HOSTILE,
        where=[1],
        actual=HOSTILE,
        expected={HOSTILE: [HOSTILE]},
        mechanism=HOSTILE,
        case={"network": [{"layer": HOSTILE}], "steps": [{"step": HOSTILE}], "seed": 1, HOSTILE: HOSTILE},
        arrays={name: {"dtype": HOSTILE, "shape": [1], "data": [1.0]} for name in ("actual", "expected", "allowed")},
        script=HOSTILE,
    )
    accepted = found | {"accepted": {"reason": HOSTILE, "link": "javascript:alert(4)//" + HOSTILE}}
    verdicts = [
        result(HOSTILE, "fail", found, reason=HOSTILE, further=[accepted]),
        result(LAW, "fail", accepted),
        *(result(f"{HOSTILE}{verdict}", verdict, reason=HOSTILE) for verdict in ("inapplicable", "inconclusive")),
        result("rows_permute", "error", found, reason=HOSTILE),
    ]
    about = {
        "subject": HOSTILE,
        "python": HOSTILE,
        "packages": {HOSTILE: HOSTILE},
        "traits": {HOSTILE: {HOSTILE: HOSTILE, "b": [HOSTILE]}, "empty": {}, "number": 3},
        "interpreter": HOSTILE,
        "layer": HOSTILE,
    }
    cells = [cell(HOSTILE, *verdicts, **about), cell("", error=HOSTILE), cell(f"{HOSTILE} ~", names=[HOSTILE, ""])]
    return {**made(*cells, notes=[HOSTILE], started=HOSTILE), "bncheck": HOSTILE}


def of_a_run():
    """The record of a run with findings, a pair of cells, and a subject that did not open."""

    def opened(spec, tell):
        if spec.name == "absent":
            raise UsageError("no such thing")
        return reference_subject(TRAITS[spec.name], name=spec.name)

    specs = [Spec(name, "fake") for name in (*TRAITS, "absent")]
    return campaign.run(specs, invariants.select(["inference*", "weights*"]), Budget(max_examples=3), opened=opened)
