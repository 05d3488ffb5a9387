"""Everything the workers can do, on one page; what they do by the clock is in the timetable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kamhub.app.timetable import TIMETABLE
from kamhub.desk.article.jobs import JOBS as ARTICLE_JOBS
from kamhub.desk.asset.jobs import JOBS as ASSET_JOBS
from kamhub.desk.gap.jobs import JOBS as GAP_JOBS
from kamhub.desk.graph.jobs import JOBS as GRAPH_JOBS
from kamhub.desk.reembedding.jobs import JOBS as REEMBEDDING_JOBS
from kamhub.desk.services import Desk
from kamhub.hub.booking.jobs import JOBS as BOOKING_JOBS
from kamhub.hub.disruption.jobs import JOBS as DISRUPTION_JOBS
from kamhub.hub.integrity.alerts import KINDS as INTEGRITY_ALERTS
from kamhub.hub.integrity.jobs import JOBS as INTEGRITY_JOBS
from kamhub.hub.ledger.jobs import JOBS as LEDGER_JOBS
from kamhub.hub.notice.jobs import JOBS as NOTICE_JOBS
from kamhub.hub.payment.jobs import JOBS as PAYMENT_JOBS
from kamhub.hub.privacy.jobs import JOBS as PRIVACY_JOBS
from kamhub.hub.receipt.jobs import JOBS as RECEIPT_JOBS
from kamhub.hub.reconciliation.jobs import JOBS as RECONCILIATION_JOBS
from kamhub.hub.services import Hub
from kamhub.hub.timetable.jobs import JOBS as TIMETABLE_JOBS
from kamhub.hub.waiting_list.jobs import JOBS as WAITING_LIST_JOBS
from kamhub.platform.alert.jobs import JOBS as ALERT_JOBS
from kamhub.platform.alert.types import Alerting, Recipients
from kamhub.platform.backup.alerts import KINDS as BACKUP_ALERTS
from kamhub.platform.backup.jobs import JOBS as BACKUP_JOBS
from kamhub.platform.backup.services import Backups
from kamhub.platform.job.jobs import JOBS as OWN_JOBS
from kamhub.platform.job.registry import Registry
from kamhub.platform.job.types import Job, Queue
from kamhub.platform.mail.types import MailTransport
from kamhub.platform.mailed_link.jobs import JOBS as MAILED_LINK_JOBS
from kamhub.platform.organisation.jobs import JOBS as ORGANISATION_JOBS
from kamhub.platform.person.jobs import JOBS as PERSON_JOBS
from kamhub.platform.person.services import People
from kamhub.platform.settings import Settings


@dataclass(frozen=True, slots=True)
class WorkContext:
    """What the jobs work with."""

    hub: Hub
    desk: Desk
    people: People
    mail: MailTransport
    settings: Settings
    backups: Backups | None = None

    @property
    def alerts(self) -> Alerting:
        """How alerts of this installation are told."""
        settings = self.settings
        token = settings.telegram_alert_token
        to = Recipients(
            mail=settings.alert_mail,
            telegram_url=settings.telegram_api_url,
            telegram_chat=settings.telegram_alert_chat,
            telegram_token=token.get_secret_value() if token else None,
        )
        return Alerting(to, {kind.name: kind for kind in ALERTS}, self.hub.public_url, settings.alert_locale)


# Everything that may be told as an alert.
ALERTS = (*BACKUP_ALERTS, *INTEGRITY_ALERTS)

JOBS: tuple[Job[WorkContext], ...] = (
    *PAYMENT_JOBS,
    *BOOKING_JOBS,
    *NOTICE_JOBS,
    *MAILED_LINK_JOBS,
    *ORGANISATION_JOBS,
    *PERSON_JOBS,
    *PRIVACY_JOBS,
    *DISRUPTION_JOBS,
    *LEDGER_JOBS,
    *RECEIPT_JOBS,
    *RECONCILIATION_JOBS,
    *TIMETABLE_JOBS,
    *WAITING_LIST_JOBS,
    *ALERT_JOBS,
    *BACKUP_JOBS,
    *ASSET_JOBS,
    *ARTICLE_JOBS,
    *INTEGRITY_JOBS,
    *GAP_JOBS,
    *REEMBEDDING_JOBS,
    *GRAPH_JOBS,
    *OWN_JOBS,
)


def registry(hands: Mapping[Queue, int] | None = None) -> Registry[WorkContext]:
    """All of it, checked. Raises ``JobRefused`` when a job is not registered as it must be."""
    return Registry(JOBS, TIMETABLE, hands)
