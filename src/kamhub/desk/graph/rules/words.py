"""Words that carry a meaning of their own in the texts of operators: seasons, orders, places of prepositions."""

from __future__ import annotations

import re

from kamhub.desk.graph.rules.names import key_of
from kamhub.desk.graph.types import Ref, Thing

# Every form is listed: the stems of these short words are those of others too (five years are not a summer in Russian).
_SEASONS: tuple[tuple[str, str, str], ...] = (
    ("зима", "winter", "зимой зиму зимы зимний зимнего зимнее зимние зимних зимнюю зимняя зимне"),
    ("весна", "spring", "весной весну весны весенний весеннего весенние весенних"),
    ("лето", "summer", "летом летний летнего летнее летние летних летняя летнюю"),
    ("осень", "autumn", "осенью осени осенний осеннего осенние осенних fall"),
    ("высокий сезон", "high season", "peak season"),
    ("низкий сезон", "low season", "межсезонье"),
    ("январь", "January", "января январе"),
    ("февраль", "February", "февраля феврале"),
    ("март", "March", "марта марте"),
    ("апрель", "April", "апреля апреле"),
    ("май", "May", "мая мае"),
    ("июнь", "June", "июня июне"),
    ("июль", "July", "июля июле"),
    ("август", "August", "августа августе"),
    ("сентябрь", "September", "сентября сентябре"),
    ("октябрь", "October", "октября октябре"),
    ("ноябрь", "November", "ноября ноябре"),
    ("декабрь", "December", "декабря декабре"),
)
_PHRASES = frozenset({"peak season"})


def _season(russian: str, english: str, forms: str) -> Thing:
    spellings = (forms,) if forms in _PHRASES else tuple(forms.split())
    return Thing(Ref("season", key_of(russian)), russian, english, spellings)


SEASONS: tuple[Thing, ...] = tuple(_season(*row) for row in _SEASONS)
# English words that are months only beside these: "you may", "spring water", "fall ill", "march".
DOUBTFUL = frozenset({"may", "march", "fall", "spring"})
BEFORE_A_MONTH = frozenset(
    {
        "in", "from", "to", "until", "till", "of", "by", "since", "through", "and", "early", "late", "mid", "or", "before", "after",
        "during", "every", "last", "next",
    }
)  # fmt: skip

FORBIDS = re.compile(
    r"запрещ|не допуска|не разреша|\bнельзя\b|не перевоз|\bmust not\b|\bmay not\b|not allowed|not permitted|prohibited|forbidden"
    r"|\bno smoking\b|\bdo not\b",
    re.IGNORECASE,
)
REQUIRES = re.compile(
    r"обязател[ье]н|\bобязан|\bнеобходимо\b|\bследует\b|\bдолж(?:ен|на|но|ны)\b|\bтребуется\b|\bтолько (?:при|с|по|для)\b|(?<!\ba )\bmust\b"
    r"|\brequired\b|\bmandatory\b|\bhave to\b|\bonly (?:with|if|for)\b",
    re.IGNORECASE,
)
PRICE = re.compile(r"\b(?:цен[аыуе]?|стоимост|тариф|прайс|price|cost|fare|rate|тарифы)\w*", re.IGNORECASE)
FREE = re.compile(r"\b(?:бесплатно|free(?: of charge)?)\b", re.IGNORECASE)
# A row that is about who pays or for what more, not about something one buys.
CONDITION = re.compile(
    r"^\W*(?:дет(?:и|ям|ей)\b|реб[её]н|младен|пенсион|студент|скидк|доплат|предоплат|child|infant|senior|discount|extra)",
    re.IGNORECASE,
)
DENIES = re.compile(r"\b(?:не|нет|без|not|no|never|except|кроме)\b|n't\b", re.IGNORECASE)
NAMES_A_ROW = re.compile(
    r"услуг|наименован|назван|маршрут|направлен|тур\b|service|name|route|item|tour|transfer", re.IGNORECASE
)
CONTACT = re.compile(
    r"контакт|contact|телефон|звоните|позвон|пишите|call us|write to us|phone|e-?mail|почт", re.IGNORECASE
)
LOCATED = re.compile(r"наход|располож|\bлежит\b|\blocated\b|\blies\b|\bsituated\b|\bis (?:in|at)\b", re.IGNORECASE)
PROVIDES = re.compile(
    r"предоставля|организу|оказыва|выполня|предлага|\bprovid|\boffer|\boperat|\borgani[sz]|\bruns?\b", re.IGNORECASE
)
BY_MEANS_OF = re.compile(r"\b(?:на|by|on|in|aboard)\b", re.IGNORECASE)
FROM = frozenset({"из", "от", "с", "со", "from"})
TO = frozenset({"в", "во", "до", "на", "к", "ко", "to"})
DASH = re.compile(r"\s*(?:[—–→⇒↔-]|->|=>)\s*")
NOT_AN_ABBREVIATION = frozenset({"RUB", "USD", "EUR", "НДС", "РФ", "VAT", "FAQ", "PDF", "OK", "ОК"})
