"""Who is asked: the pinned subjects, their environments and the way to talk to them."""
