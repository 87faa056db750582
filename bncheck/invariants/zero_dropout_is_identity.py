"""Dropout at rate zero changes no output, no gradient and no state, in inference and in training.

Why: a rate of zero is how one switches dropout off in a search over rates; it has to be the same network as the one
without.
"""

from bncheck.cases.case import Backward, Forward, State
from bncheck.cases.network import Dense, Dropout
from bncheck.cases.network_strategies import zero_dropout_cases
from bncheck.cases.variants import network_example, weighted, without
from bncheck.invariants import Origin
from bncheck.truth.compare import same_bits, same_state
from bncheck.truth.traits import Traits

ORIGIN = Origin("https://github.com/tensorflow/tensorflow/issues/10845", note="dropout at rate zero changed a training")
KIND = "contract"
NEEDS = {"inference", "training", "gradients", "networks"}
CASES = zero_dropout_cases
EXAMPLES = [network_example(Dense(2), Dropout(0.0), Dense(1))]


def variants(case):
    return [without(case, Dropout)]


def check(subject, case):
    (plain,) = variants(case)
    with_dropout, bare = subject.run(case), subject.run(plain)
    (inferred,), (trained,), (at,) = (case.where(kind) for kind in (Forward, Backward, State))
    for mode, i in (("inference", inferred), ("training", trained)):
        same_bits(f"output in {mode} with dropout at rate zero", with_dropout.y(i), bare.y(i))
    same_bits("gradient for the input with dropout at rate zero", with_dropout.dx(trained), bare.dx(trained))
    gradients = weighted(case, with_dropout.params(trained), Dropout)
    same_state("in the gradients with dropout at rate zero", gradients, bare.params(trained))
    return same_state("with dropout at rate zero", weighted(case, with_dropout.state(at), Dropout), bare.state(at))


def mutant():
    return Traits(zero_dropout="half_precision")
