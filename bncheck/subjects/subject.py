"""A subject: something that runs cases and remembers its traces."""

import json
import tempfile
from collections import OrderedDict, deque
from contextlib import suppress
from pathlib import Path

from bncheck.cases.case import Case
from bncheck.cases.trace import Malformed, Trace
from bncheck.subjects.packing import pack, unpack
from bncheck.subjects.transport import WorkerDied

KEPT_TRACES = 2000
PACKED_OF_EIGHT = 7


class SubjectDied(Exception):
    """The subject's worker died or hung on a case, which is on disk at ``path``."""

    def __init__(self, reason, case, path):
        super().__init__(reason)
        self.reason, self.case, self.path = reason, case, path


class Subject:
    """Runs cases over a transport; a case that was run before is answered from memory, by its digest.

    ``conventions`` are the measured traits (see ``truth.probe``); ``inside`` counts the seconds that the programs took
    in the subject itself.
    """

    def __init__(self, name, transport):
        self.name, self.transport = name, transport
        self.conventions = None
        self.traces, self.in_flight = OrderedDict(), deque()
        self.groups = {}  # for a trace that was cut out of a packed case's: the packed case and its members
        self.beside = {}  # the same for each case that the reference computes with others, however they were sent
        self.plainly = False
        self.inside = 0.0

    @property
    def description(self):
        """The subject's description of itself: framework, version, capabilities, dtypes, python, packages."""
        return self.transport.description

    @property
    def capabilities(self):
        """What the subject can do."""
        return frozenset(self.description.get("capabilities", ()))

    def run(self, case: Case) -> Trace:
        """The trace of a case.  Raises SubjectDied where its worker died on it, and Malformed for a bad answer."""
        if self.plainly:
            case = case if case.fresh else case.but(fresh=True)
        while case.digest not in self.traces and self.in_flight:
            self._collect()
        if case.digest not in self.traces:
            self._send([(case, [case])])
            self._collect()
        found = self.traces.get(case.digest, Malformed("the case was not answered"))
        if isinstance(found, Exception):
            raise found
        return found

    def prefetch(self, cases, judged=None):
        """Send the cases that are not known yet, in one request; :meth:`run` answers them later.

        ``judged`` are those of them that the reference will be asked for, all by default.  The answer to an earlier
        request is looked at when this one is on its way.
        """
        sent = len(self.in_flight)
        coming = {case.digest for groups in self.in_flight for _, members in groups for case in members}
        new = {case.digest: case for case in cases if case.digest not in self.traces and case.digest not in coming}
        if new and not self.plainly:
            # Some draws are sent apart, so that small numbers of channels are seen, too.
            apart = int(next(iter(new))[0], 16) % 8 >= PACKED_OF_EIGHT
            groups = pack(new.values(), repeating=True)
            known = pack(new.values() if judged is None else {c.digest: c for c in judged if c.digest in new}.values())
            self.beside.update({case.digest: group for group in known for case in group[1] if len(group[1]) > 1})
            self._send([(case, [case]) for case in new.values()] if apart else groups)
        for _ in range(sent):
            self._collect()

    def packed(self, cases):
        """The packed cases that the remembered traces of the cases were cut out of."""
        found = [self.groups[case.digest][0] for case in cases if case.digest in self.groups]
        return list({whole.digest: whole for whole in found}.values())

    def renew(self, cases):
        """Run the packed cases of the cases again on newly built models; :meth:`run` answers from these runs."""
        while self.in_flight:
            self._collect()
        groups = [self.groups[case.digest] for case in cases if case.digest in self.groups]
        for whole, members in {whole.digest: (whole, members) for whole, members in groups}.values():
            self._send([(whole.but(fresh=True), members)])
            self._collect()

    def _send(self, groups):
        try:
            self.transport.send([self._sent(case) for case, _ in groups])
        except WorkerDied as error:
            self._lost(groups, error)
        else:
            self.in_flight.append(groups)

    @staticmethod
    def _sent(case):
        return case.plain

    def _collect(self):
        """Take the answer to the oldest request, where there is one."""
        if not self.in_flight:
            return
        groups = self.in_flight.popleft()
        try:
            answers = self.transport.receive()
        except (WorkerDied, Malformed) as error:
            self._lost(groups, error)
            return
        for (case, members), answer in zip(groups, answers, strict=False):
            try:
                trace = Trace.from_plain(answer, len(case.steps))
            except Malformed as error:
                trace = error
            else:
                seconds = answer.get("seconds")
                self.inside += seconds if isinstance(seconds, float) else 0.0
            if len(members) == 1:
                self._keep(case, trace)
            elif isinstance(trace, Trace) and not trace.raised:
                self._keep_each(case, members, trace)
            # else each of the members will be asked for alone

    def _keep_each(self, whole, members, trace):
        with suppress(TypeError, IndexError, AttributeError):  # an answer that cannot be cut up
            for member, own in zip(members, unpack(trace, members), strict=True):
                self._keep(member, own)
                self.groups.setdefault(member.digest, (whole, members))

    def _keep(self, case, trace):
        self.traces[case.digest] = trace
        if len(self.traces) > KEPT_TRACES:
            digest, _ = self.traces.popitem(last=False)
            self.groups.pop(digest, None)
            self.beside.pop(digest, None)

    def _lost(self, groups, error):
        """A request of one case was lost by that case; of many, each will be asked for alone."""
        if len(groups) == 1 and len(groups[0][1]) == 1:
            case = groups[0][0]
            self._keep(case, SubjectDied(str(error), case, _write(case)))

    def forget(self):
        """Give up the traces that are remembered."""
        self.traces.clear()
        self.groups.clear()
        self.beside.clear()

    def close(self):
        """End the subject's worker."""
        self.transport.close()


def _write(case):
    path = Path(tempfile.gettempdir()) / f"bncheck-died-{case.digest[:12]}.json"
    path.write_text(json.dumps(case.to_json()))
    return path
