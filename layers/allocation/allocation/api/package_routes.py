"""Parts of consignments by themselves: packages and their sizes, an address, details, the sender's references."""

from decimal import Decimal
from typing import Final

from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from allocation.api.consignment_shape import PackageView
from allocation.api.consignment_view import NO_GUID, package_view
from allocation.api.measures import Number, in_pro_units
from allocation.api.operations import Operation, operation
from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.api.use_cases import UseCases
from allocation.consignments.errors import Problem, RequestError
from allocation.consignments.full_consignment import FullAddress, FullPackage
from allocation.consignments.packages import Packages
from allocation.consignments.store import ConsignmentJson, Known

OPERATIONS: Final[list[Operation]] = []


class PackageSizeView(TypedDict):
    """A package size of the catalogue, in centimetres. A package of this size has its own weight, so this one is 0."""

    Reference: str
    Description: str
    CustomerReference: str
    Length: Number
    Width: Number
    Height: Number
    Weight: Number
    IsDefault: bool


class SenderReference(BaseModel):
    """The sender's own reference of a consignment or a package."""

    reference: str = Field(alias="Reference", min_length=1, max_length=256)


class ConsignmentDetails(BaseModel):
    """What PRO calls a consignment's details. What is left out or null stays.

    Only PRO's SDK of 2016 sends them, and it writes null for each that its user does not set.
    """

    consignment_reference_provided_by_customer: str | None = Field(
        None, alias="ConsignmentReferenceProvidedByCustomer", max_length=256
    )
    shipping_date_time: str | None = Field(None, alias="ShippingDateTime", max_length=64)
    requested_delivery_date: str | None = Field(None, alias="RequestedDeliveryDate", max_length=64)
    is_exact_requested_delivery_date: bool | None = Field(None, alias="IsExactRequestedDeliveryDate")


@operation(OPERATIONS, "GET", "/packagesizes", "Get package sizes", gives=list[PackageSizeView])
def get_package_sizes(_: Request, use_cases: UseCases) -> Reply:
    """Return the package sizes of the catalogue. A package may name one in place of its dimensions."""
    sizes = sorted(use_cases.engine.catalogue.package_sizes.items())
    found = [
        PackageSizeView(
            Reference=reference,
            Description=reference,
            CustomerReference=NO_GUID,
            Length=size.length_cm,
            Width=size.width_cm,
            Height=size.height_cm,
            Weight=Decimal(0),
            IsDefault=False,
        )
        for reference, size in sizes
    ]
    return Reply(found, root="PackageSize")


@operation(
    OPERATIONS,
    "POST",
    "/consignments/{consignment}/addpackage",
    "Add a package",
    gives=PackageView,
    takes=FullPackage,
    status=201,
    errors=(400, 404, 409),
)
def add_package(request: Request, use_cases: UseCases) -> Reply:
    """Add a package to a consignment that is not allocated, and return it with the reference issued to it."""
    sent = request.object_of(FullPackage)
    use_cases.require_known_names({"Packages": [sent]})
    package = Packages(use_cases.register).add(request.path["consignment"], sent)
    return Reply(package_view(in_pro_units(package), []), 201, "Package")


@operation(OPERATIONS, "PUT", "/packages/{package}", "Change a package", takes=FullPackage, errors=(400, 404, 409))
def update_package(request: Request, use_cases: UseCases) -> Reply:
    """Change a package of a consignment that is not allocated. What is left out stays."""
    sent = request.object_of(FullPackage)
    use_cases.require_known_names({"Packages": [sent]})
    Packages(use_cases.register).change(request.path["package"], sent)
    return Reply()


@operation(
    OPERATIONS,
    "PUT",
    "/packages/{package}/setCustomerProvidedReference",
    "Set the sender's reference of a package",
    takes=SenderReference,
    errors=(400, 404, 409),
)
def set_reference_of_package(request: Request, use_cases: UseCases) -> Reply:
    """Set the sender's own reference of a package of a consignment that is not allocated."""
    given = request.model(SenderReference).reference
    Packages(use_cases.register).change(request.path["package"], {"PackageReferenceProvidedByCustomer": given})
    return Reply()


