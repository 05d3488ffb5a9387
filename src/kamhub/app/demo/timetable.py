"""The demo's fleet and lines: who drives what, where, when, for how much. Prices in roubles."""

from __future__ import annotations

from dataclasses import dataclass

MAIN = "kamchatka-transfer"
SECOND = "vulkan-tour"
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)


@dataclass(frozen=True, slots=True)
class VehicleSeed:
    organisation: str
    plate: str
    type: str
    model: str
    capacity: int
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DriverSeed:
    """A driver, by the plate of what they drive; ``email`` is of the demo's person who signs in as them."""

    organisation: str
    plate: str
    name: str
    phone: str
    languages: tuple[str, ...]
    email: str | None = None


@dataclass(frozen=True, slots=True)
class LineSeed:
    """A line with its stops ``(place, minutes from the first)``, prices by pair, and runs ``(time, plate)`` on weekdays."""

    organisation: str
    key: str
    name: str
    stops: tuple[tuple[str, int], ...]
    prices: tuple[tuple[str, str, int], ...]
    runs: tuple[tuple[str, str], ...]
    weekdays: tuple[int, ...] = EVERY_DAY

    @property
    def plates(self) -> tuple[str, ...]:
        """The vehicles that run on it, each of them by a timetable of its own."""
        return tuple(dict.fromkeys(plate for _, plate in self.runs))

    def times(self, plate: str) -> tuple[str, ...]:
        """When that vehicle leaves."""
        return tuple(time for time, runs in self.runs if runs == plate)


VEHICLES = (
    VehicleSeed(MAIN, "А101КТ41", "bus", "Hyundai County", 25, ("air_conditioning", "wifi")),
    VehicleSeed(MAIN, "А102КТ41", "minibus", "Mercedes-Benz Sprinter", 16, ("air_conditioning", "wifi", "child_seat")),
    VehicleSeed(MAIN, "А103КТ41", "comfort", "Toyota Alphard", 4, ("air_conditioning", "leather_seats", "child_seat")),
    VehicleSeed(MAIN, "А104КТ41", "minibus", "Ford Transit", 16, ("air_conditioning", "wheelchair_accessible")),
    VehicleSeed(MAIN, "А105КТ41", "minibus", "Toyota HiAce", 16, ("air_conditioning",)),
    VehicleSeed(MAIN, "А106КТ41", "bus", "КамАЗ-4208 «Вахта»", 25, ("high_clearance",)),
    VehicleSeed(MAIN, "А107КТ41", "bus", "Yutong ZK6852", 25, ("air_conditioning", "wifi", "toilet")),
    VehicleSeed(SECOND, "В201ВТ41", "economy", "УАЗ «Патриот»", 4, ("high_clearance",)),
    VehicleSeed(SECOND, "В202ВТ41", "minibus", "Toyota HiAce 4WD", 16, ("high_clearance",)),
)

# Everybody drives one vehicle: whoever is on the road with it is nowhere else.
DRIVERS = (
    DriverSeed(MAIN, "А101КТ41", "Денис Авачин", "+79140000101", ("ru", "en"), f"driver@{MAIN}.example"),
    DriverSeed(MAIN, "А102КТ41", "Сергей Корякский", "+79140000102", ("ru", "en")),
    DriverSeed(MAIN, "А103КТ41", "Анна Толбачик", "+79140000103", ("ru", "en")),
    DriverSeed(MAIN, "А104КТ41", "Игорь Жупанов", "+79140000104", ("ru",)),
    DriverSeed(MAIN, "А105КТ41", "Павел Быстров", "+79140000105", ("ru",)),
    DriverSeed(MAIN, "А106КТ41", "Роман Горелый", "+79140000106", ("ru",)),
    DriverSeed(MAIN, "А107КТ41", "Юрий Козыревский", "+79140000107", ("ru",)),
    DriverSeed(SECOND, "В201ВТ41", "Олег Карымский", "+79140000201", ("ru",)),
    DriverSeed(SECOND, "В202ВТ41", "Никита Шивелуч", "+79140000202", ("ru", "en")),
)

_BUS, _SPRINTER, _ALPHARD, _TRANSIT = "А101КТ41", "А102КТ41", "А103КТ41", "А104КТ41"
_ROTATION = (_BUS, _SPRINTER, _ALPHARD, _TRANSIT)
_OUT = ("06:30", "08:30", "10:30", "12:30", "14:30", "16:30", "18:30", "20:30")
_BACK = ("08:45", "10:45", "12:45", "14:45", "16:45", "18:45", "20:45", "22:45")

