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
NAMES = ("none", "all", "first", "mse", "loss")  # of the scenario's variants, numbers and curves
SCENARIO = {
    "scenario": "made_up",
    "title": "Does it help?",
    "setting": "A network | and data.",
    "why": "Because.",
    "origin": "https://example.org/1",
    "seeds": 3,
    "variants": {"none": "no batch norm", "all": "batch norm", "first": "channels first"},
    "numbers": {"mse": "on the test rows"},
    "published": {"all": {"mse": "48.2"}},
    "curves": [{"name": "loss", "label": "loss", "log": True}],
    "subjects": [
        {
            "name": "tf1.14",
            "subject": "tensorflow==1.14.0",
            "seconds": 2.0,
            "missing": {"first": "not offered: NHWC only"},
            "numbers": {"none": {"mse": [1.0, 3.0, 2.0]}, "all": {"mse": [52.8]}},
            "curves": {"none": {"loss": [[3.0, 1.0], [4.0, 2.0]]}, "all": {"loss": [[60.0, 50.0]]}},
            "claims": [{"text": "it helps", "verdict": "does not hold", "figure": "2.000 against 52.80"}],
        }
    ],
    "trajectories": [
        {
            "subjects": ["tf1.14", "torch2.13"],
            "steps": [1, 50],
            "rows": [
                {
                    "setting": "the same layer",
                    "group": "weights",
                    "gaps": [1e-17, 2e-17],
                    "allowed": [1e-15, 1e-9],
                    "parted": None,
                    "because": "",
                },
                {
                    "setting": "epsilon 1e-5",
                    "group": "weights",
                    "gaps": [1e-6, 5e-5],
                    "allowed": [1e-15, 1e-9],
                    "parted": 1,
                    "because": "epsilon 1e-5",
                },
            ],
        },
        {"subjects": ["tf1.14", "old"], "error": "no float64"},
    ],
}


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
    more = {"bncheck": HOSTILE, "scenarios": [_hostile(SCENARIO)]}
    return record.checked({**made(*cells, notes=[HOSTILE], started=HOSTILE), **more}, "the hostile record")


def _hostile(value):
    """The value of a scenario with hostile text in each of its texts but the verdicts, and in each of its names."""
    if isinstance(value, dict):
        return {HOSTILE + name if name in NAMES else name: _hostile(item) for name, item in value.items()}
    if isinstance(value, list):
        return list(map(_hostile, value))
    return HOSTILE + value if isinstance(value, str) and value != "does not hold" else value


def of_a_run():
    """The record of a run with findings, a pair of cells, and a subject that did not open."""

    def opened(spec, tell):
        if spec.name == "absent":
            raise UsageError("no such thing")
        return reference_subject(TRAITS[spec.name], name=spec.name)

    specs = [Spec(name, "fake") for name in (*TRAITS, "absent")]
    return campaign.run(specs, invariants.select(["inference*", "weights*"]), Budget(max_examples=3), opened=opened)
