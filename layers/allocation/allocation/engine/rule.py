"""What a rule is, and the codes by which explanations and documents know rules."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from allocation.engine.inquiries import Inquiry
from allocation.engine.loaded_catalogue import Service
from allocation.engine.masks import Mask
from allocation.engine.question import Question
from allocation.engine.rule_sentences import Sentence


class RuleCode(StrEnum):
    """The stable codes of the rules, as explanations and documents write them.

    Records keep a code by its place: a new one comes at the end.
    """

    NOT_IN_GROUP = "NotInServiceGroup"
    NOT_REQUESTED = "NotTheRequestedService"
    DISABLED = "ServiceDisabled"
    DIRECTION = "DirectionNotServed"
    PICK_UP = "NoPickUp"
    DROP_OFF = "NoDropOff"
    TAGS = "TagsNotAllowed"
    ORIGIN = "OriginNotServed"
    DESTINATION = "DestinationNotServed"
    EXCLUDED_COUNTRY = "CountryExcluded"
    EXCLUDED_POSTCODE = "PostcodeExcluded"
    PO_BOX = "PoBoxNotServed"
    RESIDENTIAL = "ResidentialNotServed"
    BUSINESS = "BusinessNotServed"
    CONTENTS = "ContentNotCarried"
    NO_CALENDAR = "CollectionNotConfigured"
    WEIGHT = "WeightOutOfRange"
    LENGTH = "LengthOutOfRange"
    WIDTH = "WidthOutOfRange"
    HEIGHT = "HeightOutOfRange"
    GIRTH = "GirthOutOfRange"
    LENGTH_PLUS_GIRTH = "LengthPlusGirthOutOfRange"
    LENGTH_PLUS_HEIGHT = "LengthPlusHeightOutOfRange"
    SIDES_TOTAL = "SidesTotalOutOfRange"
    LENGTH_TO_WIDTH = "LengthToWidthOutOfRange"
    VOLUME = "VolumeOutOfRange"
    CHARGEABLE_WEIGHT = "ChargeableWeightOutOfRange"
    PACKAGE_VALUE = "PackageValueOutOfRange"
    PACKAGES = "PackageCountOutOfRange"
    TOTAL_WEIGHT = "ConsignmentWeightOutOfRange"
    TOTAL_VOLUME = "ConsignmentVolumeOutOfRange"
    TOTAL_CHARGEABLE_WEIGHT = "ConsignmentChargeableWeightOutOfRange"
    VALUE = "ValueTooHigh"
    VALUE_TOO_LOW = "ValueTooLow"
    DATES = "DatesNotMet"
    LIMIT = "LimitReached"
    NO_PRICE = "PriceNotConfigured"
    CURRENCY = "CurrencyNotComparable"
    LOADING_METRES = "LoadingMetresOutOfRange"
    TOTAL_LOADING_METRES = "ConsignmentLoadingMetresOutOfRange"
    PICKUP_LOCATION = "PickupLocationNotServed"


# The rules by which an allocation mode leaves services out.
SCOPE_CODES: Final = frozenset({RuleCode.NOT_IN_GROUP, RuleCode.NOT_REQUESTED})


class ExclusionCode(StrEnum):
    """The codes of PRO's successor product for why a service is excluded."""

    OTHER = "ex_other"
    INACTIVE = "ex_inactive"
    AVAILABILITY = "ex_availability"
    RULES = "ex_rules"
    WEIGHT = "ex_weight"
    DIMENSIONS = "ex_dims"
    TAG = "ex_tag"
    CONTENTS = "ex_contents"
    RATES = "ex_rates"


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One thing that can keep a service from taking a consignment.

    `fails` returns the services that fail, from the question and the services that passed all rules before this one.
    `expected` says what the service at a position wants; `actual` says what the consignment is, and of an address no
    more than its country and postcode area. `miss` says, in a sentence, why the services that fail can't take it.
    """

    code: RuleCode
    exclusion: ExclusionCode
    text: str
    fails: Callable[[Question, Mask], Mask]
    expected: Callable[[Question, int], str]
    actual: Callable[[Inquiry], str]
    miss: Sentence


@dataclass(frozen=True, slots=True, eq=False)
class of_service:  # noqa: N801 - it stands where a function does
    """An `expected` that depends only on the service; its texts are kept."""

    told: Callable[[Service], str]

    def __call__(self, question: Question, position: int) -> str:
        """Return what the service at a position wants."""
        texts, told = question.index.texts, self.told
        return texts.get((told, position)) or texts.keep((told, position), told(question.service(position)))
