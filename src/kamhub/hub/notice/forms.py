"""What comes in from outside about messages."""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from kamhub.hub.notice import rules
from kamhub.hub.notice.types import (
    MessageChannel,
    MessageKind,
    MessageQuery,
    MessageStatus,
    SmsProvider,
    TemplateKey,
)
from kamhub.kit.text import Locale, mark
from kamhub.platform.web.schemas import (
    BlankIsNone,
    Email,
    Flag,
    Form,
    Line,
    PageForm,
    PageParameters,
    PersonName,
    Query,
    Text,
    TimeOfDay,
    blank_is_none,
)

_QUIET_WHOLE = mark("Give both ends of the quiet hours, or none.")
_QUIET_EMPTY = mark("Quiet hours have to begin and end at different times.")
_SMS_WHOLE = mark("A short message needs the service and its key.")
_UNKNOWN = mark("A word in braces stands for nothing here. Take one of the list, or double the brace to write it.")
_BOT_TOKEN = re.compile(r"[0-9]{5,20}:[A-Za-z0-9_-]{30,100}")
_SMS_SENDER = re.compile(r"[A-Za-z0-9 ._-]{1,11}")


def _token(text: str) -> str:
    if not _BOT_TOKEN.fullmatch(text):
        raise PydanticCustomError("bot_token", mark("This is not the token of a bot; @BotFather shows it."))
    return text


def _sms_sender(text: str) -> str:
    if not _SMS_SENDER.fullmatch(text):
        raise PydanticCustomError(
            "sms_sender", mark("Up to eleven Latin letters and digits, as agreed with the service.")
        )
    return text


def _known(text: str) -> str:
    if rules.unknown_placeholders(text):
        raise PydanticCustomError("placeholder_unknown", _UNKNOWN)
    return text


# Tidied first, then looked through; a subject is one line, a body several.
Subject = Annotated[str, Field(min_length=1, max_length=150), Line, AfterValidator(_known)]
Body = Annotated[str, Field(min_length=1, max_length=4000), Text, AfterValidator(_known)]
BookingName = Annotated[str | None, Field(max_length=40), BlankIsNone, Line]


class MessageParameters(PageParameters):
    """Filters and page of the log; ``booking`` is the code or the id of one."""

    status: Annotated[MessageStatus | None, blank_is_none(MessageStatus | Literal[""] | None)] = None
    kind: Annotated[MessageKind | None, blank_is_none(MessageKind | Literal[""] | None)] = None
    channel: Annotated[MessageChannel | None, blank_is_none(MessageChannel | Literal[""] | None)] = None
    booking: BookingName = None

    def wanted(self) -> MessageQuery:
        """The filters alone."""
        return MessageQuery(self.status, self.kind, self.channel, self.booking)


class MessageTemplateParameters(Query):
    """Which message's words; what is left out does not narrow a list."""

    kind: MessageKind | None = None
    channel: MessageChannel | None = None
    locale: Locale | None = None


class MessageTemplateKeyForm(Form):
    """Which message's words."""

    kind: MessageKind
    channel: MessageChannel
    locale: Locale

    def key(self) -> TemplateKey:
        """The same as one value."""
        return TemplateKey(self.kind, self.channel, self.locale)


class MessageTemplateReference(Query):
    """The same, read before what is wrong with the rest is looked at."""

    kind: MessageKind
    channel: MessageChannel
    locale: Locale

    def key(self) -> TemplateKey:
        """The same as one value."""
        return TemplateKey(self.kind, self.channel, self.locale)


class MessageTemplateForm(MessageTemplateKeyForm):
    """An operator's own words; ``{name}`` and the like stand for what the booking says."""

    subject: Subject
    body: Body


class MessagePreviewForm(MessageTemplateKeyForm):
    """Words to look at; without any, those that go out now. ``booking`` is the code or id of one to fill them from."""

    subject: Subject | None = None
    body: Body | None = None
    booking: BookingName = None


class MessageTemplatePageForm(PageForm):
    """The same from the page; ``version`` is the one the form was made from."""

    kind: MessageKind
    channel: MessageChannel
    locale: Locale
    subject: Subject
    body: Body
    version: Annotated[int, Field(ge=0)]

    def key(self) -> TemplateKey:
        """Which message's words."""
        return TemplateKey(self.kind, self.channel, self.locale)


