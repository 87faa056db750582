"""What each axis of the traits decides, what its values do to a user, and where they were seen."""

from dataclasses import dataclass

# What an axis is about; its values and their sentences stand in ``traits``.
AXES = {
    "running_variance": "The estimator of the variance that enters the moving variance.",
    "variance": "How the batch's variance is computed.",
    "epsilon": "Where epsilon enters the normalisation.",
    "moving_average": "How a moving statistic follows the batches' statistics.",
    "momentum_precision": "The precision in which momentum is kept.",
    "inference_statistics": "The statistics that inference normalises with.",
    "inference_updates": "Whether inference moves the moving statistics.",
    "frozen_layer": "What training does to a frozen layer's moving statistics.",
    "precision": "The precision in which a layer computes.",
    "rows": "The rows of a batch that enter the statistics.",
    "channels": "The statistics that a channel is normalised with.",
    "training_gradient": "What the gradient of a training step goes through.",
    "inference_gradient": "What the gradient of inference goes through.",
    "gamma_gradient": "The gradient for gamma.",
    "linear_activation": "What a linear activation returns.",
    "linear_gradient": "What a linear activation returns for a gradient.",
    "batch_order": "The order in which training takes the batches.",
    "initial_weights": "What a layer's initial weights depend on, beside the seed.",
    "batch_of_one": "What training does with one value a channel.",
    "frozen_output": "The statistics that a frozen layer normalises with in training.",
    "empty_batch": "What training does with no values at all.",
    "non_finite": "How far a NaN or an infinity reaches.",
    "malformed_input": "What a layer does with an input or a state of another form.",
    "after_failure": "What a refused step leaves behind.",
    "memory_layout": "Whether it matters how an array lies in memory.",
    "masks": "What masked steps do to the statistics.",
    "mask_count": "The number of steps that the statistics of a masked batch are divided by.",
    "compiled": "What a compiled call computes.",
    "fixed_training": "The mode of a layer inside a model, where it was called with a fixed one.",
    "second_gradient": "What the gradient of a training step's gradient goes through.",
    "cumulative_average": "What the average of all batches counts.",
    "batch_count": "What a layer counts as a batch.",
    "zero_dropout": "What dropout at rate zero returns.",
    "initial_statistics": "The moving statistics of a new layer.",
    "stored_state": "Whether a state is kept as it was given, when it is set and when it is loaded.",
    "positions": "The positions of a row that enter the statistics.",
    "gamma": "The gamma that the output is scaled by.",
    "memory": "What a layer remembers beside its state.",
    "affine": "How the scale and the shift are rounded.",
    "evaluation": "What the loss of an evaluation is the mean of.",
}


@dataclass(frozen=True)
class Harm:
    """What a value does to a user, and where it was seen: releases, and a link."""

    text: str
    seen: str = ""
    link: str = ""


