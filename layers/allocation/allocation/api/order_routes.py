"""Orders: create, get and update them, and pack their items into consignments."""

from typing import Annotated, Any, Final, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from allocation.api.operations import Operation, operation
from allocation.api.order_views import OrderView, order_view
from allocation.api.replies import ApiLinkView, Reply
from allocation.api.requests import Request
from allocation.api.use_cases import UseCases
from allocation.consignments.full_consignment import CustomsDocumentation, FullAddress, FullConsignment, MetaData
from allocation.consignments.pro_values import ProModel
from allocation.consignments.store import ConsignmentJson

OPERATIONS: Final[list[Operation]] = []


class PackedItem(ProModel):
    """An item of the order, named by one of these."""

    reference: str | None = None
    item_reference_provided_by_customer: str | None = None
    sku: str | None = None
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class PackedPackage(ProModel):
    """A package to pack: what it leaves out is that of the order's package."""

    items: Annotated[list[PackedItem], Field(min_length=1)]
    weight: dict[str, Any] | None = None
    dimensions: dict[str, Any] | None = None
    package_size_reference: str | None = None


class PackOrder(ProModel):
    """What to pack of an order into one consignment."""

    packages: Annotated[list[PackedPackage], Field(min_length=1)]
    order_reference: str | None = None
    order_reference_provided_by_customer: str | None = None
    generate_return: bool | None = None
    meta_data: list[MetaData] | None = None
    customs_documentation: CustomsDocumentation | None = None
    tags: list[str] | None = None


class PackOrderResult(TypedDict):
    """A consignment that was packed. Its link ends with its reference."""

    Result: str
    ApiLinks: list[ApiLinkView]
    Message: NotRequired[str | None]


class PackOrderResponse(TypedDict):
    """The consignments that were packed: the one asked for and, if asked for, its return."""

    Results: list[PackOrderResult]


@operation(
    OPERATIONS,
    "POST",
    "/orders",
    "Create an order",
    gives=list[ApiLinkView],
    takes=FullConsignment,
    status=201,
    errors=(400,),
)
def create_order(request: Request, use_cases: UseCases) -> Reply:
    """Create an order. The link in the reply ends with the reference that was issued to it."""
    sent = request.object_of(FullConsignment)
    use_cases.require_known_names(sent)
    return Reply([_order_link(request, use_cases.orders.create(sent))], 201, "ApiLink")


@operation(OPERATIONS, "GET", "/orders/{order}", "Get an order", gives=OrderView, errors=(404,))
def get_order(request: Request, use_cases: UseCases) -> Reply:
    """Return an order as it is now."""
    return Reply(order_view(use_cases.orders.order(request.path["order"])), root="Order")


@operation(OPERATIONS, "PUT", "/orders/{order}", "Update an order", takes=FullConsignment, errors=(400, 404, 409))
def update_order(request: Request, use_cases: UseCases) -> Reply:
    """Replace an order's details, apart from its packages. Addresses, direction and tags stay where left out."""
    sent = request.object_of(FullConsignment)
    use_cases.require_known_names(sent)
    use_cases.orders.update(request.path["order"], sent)
    return Reply()


@operation(OPERATIONS, "POST", "/orders/{order}/address", "Add an address", takes=FullAddress, errors=(400, 404, 409))
def add_address_to_order(request: Request, use_cases: UseCases) -> Reply:
    """Add an address of a type that the order does not have yet."""
    use_cases.orders.set_address(request.path["order"], _address(request, use_cases), is_new=True)
    return Reply()


@operation(OPERATIONS, "PUT", "/orders/{order}/address", "Update an address", takes=FullAddress, errors=(400, 404, 409))
def update_address_on_order(request: Request, use_cases: UseCases) -> Reply:
    """Replace an address of a type that the order has."""
    use_cases.orders.set_address(request.path["order"], _address(request, use_cases), is_new=False)
    return Reply()


@operation(
    OPERATIONS,
    "POST",
    "/orders/{order}/pack",
    "Pack an order",
    gives=PackOrderResponse,
    takes=PackOrder,
    status=201,
    errors=(400, 404),
)
def pack_order(request: Request, use_cases: UseCases) -> Reply:
    """Create a consignment of items of an order and, on request, a second one for their return.

    What the request leaves out is taken from the order. The same items can be packed again, as in PRO.
    """
    sent = request.object_of(PackOrder)
    request.model(PackOrder)
    references = use_cases.options.pack(request.path["order"], sent)
    results = [
        PackOrderResult(
            Result=result,
            ApiLinks=[ApiLinkView(Rel="Consignment", Href=f"{request.base_url}/consignments/{reference}")],
        )
        for result, reference in zip(("ConsignmentCreated", "ReturnConsignmentCreated"), references, strict=False)
    ]
    return Reply(PackOrderResponse(Results=results), 201, "PackOrderResponse")


def _address(request: Request, use_cases: UseCases) -> ConsignmentJson:
    address = request.object_of(FullAddress)
    use_cases.require_known_names({"Addresses": [address]})
    return address


def _order_link(request: Request, reference: str) -> ApiLinkView:
    return ApiLinkView(Rel="Order", Href=f"{request.base_url}/orders/{reference}")
