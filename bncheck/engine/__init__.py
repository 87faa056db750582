"""How laws are searched: examine (one subject), shrink, attribute (the mechanism), campaign (cells side by side)."""