class MessageTemplateKeyPageForm(PageForm):
    """Which message's words to take back."""

    kind: MessageKind
    channel: MessageChannel
    locale: Locale

    def key(self) -> TemplateKey:
        """The same as one value."""
        return TemplateKey(self.kind, self.channel, self.locale)


class _Settings(BaseModel):
    """What both the API and the page may say. A secret that is left out stays; null takes it away."""

    sender_name: Annotated[PersonName | None, blank_is_none(PersonName | None)] = None
    reply_to: Annotated[Email | None, blank_is_none(Email | None)] = None
    quiet_from: Annotated[TimeOfDay | None, blank_is_none(TimeOfDay | None)] = None
    quiet_to: Annotated[TimeOfDay | None, blank_is_none(TimeOfDay | None)] = None
    telegram_token: Annotated[
        Annotated[str, Field(max_length=130), Line, AfterValidator(_token)] | None, BlankIsNone
    ] = Field(default=None, repr=False)
    sms_provider: Annotated[SmsProvider | None, blank_is_none(SmsProvider | Literal[""] | None)] = None
    sms_key: Annotated[Annotated[str, Field(min_length=8, max_length=200), Line] | None, BlankIsNone] = Field(
        default=None, repr=False
    )
    sms_sender: Annotated[
        Annotated[str, Field(max_length=11), Line, AfterValidator(_sms_sender)] | None, BlankIsNone
    ] = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        given = {"quiet_from", "quiet_to"} & self.model_fields_set
        if given and (self.quiet_from is None) is not (self.quiet_to is None):
            raise ValueError(_QUIET_WHOLE)
        if self.quiet_from is not None and self.quiet_from == self.quiet_to:
            raise ValueError(_QUIET_EMPTY)
        if "sms_key" in self.model_fields_set and self.sms_key is not None and self.sms_provider is None:
            raise ValueError(_SMS_WHOLE)
        return self


class NoticeSettingsForm(_Settings, Form):
    """A change of the settings: only what is sent changes."""

    reviews: Flag = True

    def changes(self) -> dict[str, Any]:
        """What was sent, by name; times of day as such."""
        return _changes({name: getattr(self, name) for name in self.model_fields_set})


class NoticeSettingsPageForm(_Settings, PageForm):
    """The same from the page, which sends every field: an empty secret stays, a ticked box takes it away."""

    reviews: Literal["yes", ""] = ""
    without_telegram: Literal["yes", ""] = ""
    without_sms: Literal["yes", ""] = ""
    version: Annotated[int, Field(ge=0)]

    def changes(self) -> dict[str, Any]:
        """What is to change."""
        found = self.model_dump(exclude={"version", "without_telegram", "without_sms", "reviews"})
        found["reviews"] = self.reviews == "yes"
        if self.telegram_token is None and not self.without_telegram:
            del found["telegram_token"]
        if self.without_sms:
            found |= {"sms_provider": None, "sms_key": None}
        elif self.sms_key is None:
            del found["sms_key"]
        if self.without_telegram:
            found["telegram_token"] = None
        return _changes(found)


def _changes(found: dict[str, Any]) -> dict[str, Any]:
    times = {name: time.fromisoformat(found[name]) for name in ("quiet_from", "quiet_to") if found.get(name)}
    return {**found, **times}


class _Told(BaseModel):
    """A part of what a bot tells; the rest of it is nobody's business here."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class BotChat(_Told):
    """A chat. Ids need 64 bits."""

    id: Annotated[int, Field(strict=True, ge=-(2**63), lt=2**63)]
    type: Annotated[str, Field(max_length=20)] = "private"


class BotSender(_Told):
    """Who wrote; the language is that of their program."""

    language_code: Annotated[str | None, Field(max_length=20)] = None

    @property
    def speaks_english(self) -> bool:
        """Whether their program speaks English."""
        return (self.language_code or "").startswith("en")


class BotMessage(_Told):
    """A message to the bot."""

    chat: BotChat
    sender: BotSender | None = Field(default=None, alias="from")
    text: Annotated[str | None, Field(max_length=5000)] = None


class BotMember(_Told):
    """How somebody stands to the bot now."""

    status: Annotated[str, Field(max_length=20)]


class BotMembership(_Told):
    """Somebody let the bot in, or threw it out."""

    chat: BotChat
    new_chat_member: BotMember


class BotUpdate(_Told):
    """One piece of news of a bot."""

    update_id: int
    message: BotMessage | None = None
    my_chat_member: BotMembership | None = None
