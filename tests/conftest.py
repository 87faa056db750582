"""What several folders of tests share; `made_records` stands beside this file, where every one of them finds it."""

import pytest


@pytest.fixture(scope="session")
def run_record():
    """The record of a run with findings, a pair of cells, and a subject that did not open."""
    import made_records

    return made_records.of_a_run()


@pytest.fixture(scope="session")
def hostile_record():
    """A record that has hostile text wherever a record may have text."""
    import made_records

    return made_records.hostile()
