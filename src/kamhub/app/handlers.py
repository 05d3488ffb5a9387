"""Every route there is, on one page; each feature names its own."""

from __future__ import annotations

from litestar.handlers import BaseRouteHandler

from kamhub.app import health, openapi, static_serving, well_known
from kamhub.desk.article import api as article_api
from kamhub.desk.article import pages as article_pages
from kamhub.desk.asset import api as asset_api
from kamhub.desk.asset import pages as asset_pages
from kamhub.desk.category import api as category_api
from kamhub.desk.category import pages as category_pages
from kamhub.desk.gap import api as gap_api
from kamhub.desk.gap import pages as gap_pages
from kamhub.desk.graph import api as graph_api
from kamhub.desk.graph import pages as graph_pages
from kamhub.desk.knowledge_overview import pages as knowledge_pages
from kamhub.desk.reembedding import api as reembedding_api
from kamhub.desk.search import api as knowledge_search_api
from kamhub.hub.booking import api as booking_api
from kamhub.hub.booking import pages as booking_pages
from kamhub.hub.booking_office import api as booking_office_api
from kamhub.hub.booking_office import pages as booking_office_pages
from kamhub.hub.dashboard import api as dashboard_api
from kamhub.hub.dashboard import pages as dashboard_pages
from kamhub.hub.departure import api as departure_api
from kamhub.hub.departure import pages as departure_pages
from kamhub.hub.disruption import api as disruption_api
from kamhub.hub.disruption import pages as disruption_pages
from kamhub.hub.driver import api as driver_api
from kamhub.hub.driver import pages as driver_pages
from kamhub.hub.fleet_document import api as fleet_document_api
from kamhub.hub.fleet_document import pages as fleet_document_pages
from kamhub.hub.ledger import api as ledger_api
from kamhub.hub.ledger import pages as ledger_pages
from kamhub.hub.manifest import api as manifest_api
from kamhub.hub.manifest import pages as manifest_pages
from kamhub.hub.money import api as money_api
from kamhub.hub.money import pages as money_pages
from kamhub.hub.move import api as move_api
from kamhub.hub.move import pages as move_pages
from kamhub.hub.notice import api as notice_api
from kamhub.hub.notice import pages as notice_pages
from kamhub.hub.operator_settings import api as operator_settings_api
from kamhub.hub.operator_settings import pages as operator_settings_pages
from kamhub.hub.overview import pages as overview_pages
from kamhub.hub.payment import api as payment_api
from kamhub.hub.place import api as place_api
from kamhub.hub.place import pages as place_pages
from kamhub.hub.price import api as price_api
from kamhub.hub.price import pages as price_pages
from kamhub.hub.privacy import api as privacy_api
from kamhub.hub.privacy import pages as privacy_pages
from kamhub.hub.receipt import api as receipt_api
from kamhub.hub.reconciliation import api as reconciliation_api
from kamhub.hub.reconciliation import pages as reconciliation_pages
from kamhub.hub.review import api as review_api
from kamhub.hub.review import pages as review_pages
from kamhub.hub.route import api as route_api
from kamhub.hub.route import pages as route_pages
from kamhub.hub.search import api as search_api
from kamhub.hub.search import pages as search_pages
from kamhub.hub.status import api as status_api
from kamhub.hub.status import pages as status_pages
from kamhub.hub.timetable import api as timetable_api
from kamhub.hub.timetable import pages as timetable_pages
from kamhub.hub.vehicle import api as vehicle_api
from kamhub.hub.vehicle import pages as vehicle_pages
from kamhub.hub.waiting_list import api as waiting_list_api
from kamhub.hub.waiting_list import pages as waiting_list_pages
from kamhub.platform.api_key import api as api_key_api
from kamhub.platform.api_key import pages as api_key_pages
from kamhub.platform.audit import api as audit_api
from kamhub.platform.audit import pages as audit_pages
from kamhub.platform.i18n import pages as i18n_pages
from kamhub.platform.job import api as job_api
from kamhub.platform.job import pages as job_pages
from kamhub.platform.live import api as live_api
from kamhub.platform.mailed_link import api as mailed_link_api
from kamhub.platform.mailed_link import pages as mailed_link_pages
from kamhub.platform.monitoring import api as monitoring_api
from kamhub.platform.organisation import api as organisation_api
from kamhub.platform.organisation import pages as organisation_pages
from kamhub.platform.person import api as person_api
from kamhub.platform.person import pages as person_pages
from kamhub.platform.second_factor import api as second_factor_api
from kamhub.platform.second_factor import pages as second_factor_pages
from kamhub.platform.session import api as session_api
from kamhub.platform.session import pages as session_pages
from kamhub.platform.web import api as web_api

