"""What a batch norm does at the edges."""


class Refused(ValueError):
    """A step that a batch norm refuses: its numbers have no meaning."""


def check_count(count, traits):
    """Raises Refused where a layer that refuses a batch of one value a channel is given one."""
    if count == 1 and traits.batch_of_one == "refused":
        raise Refused("one value a channel, in training")
