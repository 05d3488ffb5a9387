"""The hub for Prometheus: what this process counted, and what the database says of the whole installation."""

from __future__ import annotations

from typing import get_args

from prometheus_client import generate_latest
from prometheus_client.core import Metric

from kamhub.hub.booking.types import BookingStatus
from kamhub.hub.monitoring.counters import REGISTRY
from kamhub.hub.monitoring.types import Figures, Held, Sums
from kamhub.hub.payment.types import CaseKind
from kamhub.hub.seats.meters import engine_families
from kamhub.hub.services import Hub
from kamhub.kit.money import Money
from kamhub.platform.database.metrics import pool_families
from kamhub.platform.monitoring.meters import gauge, text_of
from kamhub.platform.service_call import metrics as service_calls


def of_process(hub: Hub) -> bytes:
    """Bookings, money, seats, connections and calls out, as this process has counted them; in Prometheus' text format."""
    engine = engine_families(hub.engine.counters, hub.engine.waiting)
    counted = generate_latest(REGISTRY) + generate_latest(service_calls.REGISTRY)
    return counted + text_of([*engine, *pool_families(hub.database.statistics())])


def figure_families(figures: Figures) -> list[Metric]:
    """The same from every process that tells them: take the highest, never the sum."""
    return [*_of_bookings(figures), *_of_money(figures), *_of_cases(figures)]


def _of_bookings(figures: Figures) -> list[Metric]:
    return [
        gauge(
            "kamhub_bookings_held",
            "Bookings whose seats are kept for now; lapsed: their time is over and nobody has tidied them yet.",
            ("status",),
            {(status,): figures.held.get(status, 0) for status in get_args(Held)},
        ),
        gauge(
            "kamhub_bookings_lapsed_oldest_seconds",
            "For how long the oldest lapsed booking has been waiting to be tidied.",
            (),
            {(): figures.oldest_lapsed},
        ),
        gauge(
            "kamhub_bookings_day",
            "Bookings with passengers that were made within the last 24 hours, by the state they are in now.",
            ("status",),
            {(status,): figures.named.get(status, 0) for status in get_args(BookingStatus)},
        ),
        gauge(
            "kamhub_departures_week",
            "Open departures of the next seven days; sold out: no leg has a free seat.",
            ("state",),
            {("on_sale",): figures.on_sale, ("sold_out",): figures.sold_out},
        ),
        gauge(
            "kamhub_leg_seats_week",
            "Seats of these departures, counted on every leg.",
            ("state",),
            {("taken",): figures.taken, ("free",): figures.capacity - figures.taken},
        ),
    ]


def _of_money(figures: Figures) -> list[Metric]:
    sums: dict[str, Sums] = {
        "paid_day": figures.paid,
        "declined_day": figures.declined,
        "set_aside": figures.set_aside,
        "returned_day": figures.returned,
        "to_return": figures.to_return,
    }
    met = {currency for by_currency in sums.values() for currency in by_currency}
    labels = [(state, currency) for state in sums for currency in sorted(figures.currencies | met)]
    found = {(state, currency): sums[state].get(currency, (0, 0)) for state, currency in labels}
    return [
        gauge(
            "kamhub_money",
            "Money in units of the currency (roubles); of the last 24 hours where the state says day.",
            ("state", "currency"),
            {key: float(Money(amount, key[1]).major()) for key, (_, amount) in found.items()},
        ),
        gauge(
            "kamhub_money_movements",
            "How many payments or refunds that money is of.",
            ("state", "currency"),
            {key: number for key, (number, _) in found.items()},
        ),
        gauge(
            "kamhub_refunds_oldest_open_seconds",
            "For how long the oldest refund of the last seven days that is not settled has been waiting.",
            (),
            {(): figures.oldest_to_return},
        ),
    ]


def _of_cases(figures: Figures) -> list[Metric]:
    return [
        gauge(
            "kamhub_cases_open",
            "Cases that wait for a person of an operator.",
            ("kind",),
            {(kind,): figures.cases.get(kind, 0) for kind in get_args(CaseKind)},
        ),
        gauge(
            "kamhub_cases_oldest_open_seconds",
            "For how long the oldest open case has been waiting.",
            (),
            {(): figures.oldest_case},
        ),
    ]
