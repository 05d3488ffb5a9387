"""SQL of prices."""

from kamhub.hub.price.store.promo_codes import (
    codes,
    counted_uses,
    drop_use,
    find_code,
    insert_code,
    live_code_named,
    lock_code,
    lock_code_named,
    update_code,
    use_of_booking,
    uses_of_code,
    write_use,
)
from kamhub.hub.price.store.tariffs import (
    fare_of,
    insert_tariff,
    live_routes,
    load_rules,
    load_tariff,
    load_tariffs,
    stops_of_route,
    tariffs_of_route,
)

__all__ = [
    "codes",
    "counted_uses",
    "drop_use",
    "fare_of",
    "find_code",
    "insert_code",
    "insert_tariff",
    "live_code_named",
    "live_routes",
    "load_rules",
    "load_tariff",
    "load_tariffs",
    "lock_code",
    "lock_code_named",
    "stops_of_route",
    "tariffs_of_route",
    "update_code",
    "use_of_booking",
    "uses_of_code",
    "write_use",
]
