"""A linear activation changes no bit of a network's gradients.

Why: a layer that returns its input may still be wrong on the way back, and only training shows it.
"""

from bncheck.cases.network import Dense, Linear
from bncheck.cases.strategies import network_cases
from bncheck.cases.variants import network_example, weighted, without_linear
from bncheck.invariants import Origin
from bncheck.truth.compare import same_bits, same_state
from bncheck.truth.traits import Traits

ORIGIN = Origin("https://stackoverflow.com/questions/58612783", note="does Activation('linear') do anything?")
KIND = "contract"
NEEDS = {"training", "gradients", "networks"}
CASES = network_cases
EXAMPLES = [network_example(Linear()), network_example(Dense(2), Linear(), Dense(1))]


def variants(case):
    return [without_linear(case)]


def check(subject, case):
    (plain,) = variants(case)
    one, other = subject.run(case), subject.run(plain)
    same_bits("gradient for the input", one.dx(2), other.dx(2))
    return same_state("in the gradients", weighted(case, one.params(2)), other.params(2))


def mutant():
    return Traits(linear_gradient="half_precision")
