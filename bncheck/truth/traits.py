"""The axes along which batch norms differ: legal values are conventions, illegal ones are defects with a name."""

from dataclasses import dataclass, fields, replace

LEGAL = {
    "running_variance": {
        "biased": "the moving variance averages the variance over n",
        "unbiased": "the moving variance averages the variance over n - 1",
    },
    "variance": {"two_pass": "the variance is the mean of the squared distances from the mean"},
    "epsilon": {"inside": "the output is divided by sqrt(variance + epsilon)"},
    "moving_average": {
        "plain": "a moving statistic keeps the share momentum of itself",
        "debiased": "a moving statistic forgets what it started with, as the moments of Adam do",
        "cumulative": "a moving statistic is the mean over all batches so far, whatever momentum is",
    },
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
    "batch_of_one": {
        "accepted": "in training, one value a channel is a batch of variance zero",
        "refused": "in training, one value a channel is refused",
    },
    "frozen_output": {
        "moving": "a frozen layer normalises with the moving statistics, in training too",
        "batch": "a frozen layer normalises with the batch's own statistics in training",
    },
    "empty_batch": {"unchanged": "a batch of no values leaves the moving statistics alone"},
    "non_finite": {"own_channel": "a NaN or an infinity stays in its channel"},
    "malformed_input": {"refused": "an input or a state of another form is refused"},
    "after_failure": {"unharmed": "a step that was refused leaves nothing behind"},
    "memory_layout": {"any": "an array is its numbers, however they lie in memory"},
    "masks": {"left_out": "masked steps stay out of the statistics"},
    "mask_count": {"exact": "the statistics are over the number of steps that count; over none, nothing is done"},
    "compiled": {"as_eager": "a compiled call computes what an eager one does"},
    "fixed_training": {"kept": "a layer that was called with a fixed mode keeps it inside a model"},
    "second_gradient": {"full": "the second derivative goes through the batch's mean and variance"},
    "cumulative_average": {"of_batches": "without a momentum a moving statistic is the mean over all batches"},
    "batch_count": {"training": "a layer counts the batches that it trained on, and no others"},
    "zero_dropout": {"identity": "dropout at rate zero returns its input and its gradient"},
    "initial_statistics": {"standard": "a new layer's moving mean is zero and its moving variance is one"},
    "stored_state": {"exact": "a state that is set or loaded is kept to the bit"},
    "positions": {"all": "every position of a row enters the statistics"},
    "gamma": {"own": "the output is scaled by the layer's own gamma"},
    "memory": {"none": "what a layer returns depends on its state and its input alone"},
    "affine": {"even": "x and the mean are scaled alike, so that a value that is the mean comes out as beta"},
    "evaluation": {"over_rows": "evaluating gives the mean loss over the rows"},
    "tracking_off": {"keeps_state": "a layer that was told not to track leaves its moving statistics alone"},
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
    "precision": {
        "single": "a float64 layer computes in float32",
        "half": "a layer on half-precision input computes in that precision, its statistics too",
    },
    "batch_of_one": {"not_a_number": "the moving variance of one value a channel is 0 / 0"},
    "empty_batch": {
        "averaged": "the mean of no values, 0 / 0, enters the moving statistics and gamma's gradient",
        "moves_statistics": "the mean of no values, 0 / 0, enters the moving statistics",
    },
    "non_finite": {
        "spreads": "a NaN or an infinity in one channel makes every channel's statistics NaN",
        "taken_for_zero": "a NaN or an infinity is read as zero",
    },
    "malformed_input": {
        "fitted": "channels, or numbers of a state, are repeated or cut until they are as many as asked",
        "moves_first": "an input that is refused has moved the statistics before, its channels repeated",
        "integers_in_single": "a float64 layer computes integers in float32",
    },
    "after_failure": {"spoilt": "after a step that was refused every output is NaN"},
    "memory_layout": {
        "ignored": "an array is read in the order in which its numbers lie in memory",
        "gamma_by_pointer": "the gradient reads gamma as if its numbers lay side by side in memory, and in inference a "
        "variance that does not lie so from memory that was given back",
    },
    "masks": {
        "times_zero": "masked values enter times 0, so that NaN stays, and no step that counts is 0 / 0",
        "ignored": "masked steps enter the statistics",
    },
    "mask_count": {
        "none_is_zero": "where no step counts, a mean of 0 and a variance of 0 enter the moving statistics",
        "plus_epsilon": "1e-7 is added to the number of steps that count",
    },
    "compiled": {"one_pass": "a compiled call takes the variance in one pass, which loses digits far from zero"},
    "fixed_training": {"overridden": "a layer that was called with a fixed mode follows the model's own"},
    "second_gradient": {
        "deviation_constant": "the second derivative takes the batch's deviation for a constant",
        "mean_constant": "the second derivative takes the mean within the variance for a constant",
    },
    "cumulative_average": {"of_initial_too": "the initial statistics count as a batch of their own"},
    "batch_count": {
        "inference": "batches of inference are counted, too",
        "forgotten": "setting the weights and statistics sets the count of batches to zero",
    },
    "zero_dropout": {"half_precision": "dropout at rate zero rounds its input and its gradient to half precision"},
    "initial_statistics": {"zero_variance": "a new layer's moving variance is zero"},
    "stored_state": {
        "flushed_when_set": "of a state that is set, subnormal numbers become zero",
        "half_when_loaded": "a state that is saved and loaded is rounded to half precision",
    },
    "positions": {"first_of_channels_first": "with the channels first, one position of each row enters the statistics"},
    "gamma": {"fixed": "gamma is taken for one"},
    "memory": {"first_step": "the first training step forgets the statistics that were stored"},
    "affine": {"fused": "x a - (mean a) is rounded once, and leaves the rounding of mean a where x is the mean"},
    "evaluation": {"over_batches": "evaluating gives the mean of the batches' losses, however few rows one has"},
    "tracking_off": {"updates": "a layer that was told not to track moves its moving statistics"},
}


def values_of(axis):
    """Every value of an axis with its sentence, the legal ones first."""
    return {**LEGAL[axis], **ILLEGAL.get(axis, {})}


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
    batch_of_one: str = "accepted"
    frozen_output: str = "moving"
    empty_batch: str = "unchanged"
    non_finite: str = "own_channel"
    malformed_input: str = "refused"
    after_failure: str = "unharmed"
    memory_layout: str = "any"
    masks: str = "left_out"
    mask_count: str = "exact"
    compiled: str = "as_eager"
    fixed_training: str = "kept"
    second_gradient: str = "full"
    cumulative_average: str = "of_batches"
    batch_count: str = "training"
    zero_dropout: str = "identity"
    initial_statistics: str = "standard"
    stored_state: str = "exact"
    positions: str = "all"
    gamma: str = "own"
    memory: str = "none"
    affine: str = "even"
    evaluation: str = "over_rows"
    tracking_off: str = "keeps_state"

    def __post_init__(self):
        for axis in fields(self):
            value = getattr(self, axis.name)
            if value not in values_of(axis.name):
                raise ValueError(f"{axis.name} has no value {value!r}")

    def but(self, **changes):
        """These traits with other values."""
        return replace(self, **changes)


def defects(traits):
    """Each illegal value, as a name and the given traits with that one value changed."""
    for axis, values in ILLEGAL.items():
        for value in values:
            yield f"{axis}: {value}", traits.but(**{axis: value})
