"""What one answer is made from: the clauses and corrections of one moment."""

from dataclasses import dataclass

from gateway.knowledge.correction_table import CorrectionTable
from gateway.knowledge.snapshot import KnowledgeSnapshot
from gateway.knowledge.version import combined


@dataclass(frozen=True, slots=True)
class Edition:
    """A turn takes one at its beginning and keeps it, whatever changes meanwhile."""

    snapshot: KnowledgeSnapshot
    corrections: CorrectionTable

    def version(self, persona: str = "") -> str:
        """16 hexadecimal characters. `persona`: the version of the persona that is used with it."""
        return combined(self.snapshot.version, self.corrections.version, persona)
