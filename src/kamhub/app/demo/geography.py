"""The shared places of the catalogue: real ones, with coordinates from public maps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlaceSeed:
    """A place of the demo; meeting points in both languages."""

    slug: str
    name_ru: str
    name_en: str
    latitude: float
    longitude: float
    meeting_ru: str
    meeting_en: str


PLACES = (
    PlaceSeed(
        "yelizovo-airport",
        "Аэропорт Елизово",
        "Yelizovo Airport",
        53.1679,
        158.4537,
        "Выход из зала прилёта, стойка с табличкой",
        "Arrivals exit, look for the sign",
    ),
    PlaceSeed(
        "yelizovo",
        "Елизово",
        "Yelizovo",
        53.1867,
        158.3767,
        "Автостанция, улица Беринга",
        "Bus station, Beringa street",
    ),
    PlaceSeed(
        "petropavlovsk",
        "Петропавловск-Камчатский",
        "Petropavlovsk-Kamchatsky",
        53.0370,
        158.6559,
        "Автовокзал «10-й километр», платформа 3",
        "Bus terminal “10th kilometre”, platform 3",
    ),
    PlaceSeed(
        "paratunka",
        "Паратунка",
        "Paratunka",
        52.9632,
        158.2480,
        "Остановка у санатория «Паратунка»",
        "Stop at the Paratunka sanatorium",
    ),
    PlaceSeed(
        "vilyuchinsk",
        "Вилючинск",
        "Vilyuchinsk",
        52.9306,
        158.4029,
        "Площадь перед Домом офицеров флота",
        "Square in front of the Officers' House",
    ),
    PlaceSeed(
        "avacha-base",
        "База у Авачинского вулкана",
        "Avachinsky volcano base camp",
        53.2600,
        158.7400,
        "У вагончиков базового лагеря",
        "By the base camp cabins",
    ),
    PlaceSeed(
        "mutnovsky-trailhead",
        "Начало тропы к вулкану Мутновский",
        "Mutnovsky volcano trailhead",
        52.5300,
        158.1900,
        "Площадка у последнего брода",
        "Clearing at the last ford",
    ),
    PlaceSeed(
        "esso",
        "Эссо",
        "Esso",
        55.9278,
        158.7050,
        "Автостанция, улица 50 лет Октября",
        "Bus station, 50 Let Oktyabrya street",
    ),
)
