"""``pytest --bncheck-cell tf1.14`` collects a test for each law and cell, ``bncheck::tf1.14::rows_permute``.

Without the option nothing is imported and nothing is collected.
"""


def pytest_addoption(parser):
    """The options; they cost nothing where they are not given."""
    group = parser.getgroup("bncheck", "laws of batch normalisation")
    add = group.addoption
    add("--bncheck-cell", action="append", default=[], metavar="CELL", help="hold this cell to the laws; repeatable")
    add("--bncheck-select", action="append", default=[], metavar="LAWS", help="these laws alone: names and globs")
    add("--bncheck-max-examples", type=int, default=100, metavar="N", help="cases that a law is given (100)")
    add("--bncheck-seed", type=int, default=0, metavar="N", help="the seed that cases are drawn with (0)")
