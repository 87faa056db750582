import pytest

from bncheck.subjects import build_log

UNSOLVED = """\
Using Python 3.11.7 environment at: env
warning: `six-1.17.0-py2.py3-none-any.whl` is missing an upload date, but user provided: 2019-12-01T00:00:00Z
error: No solution found when resolving dependencies
  cause: Because there is no version of torch==99 and you require torch==99, we can conclude that your
         requirements are unsatisfiable.

hint: something else
"""
OLDER_WORDS = """\
  × No solution found when resolving dependencies:
  ╰─▶ Because only torch<=2.6.0 is available and you require torch==99, we can
      conclude that your requirements are unsatisfiable.
"""
INNER_BUILD = """\
error: Failed to download and build `h5py==2.9.0`
  cause: Failed to install requirements from `build-system.requires`
  cause: Failed to build `cython==0.29.14`
  cause: The build backend returned an error
  cause: Call to `setuptools.build_meta` failed (exit status: 1)

         [stdout]
         running egg_info

         [stderr]
           File "setup.py", line 3, in <module>
         AttributeError: module 'collections' has no attribute 'Iterable'
"""
OFFLINE = """\
error: Request failed after 3 retries in 4.0s
  cause: Failed to fetch: https://index.example/torch/
  cause: error sending request for url (https://index.example/torch/)
  cause: failed to lookup address information: Name or service not known
"""


@pytest.mark.parametrize("text", [UNSOLVED, OLDER_WORDS])
def test_a_resolution_that_fails_is_one_whole_sentence(text):
    reason = build_log.reason(text)
    assert reason.startswith("No solution found when resolving dependencies: Because ")
    assert reason.endswith("you require torch==99, we can conclude that your requirements are unsatisfiable")


def test_an_inner_build_names_its_package_and_its_own_error():
    reason = build_log.reason(INNER_BUILD)
    assert "`h5py==2.9.0`" in reason
    assert "`cython==0.29.14`" in reason
    assert reason.endswith("AttributeError: module 'collections' has no attribute 'Iterable'")


def test_a_network_failure_names_the_address():
    assert "https://index.example/torch/" in build_log.reason(OFFLINE)
    assert build_log.reason(OFFLINE).endswith("Name or service not known")


def test_a_reason_is_one_line_of_bounded_length():
    reason = build_log.reason("error: " + "word " * 1000)
    assert len(reason) <= build_log.LONGEST
    assert reason.endswith(" ...")


@pytest.mark.parametrize(("text", "said"), [("", "uv gave no reason"), ("Killed\n", "Killed")])
def test_words_without_form_are_given_as_they_are(text, said):
    assert build_log.reason(text) == said


def test_only_a_network_failure_counts_as_a_time_out():
    assert build_log.timed_out(OFFLINE)
    assert build_log.timed_out("error: operation timed out")
    assert not build_log.timed_out(UNSOLVED + INNER_BUILD)