LINES = (
    LineSeed(
        MAIN,
        "airport-paratunka",
        "Аэропорт — Елизово — Петропавловск-Камчатский — Паратунка",
        (("yelizovo-airport", 0), ("yelizovo", 15), ("petropavlovsk", 50), ("paratunka", 105)),
        (
            ("yelizovo-airport", "yelizovo", 1000),
            ("yelizovo-airport", "petropavlovsk", 1500),
            ("yelizovo-airport", "paratunka", 2500),
            ("yelizovo", "petropavlovsk", 1200),
            ("yelizovo", "paratunka", 2200),
            ("petropavlovsk", "paratunka", 1300),
        ),
        tuple((time, _ROTATION[n % 4]) for n, time in enumerate(_OUT)),
    ),
    LineSeed(
        MAIN,
        "paratunka-airport",
        "Паратунка — Петропавловск-Камчатский — Елизово — Аэропорт",
        (("paratunka", 0), ("petropavlovsk", 55), ("yelizovo", 90), ("yelizovo-airport", 105)),
        (
            ("paratunka", "petropavlovsk", 1300),
            ("paratunka", "yelizovo", 2200),
            ("paratunka", "yelizovo-airport", 2500),
            ("petropavlovsk", "yelizovo", 1200),
            ("petropavlovsk", "yelizovo-airport", 1500),
            ("yelizovo", "yelizovo-airport", 1000),
        ),
        tuple((time, _ROTATION[n % 4]) for n, time in enumerate(_BACK)),
    ),
    LineSeed(
        MAIN,
        "petropavlovsk-vilyuchinsk",
        "Петропавловск-Камчатский — Вилючинск",
        (("petropavlovsk", 0), ("vilyuchinsk", 45)),
        (("petropavlovsk", "vilyuchinsk", 1000),),
        (("07:30", "А105КТ41"), ("13:00", "А105КТ41"), ("18:00", "А105КТ41")),
    ),
    LineSeed(
        MAIN,
        "vilyuchinsk-petropavlovsk",
        "Вилючинск — Петропавловск-Камчатский",
        (("vilyuchinsk", 0), ("petropavlovsk", 45)),
        (("vilyuchinsk", "petropavlovsk", 1000),),
        (("08:45", "А105КТ41"), ("14:15", "А105КТ41"), ("19:15", "А105КТ41")),
    ),
    LineSeed(
        MAIN,
        "mutnovsky-dawn",
        "Рассвет на Мутновском",
        (("petropavlovsk", 0), ("paratunka", 40), ("mutnovsky-trailhead", 190)),
        (
            ("petropavlovsk", "paratunka", 1300),
            ("petropavlovsk", "mutnovsky-trailhead", 3000),
            ("paratunka", "mutnovsky-trailhead", 2700),
        ),
        (("04:00", "А106КТ41"),),
    ),
    LineSeed(
        MAIN,
        "mutnovsky-evening",
        "Мутновский — Петропавловск-Камчатский",
        (("mutnovsky-trailhead", 0), ("paratunka", 150), ("petropavlovsk", 190)),
        (
            ("mutnovsky-trailhead", "paratunka", 2700),
            ("mutnovsky-trailhead", "petropavlovsk", 3000),
            ("paratunka", "petropavlovsk", 1300),
        ),
        (("17:00", "А106КТ41"),),
    ),
    LineSeed(
        MAIN,
        "petropavlovsk-esso",
        "Петропавловск-Камчатский — Елизово — Эссо",
        (("petropavlovsk", 0), ("yelizovo", 40), ("esso", 540)),
        (("petropavlovsk", "yelizovo", 1000), ("petropavlovsk", "esso", 3000), ("yelizovo", "esso", 2900)),
        (("08:00", "А107КТ41"),),
        (1, 3, 5),
    ),
    LineSeed(
        MAIN,
        "esso-petropavlovsk",
        "Эссо — Елизово — Петропавловск-Камчатский",
        (("esso", 0), ("yelizovo", 500), ("petropavlovsk", 540)),
        (("esso", "yelizovo", 2900), ("esso", "petropavlovsk", 3000), ("yelizovo", "petropavlovsk", 1000)),
        (("08:00", "А107КТ41"),),
        (2, 4, 6),
    ),
    LineSeed(
        SECOND,
        "petropavlovsk-avacha",
        "Петропавловск-Камчатский — база Авачинского вулкана",
        (("petropavlovsk", 0), ("avacha-base", 100)),
        (("petropavlovsk", "avacha-base", 2000),),
        (("06:00", "В201ВТ41"), ("09:00", "В202ВТ41")),
    ),
    LineSeed(
        SECOND,
        "avacha-petropavlovsk",
        "База Авачинского вулкана — Петропавловск-Камчатский",
        (("avacha-base", 0), ("petropavlovsk", 100)),
        (("avacha-base", "petropavlovsk", 2000),),
        (("15:00", "В201ВТ41"), ("18:00", "В202ВТ41")),
    ),
)
