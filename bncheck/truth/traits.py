"""The axes along which batch norms differ: legal values are conventions, illegal ones are defects with a name."""

from dataclasses import dataclass, fields, replace

LEGAL = {
    "running_variance": {
        "biased": "the moving variance averages the variance over n",
        "unbiased": "the moving variance averages the variance over n - 1",
    },
    "variance": {"two_pass": "the variance is the mean of the squared distances from the mean"},
    "epsilon": {"inside": "the output is divided by sqrt(variance + epsilon)"},
    "moving_average": {"plain": "a moving statistic keeps the share momentum of itself"},
    "momentum_precision": {"layer": "momentum has the precision of the layer's dtype"},
    "inference_statistics": {"moving": "inference uses the moving statistics"},
    "inference_updates": {"none": "inference leaves the moving statistics alone"},
    "frozen_layer": {"keeps_state": "a frozen layer leaves its moving statistics alone"},
    "precision": {"dtype": "the layer computes in its dtype"},
    "rows": {"all": "every row of a batch enters the statistics"},
    "channels": {"own": "each channel has statistics of its own"},
    "training_gradient": {"full": "the gradient goes through the batch's mean and variance"},
    "inference_gradient": {"moving": "in inference the statistics are constants to the gradient"},
    "gamma_gradient": {"normalised": "gamma's gradient is the sum of dy times the normalised input"},
    "linear_activation": {"identity": "a linear activation returns its input"},
    "linear_gradient": {"identity": "a linear activation returns its gradient"},
    "batch_order": {"rows": "training takes the batches in the order of the rows"},
    "initial_weights": {"by_layer": "initial weights depend on the seed and on the layers that have weights"},
    "zero_dropout": {"identity": "dropout at rate zero returns its input and its gradient"},
    "initial_statistics": {"standard": "a new layer's moving mean is zero and its moving variance is one"},
    "stored_state": {"exact": "a state that is set or loaded is kept to the bit"},
    "positions": {"all": "every position of a row enters the statistics"},
    "gamma": {"own": "the output is scaled by the layer's own gamma"},
    "memory": {"none": "what a layer returns depends on its state and its input alone"},
    "affine": {"even": "x and the mean are scaled alike, so that a value that is the mean comes out as beta"},
}

ILLEGAL = {
    "running_variance": {"over_n_plus_one": "the moving variance averages the variance over n + 1"},
    "variance": {
        "one_pass": "the variance is E[x^2] - E[x]^2, which cancels at a large offset",
        "uncentred": "the variance is taken from zero, not from the mean",
    },
    "epsilon": {
        "outside": "the output is divided by sqrt(variance) + epsilon",
        "floor": "an epsilon below 1.001e-5 is raised to 1.001e-5",
        "absent": "epsilon is not used",
    },
    "moving_average": {"swapped": "momentum is taken for the share of the new statistic"},
    "momentum_precision": {"single": "1 - momentum is rounded to float32, in a float64 layer too"},
    "inference_statistics": {"batch": "inference uses the batch's own statistics"},
    "inference_updates": {"moving": "inference moves the moving statistics"},
    "frozen_layer": {"updates": "a frozen layer moves its moving statistics"},
    "rows": {
        "first_65536": "rows behind the 65536th are left out of the statistics",
        "all_but_last": "the last row of a batch is left out of the statistics",
    },
    "channels": {"last_takes_first": "the last channel is normalised with the first one's statistics"},
    "training_gradient": {
        "statistics_constant": "the gradient takes the batch's statistics for constants",
        "uncentred": "the gradient through the variance takes the mean for a constant in E[x^2] - E[x]^2",
    },
    "inference_gradient": {"batch": "in inference the gradient goes through the batch's statistics"},
    "gamma_gradient": {"raw_input": "gamma's gradient is the sum of dy times the input as it came"},
    "linear_activation": {"half_precision": "a linear activation rounds its input to half precision"},
    "linear_gradient": {"half_precision": "a linear activation rounds its gradient to half precision"},
    "batch_order": {"by_depth": "the order of the batches depends on the number of layers"},
    "initial_weights": {"by_position": "initial weights depend on how many layers stand before, weights or none"},
    "precision": {"single": "a float64 layer computes in float32"},
    "zero_dropout": {"half_precision": "dropout at rate zero rounds its input and its gradient to half precision"},
    "initial_statistics": {"zero_variance": "a new layer's moving variance is zero"},
    "stored_state": {
        "half_when_set": "a state that is set is rounded to half precision",
        "half_when_loaded": "a state that is saved and loaded is rounded to half precision",
    },
    "positions": {"first_of_channels_first": "with the channels first, one position of each row enters the statistics"},
    "gamma": {"fixed": "gamma is taken for one"},
    "memory": {"first_step": "the first training step forgets the statistics that were stored"},
    "affine": {"fused": "x a - (mean a) is rounded once, and leaves the rounding of mean a where x is the mean"},
}


@dataclass(frozen=True)
class Traits:
    """One value on every axis; the default is the batch norm of the paper (Ioffe and Szegedy 2015)."""

    running_variance: str = "biased"
    variance: str = "two_pass"
    epsilon: str = "inside"
    moving_average: str = "plain"
    momentum_precision: str = "layer"
    inference_statistics: str = "moving"
    inference_updates: str = "none"
    frozen_layer: str = "keeps_state"
    precision: str = "dtype"
    rows: str = "all"
    channels: str = "own"
    training_gradient: str = "full"
    inference_gradient: str = "moving"
    gamma_gradient: str = "normalised"
    linear_activation: str = "identity"
    linear_gradient: str = "identity"
    batch_order: str = "rows"
    initial_weights: str = "by_layer"
    zero_dropout: str = "identity"
    initial_statistics: str = "standard"
    stored_state: str = "exact"
    positions: str = "all"
    gamma: str = "own"
    memory: str = "none"
    affine: str = "even"

    def __post_init__(self):
        for axis in fields(self):
            value = getattr(self, axis.name)
            if value not in LEGAL[axis.name] and value not in ILLEGAL[axis.name]:
                raise ValueError(f"{axis.name} has no value {value!r}")

    def but(self, **changes):
        """These traits with other values."""
        return replace(self, **changes)


def defects(traits):
    """Each illegal value, as a name and the given traits with that one value changed."""
    for axis, values in ILLEGAL.items():
        for value in values:
            yield f"{axis}: {value}", traits.but(**{axis: value})