@operation(OPERATIONS, "DELETE", "/packages/{package}", "Delete a package", errors=(400, 404, 409))
def delete_package(request: Request, use_cases: UseCases) -> Reply:
    """Delete a package of a consignment that is not allocated. The last package can't be deleted."""
    Packages(use_cases.register).delete(request.path["package"])
    return Reply()


@operation(
    OPERATIONS,
    "POST",
    "/consignments/{consignment}/removepackage/{package}",
    "Remove a package",
    errors=(400, 404, 409),
)
def remove_package(request: Request, use_cases: UseCases) -> Reply:
    """Delete a package of a consignment that is not allocated, at the address of 2016."""
    Packages(use_cases.register).delete(request.path["package"], request.path["consignment"])
    return Reply()


@operation(
    OPERATIONS,
    "PUT",
    "/consignments/{consignment}/setCustomerProvidedReference",
    "Set the sender's reference of a consignment",
    takes=SenderReference,
    errors=(400, 404, 409),
)
def set_reference_of_consignment(request: Request, use_cases: UseCases) -> Reply:
    """Set the sender's own reference of a consignment."""
    given = {"ConsignmentReferenceProvidedByCustomer": request.model(SenderReference).reference}
    use_cases.register.edit(request.path["consignment"], lambda _: given)
    return Reply()


@operation(
    OPERATIONS,
    "PUT",
    "/consignments/{consignment}/details",
    "Set the details of a consignment",
    takes=ConsignmentDetails,
    errors=(400, 404, 409),
)
def set_consignment_details(request: Request, use_cases: UseCases) -> Reply:
    """Set shipping date, requested delivery date and the sender's reference of a consignment."""
    details = request.model(ConsignmentDetails)
    use_cases.register.edit(request.path["consignment"], lambda seen: _changes_of(details, seen))
    return Reply()


@operation(
    OPERATIONS,
    "POST",
    "/consignments/{consignment}/updateconsignmentaddress",
    "Change an address of a consignment",
    takes=FullAddress,
    errors=(400, 404, 409),
)
def update_consignment_address(request: Request, use_cases: UseCases) -> Reply:
    """Put an address in the place of the one of its type, for a consignment that is not allocated."""
    sent = request.object_of(FullAddress)
    kind = sent.get("AddressType")
    if not isinstance(kind, str) or not kind:
        problem = Problem("Required", "AddressType", "is missing")
        raise RequestError("ValidationException", "The address has invalid fields: see Details.", problems=[problem])
    use_cases.require_known_names({"Addresses": [sent]})

    def replaced(seen: Known) -> ConsignmentJson:
        others = [each for each in seen.described().content["Addresses"] if each.get("AddressType") != kind]
        return {"Addresses": [*others, sent]}

    use_cases.register.edit(request.path["consignment"], replaced)
    return Reply()


def _changes_of(details: ConsignmentDetails, seen: Known) -> ConsignmentJson:
    """Return what details change of a consignment, in the names of PUT /consignments."""
    given = details.model_dump(by_alias=True, exclude_none=True)
    changes = {name: given[name] for name in ("ConsignmentReferenceProvidedByCustomer",) if name in given}
    if "ShippingDateTime" in given:
        changes["ShippingDate"] = given["ShippingDateTime"]
    if {"RequestedDeliveryDate", "IsExactRequestedDeliveryDate"} & given.keys():
        before = seen.described().content.get("RequestedDeliveryDate") or {}
        day = given.get("RequestedDeliveryDate", before.get("Date"))
        is_exact = given.get("IsExactRequestedDeliveryDate", before.get("IsToBeExactlyOnTheDateSpecified"))
        promise = {"Date": day, "IsToBeExactlyOnTheDateSpecified": bool(is_exact)}
        changes["RequestedDeliveryDate"] = promise if day else None
    return changes
