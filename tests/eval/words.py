"""Content words of a sentence, by stem: what a question and a passage may have in common."""

from __future__ import annotations

import re

import snowballstemmer

# Words without a meaning of their own, as forms.
_EMPTY = set(
    re.findall(
        r"\w+",
        """
    а без более больше бы был была были было быть в вам вас ваш ваша ваше ваши весь во вот все всё всего вы где да для до его ее её если
    есть еще ещё же за здесь и из или им их к как какая какие какой какого какую когда который которая кто куда ли лучше между меня мне
    можно мой моя моё моего мои мы на над надо нам нас наш не него нее неё ней нельзя нет ни ними них но ну нужен нужна нужно о об он она
    они оно от по под после при про с свой сколько со та так также там те тем то того тоже той только том тому тот у уже хотя чего чем что
    чтобы эта эти это этого этой этом этому этот я ко насколько ими
    a about after all also am an and any are as at be because been before being but by can could did do does doing down during each for
    from further had has have having he her here him his how i if in into is it its itself just me more most my no nor not now of off on
    once only or other our out over own same she should so some still such than that the their them themselves then there these they this
    those through to too under until up us very was we were what when where which while who whom why will with within without would you
    your must may might shall
    """,
    )
)
# Names of places are the same in every wording.
_PLACES = re.compile(
    r"мутновск|авач|вилючинск|паратун|елизов|петропавловск|эссо|мильков|халактыр|avach|mutnovsk|vilyuchinsk|paratunka|yelizovo|esso|malki",
)
_STEMMERS = {language: snowballstemmer.stemmer(language) for language in ("russian", "english")}


def content_stems(text: str) -> set[str]:
    """Stems of the words that carry meaning; numbers and names of places are left out."""
    words = set(re.findall(r"[a-zа-яё]+", text.lower())) - _EMPTY
    return {_stem(word) for word in words if not _PLACES.match(word)}


def _stem(word: str) -> str:
    language = "russian" if re.match("[а-яё]", word) else "english"
    return str(_STEMMERS[language].stemWord(word)).replace("ё", "е")


def sentences_with(evidence: str, text: str) -> list[str]:
    """The sentences of ``text`` that contain ``evidence``; one that evidence crosses counts with its neighbour."""
    starts = [0, *(end.end() for end in re.finditer(r"[.!?]»?\s+(?=[A-ZА-ЯЁ0-9«•])", text)), len(text)]
    found = []
    for hit in re.finditer(re.escape(evidence), text):
        begin = max(start for start in starts if start <= hit.start())
        found.append(text[begin : min(start for start in starts if start >= hit.end())])
    return found
