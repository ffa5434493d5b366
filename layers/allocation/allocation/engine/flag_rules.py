"""The rules on flags: what kind of place the destination is, pickup locations among them, and what the goods are."""

from typing import Final

from allocation.domain.contents import CONTENT_DETAILS, CONTROLLED_CONTENTS, Content, Contents
from allocation.engine.index import CatalogueIndex
from allocation.engine.inquiries import Inquiry
from allocation.engine.loaded_catalogue import Residential, Service
from allocation.engine.masks import Mask
from allocation.engine.question import Question
from allocation.engine.rule import ExclusionCode, Rule, RuleCode, of_service
from allocation.engine.rule_sentences import fixed, sentence
from allocation.engine.wording import list_text


def _refuses_po_boxes(service: Service) -> bool:
    return not service.po_boxes


def _refuses_homes(service: Service) -> bool:
    return service.residential is Residential.NEVER


def _refuses_businesses(service: Service) -> bool:
    return service.residential is Residential.ONLY


def _to_po_box(question: Question, _: Mask) -> Mask:
    return question.index.where(_refuses_po_boxes) if question.inquiry.flags.po_box else 0


def _to_home(question: Question, _: Mask) -> Mask:
    return question.index.where(_refuses_homes) if question.inquiry.flags.residential else 0


def _to_business(question: Question, _: Mask) -> Mask:
    return question.index.where(_refuses_businesses) if question.inquiry.flags.residential is False else 0


def _is_pickup_only(service: Service) -> bool:
    return service.pickup_only


def _not_at_pickup_location(question: Question, _: Mask) -> Mask:
    """Return who does not deliver to a pickup location, or only to others; without one, who delivers only to them."""
    index, reference = question.index, question.inquiry.pickup_location
    if reference is None:
        return index.where(_is_pickup_only)
    location, delivering = index.catalogue.pickup_locations[reference], 0
    for carrier in location.carriers:
        delivering |= index.by_carrier.get(carrier, 0)
    return index.everything & ~(delivering & index.where(_is_pickup_only))


def _delivers_at(service: Service) -> str:
    return f"a pickup location of {service.carrier.name}" if service.pickup_only else "no pickup location"


def _collected_at(inquiry: Inquiry) -> str:
    return f"pickup location {inquiry.pickup_location}" if inquiry.pickup_location else "no pickup location"


def _not_carrying(question: Question, _: Mask) -> Mask:
    index, failing = question.index, 0
    if index.asks_contents:
        for item in question.inquiry.contents:
            failing |= index.everything & ~_carrying(index, item)
    return failing


def _carrying(index: CatalogueIndex, item: Contents) -> Mask:
    """Return the services that carry an item: what is controlled has to be listed, by its class or its details."""
    refusing = 0
    for content in item:
        refusing |= index.by_excluded_content.get(content, 0)
    controlled = item & CONTROLLED_CONTENTS
    if not controlled:
        return index.everything & ~refusing
    carrying = _listing_all(index, controlled)
    if Content.UNKNOWN not in item and (details := item & CONTENT_DETAILS):
        carrying |= _listing_all(index, details)
    return carrying & ~refusing


def _listing_all(index: CatalogueIndex, contents: Contents) -> Mask:
    mask = index.everything
    for content in contents:
        mask &= index.by_content.get(content, 0)
    return mask


def _carried(service: Service) -> str:
    carried = list_text(service.contents) if service.contents else "nothing dangerous or restricted"
    return f"{carried}; never {list_text(service.excluded_contents)}" if service.excluded_contents else carried


def _contents(inquiry: Inquiry) -> str:
    return list_text(content for item in inquiry.contents for content in item)


def _guess(inquiry: Inquiry, name: str) -> str:
    """Return that a flag of the destination is a guess, where it is one."""
    destination = inquiry.consignment.destination
    said = destination is not None and getattr(destination.flags, name) is not None
    return "" if said else " (a guess from its lines)"


FLAG_RULES: Final = (
    Rule(
        RuleCode.PO_BOX,
        ExclusionCode.RULES,
        "This service does not deliver to PO boxes.",
        fails=_to_po_box,
        expected=of_service(lambda _: "no PO box"),
        actual=lambda inquiry: f"a PO box{_guess(inquiry, 'po_box')}",
        miss=fixed("the service does not deliver to PO boxes"),
    ),
    Rule(
        RuleCode.RESIDENTIAL,
        ExclusionCode.RULES,
        "This service does not deliver to residential addresses.",
        fails=_to_home,
        expected=of_service(lambda _: "a business address"),
        actual=lambda inquiry: f"a residential address{_guess(inquiry, 'residential')}",
        miss=fixed("the service does not deliver to residential addresses"),
    ),
    Rule(
        RuleCode.BUSINESS,
        ExclusionCode.RULES,
        "This service delivers only to residential addresses.",
        fails=_to_business,
        expected=of_service(lambda _: "a residential address"),
        actual=lambda inquiry: f"a business address{_guess(inquiry, 'residential')}",
        miss=fixed("the service delivers only to residential addresses"),
    ),
    Rule(
        RuleCode.PICKUP_LOCATION,
        ExclusionCode.AVAILABILITY,
        "This service is not available between the selected addresses.",
        fails=_not_at_pickup_location,
        expected=of_service(_delivers_at),
        actual=_collected_at,
        miss=sentence(
            lambda question, position: (
                f"the consignment goes to {_collected_at(question.inquiry)} and the service delivers to "
                f"{_delivers_at(question.service(position))}"
            )
        ),
    ),
    Rule(
        RuleCode.CONTENTS,
        ExclusionCode.CONTENTS,
        "This service does not carry these contents.",
        fails=_not_carrying,
        expected=of_service(_carried),
        actual=_contents,
        miss=sentence(
            lambda question, position: (
                f"the contents are {_contents(question.inquiry)} and the service carries "
                f"{_carried(question.service(position))}"
            )
        ),
    ),
)
