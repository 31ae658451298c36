"""Builds what reads, exports, keeps and erases stored conversations."""

from gateway.actions.as_json import as_json
from gateway.actions.proposals import Actions
from gateway.backup.journal import Journal
from gateway.backup.keeper import BackupKeeper
from gateway.backup_times import backup_times
from gateway.composition.services import Access, Knowledge, Records, Services, Storage
from gateway.connectors.tool import Tools
from gateway.knowledge.vectors.embedding_client import EmbeddingClient
from gateway.observability.metrics import Metrics
from gateway.reports.day_tallies import DayTallies
from gateway.reports.erasure import Erasure
from gateway.reports.export_lines import ExportLines
from gateway.reports.figures import Figures
from gateway.reports.question_groups import QuestionGroups
from gateway.reports.removal import BeforeDelete
from gateway.reports.retention import Retention
from gateway.reports.state_gauges import Counts, StateGauges
from gateway.reports.training_export import TrainingExport
from gateway.settings import Settings


def build_records(
    settings: Settings,
    metrics: Metrics,
    storage: Storage,
    access: Access,
    knowledge: Knowledge,
    actions: Actions,
    tools: Tools,
    before_delete: BeforeDelete,
) -> Records:
    database, files = storage.database, storage.files
    vectors = knowledge.vectors

    def embedding_client() -> EmbeddingClient | None:
        current = vectors.current
        return current[0] if current is not None else None

    return Records(
        figures=Figures(database, settings.minutes_saved),
        tallies=DayTallies(database),
        groups=QuestionGroups(embedding_client),
        lines=ExportLines(
            database,
            access.signer.pseudonym,
            lambda action: as_json(action, tools.find(action.connector), is_masked=True),
        ),
        training=TrainingExport(database, files),
        retention=Retention(database, files, before_delete, metrics, settings.retention_days),
        erasure=Erasure(database, files, actions, before_delete, lambda: access.api_keys.names),
        backups=BackupKeeper(Journal(database), metrics, backup_times(settings.backup_schedule)),
    )


def build_state_gauges(services: Services) -> StateGauges:
    settings, base = services.settings, services.knowledge.base
    systems = services.systems
    return StateGauges(
        services.storage.database,
        services.metrics,
        Counts(
            clauses=lambda: len(base.snapshot.index.clauses),
            knowledge_problems=lambda: (
                len(base.snapshot.problems) + len(services.persona_file.problems)
            ),
            # A desk without business systems has no such folder, and no problem.
            connector_problems=lambda: (
                len(systems.connectors.problems) + len(services.webhooks.problems)
                if settings.connectors_dir.is_dir()
                else 0
            ),
        ),
        settings.hours,
        settings.data_dir,
        settings.certificate_url,
    )
