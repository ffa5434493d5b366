"""The description of an API operation, from which its route and its OpenAPI entry both come.

To add an operation, decorate its handler with `operation` in one of the `..._routes` modules.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.consignments.allocations import Allocations
from allocation.consignments.full_consignment import FullAddress, FullConsignment
from allocation.consignments.market import Choices, Market
from allocation.consignments.register import Register
from allocation.consignments.store import Changes
from allocation.engine.engine import Engine
from allocation.engine.loaded_catalogue import Catalogue
from allocation.ports import CatalogueArchive, LimitUsage
from allocation.records.explanations import Explanations


@dataclass(frozen=True, slots=True)
class UseCases:
    """What the operations work with, wired in `composition.py`. `current_engine` returns the engine to use now."""

    changes: Changes
    register: Register
    allocations: Allocations
    current_engine: Callable[[], Engine]
    now: Callable[[], datetime]
    limit_usage: LimitUsage
    archive: CatalogueArchive
    explanations: Explanations

    @property
    def engine(self) -> Engine:
        """The engine to use now."""
        return self.current_engine()

    @property
    def market(self) -> Market:
        """The offers of every carrier service, by the engine to use now."""
        return Market(self.engine, self.limit_usage)

    def choices(self, api_base_url: str) -> Choices:
        """Return the ways to choose a carrier service. `api_base_url` starts the links in the reply."""
        return Choices(self.current_engine, self.limit_usage, self.archive, self.now, api_base_url)

    def located(self, consignment: FullConsignment) -> FullConsignment:
        """Return the consignment with its addresses completed from the shipping locations of the catalogue.

        The catalogue is read only where an address needs it. Raises `RetryableError` if it can't be read then.
        """
        named = [each for each in consignment.addresses if each.shipping_location_reference and each.country is None]
        return consignment.with_locations(_locations(self.engine.catalogue, named)) if named else consignment


def _locations(catalogue: Catalogue, addresses: Sequence[FullAddress]) -> dict[str, FullAddress]:
    """Return the catalogue's locations that addresses name."""
    return {
        location.reference: FullAddress.model_validate(
            {
                "AddressType": address.address_type,
                "CompanyName": address.company_name or location.reference,
                "Country": {"IsoCode": {"TwoLetterCode": location.country}},
                "Postcode": location.postcode,
            }
        )
        for address in addresses
        if (location := catalogue.locations.get(address.shipping_location_reference or ""))
    }


Method = Literal["GET", "PUT", "POST", "DELETE"]
_Handler = Callable[[Request, UseCases], Reply]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API.

    `path` has its parameters in braces and matches in any case. `gives` and `takes` are the types of the reply and the
    body, None for no body. `errors` are the statuses it may answer beyond those of every operation. `query` names the
    optional query parameters. The handler's docstring is the description in OpenAPI.
    """

    method: Method
    path: str
    title: str
    handler: _Handler
    gives: Any
    takes: Any
    status: int
    errors: tuple[int, ...]
    query: tuple[str, ...]
    needs_key: bool

    @property
    def name(self) -> str:
        """The operation's id: its handler's name in camel case, such as `allocateWithQuote`."""
        return _operation_id(self.handler)

    def endpoint(self, use_cases: UseCases) -> "Endpoint":
        """Return the operation as it is served, over these use cases."""
        return Endpoint(self.method, self.path, self.name, lambda request: self.handler(request, use_cases))


def _operation_id(handler: Callable[..., Reply]) -> str:
    """Return a handler's name in camel case."""
    first, *others = handler.__name__.split("_")
    return first + "".join(word.capitalize() for word in others)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What is served at an address. `path` has its parameters in braces and matches in any case.

    `is_pros` says whether PRO's clients call it. Then it answers in XML on request, and with the names of older
    versions; otherwise it answers in JSON only.
    """

    method: Method
    path: str
    name: str
    serve: Callable[[Request], Reply]
    is_pros: bool = True


def operation(
    declared: list[Operation],
    method: Method,
    path: str,
    title: str,
    *,
    gives: Any = None,
    takes: Any = None,
    status: int = 200,
    errors: tuple[int, ...] = (),
    query: tuple[str, ...] = (),
    needs_key: bool = True,
) -> Callable[[_Handler], _Handler]:
    """Declare the decorated function as an operation (see `Operation` for the arguments) at the end of `declared`."""

    def declare(handler: _Handler) -> _Handler:
        declared.append(Operation(method, path, title, handler, gives, takes, status, errors, query, needs_key))
        return handler

    return declare
