"""A linear activation changes no bit of a network's output, in inference and in training.

Why: it is the identity.  Those who add one to name a layer, or leave it in by default, must be able to rely on it.
"""

from bncheck.cases.network import Dense, Linear
from bncheck.cases.strategies import network_cases
from bncheck.cases.variants import network_example, without_linear
from bncheck.invariants import Origin
from bncheck.truth.compare import same_bits
from bncheck.truth.traits import Traits

ORIGIN = Origin("https://stackoverflow.com/questions/58612783", note="does Activation('linear') do anything?")
KIND = "contract"
NEEDS = {"inference", "training", "networks"}
CASES = network_cases
EXAMPLES = [network_example(Linear()), network_example(Dense(2), Linear(), Dense(1))]


def variants(case):
    return [without_linear(case)]


def check(subject, case):
    (plain,) = variants(case)
    one, other = subject.run(case), subject.run(plain)
    return max(same_bits(f"output of step {i}", one.y(i), other.y(i)) for i in (1, 2))


def mutant():
    return Traits(linear_activation="half_precision")