HARMS = {
    "running_variance: unbiased": Harm(
        "Weights that move to a framework of the other convention infer with a variance that is off by "
        "n / (n - 1): a lot for batches of a few values a channel, nothing to speak of for large ones.",
        "torch; tf.keras in its fused kernel: rank 4, and from 2.6 rank 5",
    ),
    "running_variance: over_n_plus_one": Harm(
        "Inference divides by a deviation that is too small, the more so the smaller the batches are, and no metric of "
        "the training shows it."
    ),
    "variance: one_pass": Harm(
        "Where a channel's mean is far from zero, its variance is lost to rounding: the output is off by many standard "
        "deviations, or NaN where the difference comes out negative.",
        "Keras 3.0.0 to 3.0.2 on TensorFlow and JAX; Keras 3.15.1 on torch; XLA's kernel in TensorFlow 2.1 to 2.21",
        "https://github.com/keras-team/keras/pull/18795",
    ),
    "variance: uncentred": Harm(
        "A channel's output depends on where its zero is: data that are far from it come out as nearly one constant."
    ),
    "epsilon: outside": Harm(
        "Channels of small variance are scaled otherwise than in every other framework, so weights that were trained "
        "with one formula fail with the other."
    ),
    "epsilon: floor": Harm(
        "An epsilon below 1.001e-5 is ignored without a word. With a variance of that size the output is off by a "
        "fifth, and the same weights predict otherwise at another rank, in another release or in another framework.",
        "tf.keras to 2.10.1, in the fused kernel: rank 4, from 2.6 also rank 5",
        "https://github.com/tensorflow/tensorflow/issues/37768",
    ),
    "epsilon: absent": Harm("A constant channel is divided by zero: its output, and soon every weight, is NaN."),
    "moving_average: debiased": Harm(
        "The first batches count in full, so inference is of use from the first step on; but the "
        "statistics that a layer was given, loaded ones too, count for nothing once it trains.",
        "haiku; Keras 2.1.3 to 2.2.5, by mistake",
        "https://github.com/keras-team/keras/issues/13214",
    ),
    "moving_average: cumulative": Harm(
        "Old batches count as much as new ones, so the statistics trail behind a network that still "
        "learns, and momentum has no effect.",
        "torch with momentum=None, where it is asked for",
    ),
    "moving_average: swapped": Harm(
        "A momentum of 0.9 forgets nine tenths at each step: inference follows the last batch, and jumps with it. "
        "torch and Keras mean the opposite by the word, so this is what a port gets wrong first."
    ),
    "momentum_precision: single": Harm(
        "A float64 layer's moving statistics have seven digits: a comparison of two runs in float64 stops there.",
        "every tf.keras, and tf-keras on 2.21",
    ),
    "inference_statistics: batch": Harm(
        "What a row is told depends on the rows beside it: predictions change with the batch size, and a batch of one "
        "row comes out as beta. No metric of the training shows it."
    ),
    "inference_updates: moving": Harm(
        "To predict changes the model: the same input gets another answer the second time, and an evaluation leaks "
        "the test data into the weights."
    ),
    "frozen_layer: updates": Harm(
        "Fine-tuning moves the statistics of layers that were meant to be kept, so the pretrained part degrades while "
        "its weights stand still.",
    ),
    "frozen_output: batch": Harm(
        "A frozen layer still normalises with each batch in training and with the moving "
        "statistics in inference, so that fine-tuning sees features that inference will not.",
        "TensorFlow 1, Keras up to 2.3.1",
        "https://github.com/keras-team/keras/pull/9965",
    ),
    "batch_of_one: refused": Harm(
        "What cannot be normalised raises. A last batch of a single row ends an epoch with an error.",
        "torch; mlx from 0.32.4",
    ),
    "precision: half": Harm(
        "Squares of numbers beyond 256 overflow float16: the variance is infinite and the output zero, or NaN. In "
        "bfloat16 the statistics have two or three digits.",
        "tf.keras to 2.2.3, rank 2; Keras 3.0.0 to 3.1.1, gamma and the statistics; in torch 1.12 to 2.13 the gradient "
        "for inputs that are not contiguous",
        "https://github.com/tensorflow/tensorflow/issues/8535",
    ),
    "compiled: one_pass": Harm(
        "A model that was right eagerly gives noise, or NaN, where it is compiled, on channels whose mean is far from "
        "zero; or, where the pass is Welford's, fewer digits than it had.",
        "XLA's kernel in TensorFlow 2.1 to 2.21, as E[x^2] - E[x]^2; torch.compile in 2.13, by Welford's update",
        "https://github.com/tensorflow/tensorflow/issues/118701",
    ),
    "fixed_training: overridden": Harm(
        "A part that was called with training off trains all the same once the model does: its statistics move to the "
        "new data. The mode has to be frozen by `trainable`, too.",
        "Keras 3, all of them; its guide says so since 2024",
        "https://github.com/keras-team/keras/issues/20285",
    ),
    "second_gradient: mean_constant": Harm(
        "Gradient penalties and Hessian products are off by a term as large as the right answer, while every first "
        "gradient is right.",
        "tf.nn.moments, so every tf.keras outside its fused kernel, and Keras 3 on TensorFlow",
        "https://github.com/tensorflow/tensorflow/pull/19609",
    ),
    "second_gradient: deviation_constant": Harm(
        "Gradient penalties and Hessian products leave out how the deviation moves, and training goes elsewhere."
    ),
    "batch_count: forgotten": Harm(
        "The first batch after weights were set is taken for the average of all, and everything before it is lost.",
        "torch 1.0.0 to 2.1.2, for a state without the count",
        "https://github.com/pytorch/pytorch/issues/110361",
    ),
    "precision: single": Harm(
        "A float64 layer has seven digits while its dtype promises sixteen: gradient checks fail, and what looks like "
        "a difference between frameworks is rounding.",
        "Keras 3.15.1 on JAX and on torch",
    ),
    "rows: all_but_last": Harm(
        "Part of the data is left out of the statistics, and the order of the rows matters: training is biased, the "
        "more so the smaller the batch is."
    ),
    "channels: last_takes_first": Harm(
        "A channel is shifted and scaled by another's statistics: its output is neither centred nor of unit variance."
    ),
    "training_gradient: statistics_constant": Harm(
        "The gradient has components along the batch's mean and scale, which the output does not depend on: training "
        "is slower and may diverge, as section 2 of the paper describes."
    ),
    "training_gradient: uncentred": Harm(
        "The gradient is wrong by a term that grows with the mean: data far from zero train to nothing, without an "
        "error.",
        "Keras 3.0.0 on TensorFlow",
    ),
    "inference_gradient: batch": Harm(
        "Gradients through a layer in inference (fine-tuning with frozen layers, saliency, adversarial examples) point "
        "elsewhere, and are zero for a batch of one."
    ),
    "gamma_gradient: raw_input": Harm("Gamma's steps grow with the input's offset and scale, until training diverges."),
    "linear_activation: half_precision": Harm("A layer that says it does nothing costs thirteen bits of precision."),
    "linear_gradient: half_precision": Harm("A layer that says it does nothing rounds small gradients to zero."),
    "batch_order: by_depth": Harm("To add a layer that does nothing changes what the same data and seed train to."),
    "initial_weights: by_position": Harm(
        "To add a layer without weights changes the initial weights of all behind it, so two runs with one seed differ "
        "for a reason that is not the layer: a linear activation seems to change what a network learns.",
        "TensorFlow 1.12 to 1.15, and graph mode up to 2.1",
        "https://github.com/tensorflow/tensorflow/issues/14675",
    ),
    "batch_of_one: not_a_number": Harm("One batch of a single row, and the layer infers NaN from then on."),
    "empty_batch: averaged": Harm(
        "A filter that once leaves no row, or an empty last shard, makes the moving statistics NaN for good.",
        "TensorFlow 1.12 to 2.21, Keras 3.15.1",
    ),
    "empty_batch: moves_statistics": Harm(
        "An empty batch, from a filter or a last shard, moves the statistics although nothing was seen.",
        "tf.keras and Keras 3",
        "https://github.com/pytorch/pytorch/issues/12013",
    ),
    "malformed_input: moves_first": Harm(
        "Who catches the error and goes on has another model than before: a refused batch is in its statistics.",
        "TensorFlow 2.0",
    ),
    "malformed_input: integers_in_single": Harm(
        "Pixels and counts come as integers: a float64 model has seven digits for them, and says float64.",
        "Keras 3.10.0 and 3.15.1 on TensorFlow",
    ),
    "evaluation: over_batches": Harm(
        "The rows of a short last batch count for more than the others, so that the same model has another loss at "
        "another batch size, or in another order of the rows.",
        "Keras 3.0.0 to 3.1.1",
        "https://github.com/keras-team/keras/pull/19363",
    ),
    "memory_layout: gamma_by_pointer": Harm(
        "Where gamma or a statistic is a slice of a larger tensor, the gradient is computed with the numbers that lie "
        "between, and past the end with memory that is another's: wrong or NaN, in training and in inference, while "
        "the output is right.",
        "torch 1.10 to 2.13",
        "https://github.com/pytorch/pytorch/pull/48919",
    ),
    "masks: times_zero": Harm(
        "Padding with NaN, which a mask should hide, makes the statistics NaN, and so does a batch of padding alone.",
        "tf.keras from 2.12, Keras 3",
    ),
    "mask_count: none_is_zero": Harm(
        "A batch of padding alone draws the moving mean and variance towards zero, so inference scales up what it sees."
    ),
    "mask_count: plus_epsilon": Harm(
        "The mean of a masked batch is nearer to zero by a share of 1e-7 over the number of steps that count: small, "
        "and another number than the same batch gives without its padding.",
        "tf.keras from 2.12, Keras 3",
    ),
    "masks: ignored": Harm(
        "Padding enters the statistics, so what a layer learns depends on how sequences are padded into batches.",
        "TensorFlow to 2.11.1, Keras 3.0.0",
        "https://github.com/tensorflow/tensorflow/issues/30161",
    ),
    "rows: first_65536": Harm(
        "A cloud of points, or the pixels of a batch, has more rows than that: the rest is normalised with statistics "
        "that it had no part in, and what comes last in a batch counts for nothing."
    ),
    "zero_dropout: half_precision": Harm(
        "In a search over dropout rates the rate of zero is another network than the one without dropout."
    ),
    "initial_statistics: zero_variance": Harm(
        "A model that infers before it was trained multiplies by 1 / sqrt(epsilon) at each layer; what is left of the "
        "zero makes inference scale up for hundreds of steps."
    ),
    "stored_state: flushed_when_set": Harm("Weights that are carried from one model to another are lost on the way."),
    "stored_state: half_when_loaded": Harm("The model that is served is not the one that was saved."),
    "positions: first_of_channels_first": Harm(
        "The same network learns other statistics, and noisier ones, with the channels first than with the channels "
        "last."
    ),
    "gamma: fixed": Harm(
        "What was learnt, loaded or set for gamma is ignored: a residual block that starts from a gamma of zero does "
        "not start as the identity, and ported weights predict something else.",
        "mxnet 1.9.1, whose operator fixes gamma unless told otherwise",
    ),
    "memory: first_step": Harm(
        "Fine-tuning forgets the statistics that were loaded at its first step, and a training that is resumed is not "
        "the one that was stopped.",
        "Keras 2.1.3 to 2.2.5",
        "https://github.com/keras-team/keras/issues/13214",
    ),
    "affine: fused": Harm(
        "A constant channel (a dead unit, a border, a mask) of large value comes out as rounding times gamma over "
        "sqrt(epsilon) where beta is right: 44.9 for 1e7 + 1.",
        "torch 1.10.2 to 2.15.0",
        "https://github.com/pytorch/pytorch/issues/5410",
    ),
}


def harm(axis, value):
    """What a value does to a user; nothing is said of the paper's own."""
    return HARMS.get(f"{axis}: {value}", Harm(""))
