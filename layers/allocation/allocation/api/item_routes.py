"""The items in packages, as clients of 2016 add, read, move and remove them, and the empty packages that they add."""

from typing import Any, Final

from pydantic import BaseModel, Field

from allocation.api.measures import in_pro_units
from allocation.api.operations import Operation, operation
from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.api.use_cases import UseCases
from allocation.consignments.errors import RequestError
from allocation.consignments.full_consignment import Item
from allocation.consignments.items import Items
from allocation.consignments.older_forms import consignment_in_current_form
from allocation.consignments.packages import Packages

OPERATIONS: Final[list[Operation]] = []
# What a client of 2016 calls otherwise than version 1.1 does.
_OF_2016: Final = {"ItemReference": "Reference", "CountryOfOriginTwoLetterIsoCode": "CountryOfOrigin"}
_MAX_EMPTY_PACKAGES: Final = 200


class ItemToAdd(Item):
    """An item to add. PRO's SDK of 2016 calls its reference `ItemReference`."""

    reference: str | None = None
    item_reference: str | None = None
    country_of_origin_two_letter_iso_code: str | None = None


class ItemMove(BaseModel):
    """An item, and the package of its consignment that it is to be in."""

    item_reference: str = Field(alias="ItemReference", min_length=1, max_length=64)
    target_package_reference: str = Field(alias="TargetPackageReference", min_length=1, max_length=64)


@operation(OPERATIONS, "PUT", "/items/{package}", "Add an item to a package", takes=ItemToAdd, errors=(400, 404, 409))
def add_item(request: Request, use_cases: UseCases) -> Reply:
    """Add an item to a package of a consignment that is not allocated."""
    sent = {name: value for name, value in request.object_of(ItemToAdd).items() if name != "PackageReference"}
    named = {_OF_2016.get(name, name): value for name, value in sent.items() if value is not None}
    [package] = consignment_in_current_form({"Packages": [{"Items": [named]}]})["Packages"]
    _items(use_cases).add(request.path["package"], package["Items"][0])
    return Reply()


@operation(OPERATIONS, "GET", "/items/{item}", "Get an item", gives=dict[str, Any], errors=(404,))
def get_item(request: Request, use_cases: UseCases) -> Reply:
    """Return an item of a consignment that this API created or changed.

    It is found by the reference that was issued to it, which begins with that of its first package.
    """
    return Reply(in_pro_units(_items(use_cases).item(request.path["item"])), root="Item")


@operation(
    OPERATIONS,
    "GET",
    "/items/package/{package}",
    "Get the items of a package",
    gives=list[dict[str, Any]],
    errors=(404,),
)
def get_items_of_package(request: Request, use_cases: UseCases) -> Reply:
    """Return the items of a package of a consignment that this API created or changed."""
    return Reply(in_pro_units(_items(use_cases).of_package(request.path["package"])), root="Item")


@operation(OPERATIONS, "DELETE", "/items/{package}/{item}", "Remove an item", errors=(400, 404, 409))
def remove_item(request: Request, use_cases: UseCases) -> Reply:
    """Remove an item from a package of a consignment that is not allocated."""
    _items(use_cases).remove(request.path["package"], request.path["item"])
    return Reply()


@operation(OPERATIONS, "PUT", "/items/move", "Move an item", takes=ItemMove, errors=(400, 404, 409))
def move_item(request: Request, use_cases: UseCases) -> Reply:
    """Move an item to another package of its consignment, which is not allocated."""
    move = request.model(ItemMove)
    _items(use_cases).move(move.item_reference, move.target_package_reference)
    return Reply()


@operation(
    OPERATIONS,
    "PUT",
    "/consignments/{consignment}/addpackages/{count}",
    "Add empty packages",
    gives=int,
    errors=(400, 404, 409),
)
def add_empty_packages(request: Request, use_cases: UseCases) -> Reply:
    """Add packages without weight and sides, and return how many were added.

    It can't be allocated before they have both: change each by `PUT /packages/{package}`.
    """
    count = request.path["count"]
    if not (count.isascii() and count.isdecimal() and 1 <= int(count[:9]) <= _MAX_EMPTY_PACKAGES):
        raise RequestError("ValidationException", f"The number of packages must be 1 to {_MAX_EMPTY_PACKAGES}.")
    Packages(use_cases.register).add_empty(request.path["consignment"], int(count))
    return Reply(int(count), root="int")


@operation(
    OPERATIONS,
    "POST",
    "/consignments/{consignment}/addpackages/{count}",
    "Add empty packages",
    gives=int,
    errors=(400, 404, 409),
)
def post_empty_packages(request: Request, use_cases: UseCases) -> Reply:
    """Add packages without weight and sides, as the client of 2017 sends it."""
    return add_empty_packages(request, use_cases)


def _items(use_cases: UseCases) -> Items:
    return Items(Packages(use_cases.register))
