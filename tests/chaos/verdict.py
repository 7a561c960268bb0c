"""The oracle: the three checks of a run, and how long any partition stood still."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from chaos.departures import check_customers, check_departures, check_receipts, read_fates
from chaos.engine_alone import Outcome, outcome, read_log
from chaos.evidence import Evidence
from chaos.findings import Finding
from chaos.fold import Epochs, check_final, check_outputs, count_epochs, fold
from chaos.pauses import Pause, check_pauses, pauses
from chaos.traces import check_inputs, read_traces

from engine.catalog import Catalog


class Verdict(NamedTuple):
    """What was found wrong, and the counts of a run; `repeats` are critical mails that came again."""

    findings: Sequence[Finding]
    inputs: int
    actions: int
    unresolved: int
    repeats: int
    epochs: Epochs
    pauses: Sequence[Pause]

    def count(self, kind: str) -> int:
        """How many findings are of this kind."""
        return sum(finding.kind == kind for finding in self.findings)


def judge(catalog: Catalog, evidence: Evidence) -> Verdict:
    """Holds the evidence of a run, whose load has ended and whose processes have drained, against all checks."""
    findings: list[Finding] = []
    log = read_log(evidence)
    expected = outcome(catalog, log)
    traces = read_traces(evidence, findings)
    folded = fold(catalog, traces, findings)
    fates = read_fates(evidence)
    waited = pauses(traces, evidence.broker_faults)
    findings += check_inputs(evidence, log, traces)
    findings += check_final(evidence, folded)
    findings += check_outputs(evidence, folded)
    findings += check_departures(evidence, expected, fates)
    findings += check_receipts(log, expected.actions, fates)
    findings += check_customers(folded.customers, expected.customers)
    findings += check_pauses(waited)
    inputs = len(log.events) + len(log.bad)
    repeats, epochs = _repeats(evidence, expected), count_epochs(evidence)
    return Verdict(findings, inputs, len(expected.actions), len(fates.unresolved), repeats, epochs, waited)


def _repeats(evidence: Evidence, expected: Outcome) -> int:
    came = Counter(evidence.mails)
    critical = [id_ for id_, action in expected.actions.items() if action.class_ == "critical"]
    return sum(max(0, came[id_] - 1) for id_ in critical)