_PLATFORM: tuple[BaseRouteHandler, ...] = (
    *health.HANDLERS,
    *web_api.HANDLERS,
    *openapi.HANDLERS,
    static_serving.serve,
    *well_known.HANDLERS,
    i18n_pages.switch_locale,
    *session_api.HANDLERS,
    *session_pages.HANDLERS,
    *person_api.HANDLERS,
    *person_pages.HANDLERS,
    *mailed_link_api.HANDLERS,
    *mailed_link_pages.HANDLERS,
    *second_factor_api.HANDLERS,
    *second_factor_pages.HANDLERS,
    *organisation_api.HANDLERS,
    *organisation_pages.HANDLERS,
    *api_key_api.HANDLERS,
    *api_key_pages.HANDLERS,
    *audit_api.HANDLERS,
    *audit_pages.HANDLERS,
    *job_api.HANDLERS,
    *job_pages.HANDLERS,
    *live_api.HANDLERS,
    *monitoring_api.HANDLERS,
)
_HUB: tuple[BaseRouteHandler, ...] = (
    *search_api.HANDLERS,
    *search_pages.HANDLERS,
    *booking_api.HANDLERS,
    *booking_pages.HANDLERS,
    *payment_api.HANDLERS,
    *privacy_api.HANDLERS,
    *privacy_pages.HANDLERS,
    *place_api.HANDLERS,
    *place_pages.HANDLERS,
    *route_api.HANDLERS,
    *route_pages.HANDLERS,
    *vehicle_api.HANDLERS,
    *vehicle_pages.HANDLERS,
    *driver_api.HANDLERS,
    *driver_pages.HANDLERS,
    *fleet_document_api.HANDLERS,
    *fleet_document_pages.HANDLERS,
    *operator_settings_api.HANDLERS,
    *operator_settings_pages.HANDLERS,
    *price_api.HANDLERS,
    *price_pages.HANDLERS,
    *timetable_api.HANDLERS,
    *timetable_pages.HANDLERS,
    *departure_api.HANDLERS,
    *departure_pages.HANDLERS,
    *manifest_api.HANDLERS,
    *manifest_pages.HANDLERS,
    *disruption_api.HANDLERS,
    *disruption_pages.HANDLERS,
    *move_api.HANDLERS,
    *move_pages.HANDLERS,
    *booking_office_api.HANDLERS,
    *booking_office_pages.HANDLERS,
    *waiting_list_api.HANDLERS,
    *waiting_list_pages.HANDLERS,
    *ledger_api.HANDLERS,
    *ledger_pages.HANDLERS,
    *money_api.HANDLERS,
    *money_pages.HANDLERS,
    *reconciliation_api.HANDLERS,
    *reconciliation_pages.HANDLERS,
    *receipt_api.HANDLERS,
    *notice_api.HANDLERS,
    *notice_pages.HANDLERS,
    *review_api.HANDLERS,
    *review_pages.HANDLERS,
    *overview_pages.HANDLERS,
    *dashboard_api.HANDLERS,
    *dashboard_pages.HANDLERS,
    *status_api.HANDLERS,
    *status_pages.HANDLERS,
)
_DESK: tuple[BaseRouteHandler, ...] = (
    *knowledge_pages.HANDLERS,
    *category_api.HANDLERS,
    *category_pages.HANDLERS,
    *knowledge_search_api.HANDLERS,
    *gap_api.HANDLERS,
    *gap_pages.HANDLERS,
    *reembedding_api.HANDLERS,
    *article_api.HANDLERS,
    *article_pages.HANDLERS,
    *asset_api.HANDLERS,
    *asset_pages.HANDLERS,
    *graph_api.HANDLERS,
    *graph_pages.HANDLERS,
)
HANDLERS: tuple[BaseRouteHandler, ...] = (*_PLATFORM, *_HUB, *_DESK)
