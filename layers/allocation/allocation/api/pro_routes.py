"""Every route that SortedPRO documents, served here or not: the one list that the API and its page are checked against.

A route that is not served answers 501 and names itself. That is told from a wrong address (404), and a client's author
sees at once that the address is right and the operation is missing here.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from allocation.domain.frozen import frozen

# PRO's reference of its API 1.1.
_CURRENT: Final = """
PUT /allocation/allocate | Allocate consignments by default rules
PUT /allocation/{consignment}/allocatewithcheapestquote | Allocate consignment
PUT /allocation/{consignment}/allocatewithservicegroup/{group} | Allocate consignment with service group
PUT /allocation/allocatewithcarrierservice | Allocate with carrier service
PUT /allocation/allocateConsignmentsWithServiceFilters | Allocate with service filters
PUT /allocation/{consignment}/allocatewithquote/{quote} | Allocate with quote
PUT /consignments/{consignment}/deallocate | Deallocate consignment
PUT /consignments/deallocatelist | Deallocate consignments
GET /carrierservices | Get available MPD carrier services
GET /carriers/getcarriers | Get carriers
GET /carriers | Get MPD carrier services for subscription
GET /collectioncalendar/{location}/{carrier} | Get collection calendar
POST /consignments | Create consignment
POST /consignments/{consignment}/addpackage | Add package
PUT /consignments/{consignment}/cancel | Cancel consignment
PUT /consignments/cancellist | Cancel consignments
PUT /consignments/Dispatch | Dispatch consignments
GET /consignments/{consignment} | Get consignment
GET /consignments/getconsignmentwithmetadata/{consignment} | Get consignment with metadata
GET /consignments/{consignment}/status | Get consignment status
GET /consignments/getConsignmentReferences | Get consignments' references
GET /consignments/customer/manifest/{manifest} | Get customer manifest
GET /consignments/customer/manifests | Get customer manifests
GET /consignments/{take}/{skip} | Search consignments
PUT /consignments/setreadytoship | Set ready to ship
PUT /consignments/setnotreadytoship | Set not ready to ship
PUT /consignments | Update consignment
GET /consignments/docs/commercialinvoice/{consignment} | Get commercial invoice
GET /consignments/docs/{type}/{consignment}/{package} | Get customs document
GET /consignments/docs/{consignment} | Get customs documents
POST /deliveryoptions | Delivery options
POST /deliveryoptions/summary | Delivery option summary
GET /deliveryoptions/details/{option} | Get existing delivery option
POST /deliveryoptions/selectorder | Select delivery option as an order
POST /deliveryoptions/select/{option} | Select option
POST /deliveryoptions/pickupoptions | Pickup options
POST /deliveryoptions/reserve/{option} | Reserve pickup option
POST /events/consignments | Get consignment events of specified type
POST /events/consignments/stateevents | Get consignment state events of specified type
GET /labels/{consignment} | Get labels
GET /labels/{consignment}/{format} | Get labels in format
GET /labels/package/{consignment}/{package} | Get package label
GET /labels/package/{consignment}/{package}/{format} | Get package label in format
PUT /consignments/manifest | Manifest consignments
POST /consignments/manifestFromQuery | Manifest consignments from query
PUT /consignments/manifestFromQuery | Manifest consignments from query, as two of PRO's call flows send it
POST /orders | Create order
GET /orders/{order} | Get order
PUT /orders/{order} | Update order
POST /orders/{order}/address | Add address to order
PUT /orders/{order}/address | Update address on order
POST /orders/{order}/pack | Pack order
GET /packagesizes | Get package sizes
DELETE /packages/{package} | Delete package
POST /quotes | Get quotes
GET /quotes/consignment/{consignment} | Get quotes by consignment reference
POST /quotes/serviceGroups | Get service group quotes
GET /shippinglocations | Get shipping locations
GET /shippinglocations/assigned | Get assigned shipping locations
GET /tracking/{consignment} | Get tracking events
GET /tracking/flattened/{consignment} | Get events per package
POST /tracking/carrierevents | Post tracking events
"""

# What PRO's .NET SDK of 2016 and the client generated from PRO's description of 2017 call beyond these.
_EARLIER: Final = """
PUT /allocation/allocate/{date} | Allocate everything that ships by a date
PUT /allocation/allocate/{month}/{day}/{year} | Allocate by a date of .NET
PUT /allocation/allocatewithcarrierservice/{date} | Allocate with carrier service what ships by a date
PUT /allocation/allocatewithcarrierservice/{month}/{day}/{year} | Allocate with carrier service by a date of .NET
PUT /allocation/allocatewithservicegroup | Allocate with service group
PUT /allocation/allocatewithservicegroup/{date} | Allocate with service group what ships by a date
PUT /allocation/allocatewithservicegroup/{month}/{day}/{year} | Allocate with service group by a date of .NET
GET /carrierservices/carrierservices | Get available carrier services
GET /carrieraccounts/getcarriers | Get carriers with accounts
GET /carriers/getcustomercarriers/{customer}/{page}/{size} | Get a customer's carriers
PUT /collectioncalendar/{location}/{carrier} | Change collection calendar
POST /collectioncalendar/addRule/{location}/{carrier} | Add rule to collection calendar
PUT /collectioncalendar/removeRule/{rule} | Remove rule from collection calendar
POST /collectioncalendar/addException/{location}/{carrier} | Add exception to collection calendar
PUT /collectioncalendar/removeException/{exception} | Remove exception from collection calendar
GET /consignmentcustomers/manifest/{manifest} | Get customer manifest
GET /consignmentcustomers/manifests | Get customer manifests
POST /consignments/{consignment}/addpackages/{count} | Add empty packages
PUT /consignments/{consignment}/addpackages/{count} | Add empty packages
POST /consignments/{consignment}/removepackage/{package} | Remove package
GET /consignments/{consignment}/audit | Get audit messages
PUT /consignments/{consignment}/details | Set consignment details
POST /consignments/{consignment}/updateconsignmentaddress | Update consignment address
PUT /consignments/{consignment}/setCustomerProvidedReference | Set the sender's reference of a consignment
GET /consignments/count | Get count of consignments
GET /consignments/late | Get late consignments
GET /consignments/summary | Get summary of consignments
GET /consignments/summary/courier | Get summary by carrier
GET /consignments/summary/latepackages | Get summary of late packages
GET /consignments/getconsignmentonly/{consignment} | Get consignment without its parts
GET /consignments/clientReference/{reference} | Get consignment by the sender's reference
GET /consignments/clientReference/{reference}/status | Get consignment status by the sender's reference
PUT /consignments/update | Update consignment
GET /deliveryoptions/consignment/{consignment} | Get delivery options of a consignment
GET /deliveryoptions/{option} | Get existing delivery options
GET /deliveryoptions/pickupOptions/consignment/{consignment} | Get pickup options of a consignment
POST /deliveryoptions/pickupoptions/reserve/{option} | Reserve pickup option
POST /deliveryoptions/heartbeat | Check that delivery options answer
POST /pickupLocationLocator | Find nearest pickup locations
GET /documents/labels/{consignment} | Get labels
GET /labels/{consignment}/{package}/{format} | Get package label in format, as an example of PRO's help has it
POST /labels/GetLabels | Get labels
PUT /items/{package} | Add item to package
GET /items/{item} | Get item
GET /items/package/{package} | Get items of package
DELETE /items/{package}/{item} | Remove item from package
PUT /items/move | Move item
PUT /items/{barcode}/setCustomerProvidedReference | Set the sender's reference of an item
GET /lateconsignments/carrierlate/{from}/{to} | Get consignments late by the carrier
GET /lateconsignments/customer/{from}/{to} | Get consignments late for the customer
POST /packagesizes | Create package size
GET /packagesizes/default | Get default package size
PUT /packagesizes/{size} | Update package size
DELETE /packagesizes/{size} | Delete package size
PUT /packagesizes/{size}/default | Set default package size
PUT /packages/{package} | Update package
PUT /packages/{package}/split | Split package
PUT /packages/{package}/setCustomerProvidedReference | Set the sender's reference of a package
GET /quotes/{request} | Get quotes asked for before
GET /quotes/purge/{key} | Purge quotes
GET /quotes/refresh/{key} | Refresh rates, as PRO's .NET SDK calls it
GET /quotes/refresh/{key}/{customer} | Refresh a customer's rates, as PRO's .NET SDK calls it
GET /rates/refresh/{key} | Refresh rates
GET /rates/refresh/{key}/{customer} | Refresh a customer's rates
GET /rates/management/staticdata/vat/{country} | Get VAT rates
GET /rates/management/staticdata/dimensionUnits | Get units of dimensions
GET /servicegroups | Get service groups
GET /servicegroups/{group} | Get service group
GET /servicegroups/summaries | Get summaries of service groups
GET /servicegroups/summary/{group} | Get summary of service group
GET /servicegroups/{group}/available | Check that a service group's reference is free
POST /servicegroups | Create service group
PUT /servicegroups/{group} | Update service group
DELETE /servicegroups/{group} | Delete service group
GET /shippinglocations/{location} | Get shipping location
GET /shippinglocations/{location}/available | Check that a shipping location's reference is free
POST /shippinglocations | Create shipping location
PUT /shippinglocations/{location} | Update shipping location
DELETE /shippinglocations/{location} | Delete shipping location
GET /staticdata/countries | Get countries
GET /staticdata/currencies | Get currencies
GET /staticdata/timezones | Get time zones
GET /staticdata/titles | Get titles
GET /staticdata/permissions | Get permissions
GET /staticdata/builtinroles | Get built-in roles
GET /tracking/clientreference/{reference} | Get tracking events by the sender's reference
POST /accounts | Create account
PUT /accounts | Update account
GET /accounts/{account} | Get account
GET /accounts/{account}/customers | Get customers of account
POST /accounts/invite | Invite account
PUT /accounts/apikeygenerate/primary/{account} | Generate new primary API key
PUT /accounts/apikeygenerate/secondary/{account} | Generate new secondary API key
POST /roles/custom | Create role
PUT /roles | Update role
DELETE /roles/{role} | Delete role
GET /roles/{role}/accounts | Get accounts in role
POST /roles/{role}/accounts/{account} | Add account to role
PUT /roles/{role}/accounts/{account} | Add account to role
DELETE /roles/{role}/accounts/{account} | Remove account from role
POST /security/validatetoken | Validate token
POST /security/CreatePasswordReset | Create password reset token
PUT /security/ChangePassword | Change password
PUT /security/SetPassword | Set password
PUT /security/SignOut | Sign out
GET /security/permissions | Get permissions
"""

_OF_CATALOGUE: Final = "The catalogue has it, which is published as a whole: change it there."
_OF_ACCOUNTS: Final = "Keys and their scopes are in the stack's secret, and people in the console's."
# Why a route is not served, by what its path begins with; the first that fits.
_REASONS: Final = (
    ("/accounts", _OF_ACCOUNTS),
    ("/roles", _OF_ACCOUNTS),
    ("/security", _OF_ACCOUNTS),
    ("/staticdata/permissions", _OF_ACCOUNTS),
    ("/staticdata/builtinroles", _OF_ACCOUNTS),
    ("/staticdata/timezones", "They are numbers of PRO's own, which no page has."),
    ("/rates/management/staticdata/dimensionunits", "They are numbers of PRO's own, which no page has."),
    ("/rates/refresh", "There is nothing to refresh: a new catalogue is in use by itself within a minute."),
    ("/quotes", "Quotes are not kept: ask for them again by the consignment."),
    ("/carriers/getcustomercarriers", "There is one customer: its carriers are at /carriers/getcarriers."),
    ("/packages/{package}/split", "No page says how a package is split: add packages, and move its items."),
    ("/items/{barcode}", "A label exists only once a consignment is allocated, and its items then no longer change."),
    ("/collectioncalendar", _OF_CATALOGUE),
    ("/packagesizes", _OF_CATALOGUE),
    ("/servicegroups", _OF_CATALOGUE),
    ("/shippinglocations", _OF_CATALOGUE),
)


@frozen
class ProRoute:
    """A route of PRO. `path` has its parameters in braces."""

    method: str
    path: str
    title: str

    @property
    def form(self) -> tuple[str, ...]:
        """The method and the path's segments without names of parameters: what two routes are compared by."""
        return self.method, *form_of(self.path)

    @property
    def reason(self) -> str:
        """Why it is not served, where it is not."""
        path = self.path.lower()
        return next((reason for start, reason in _REASONS if path.startswith(start)), "")


def _read(rows: str) -> tuple[ProRoute, ...]:
    parts = (row.replace(" | ", " ", 1).split(" ", 2) for row in rows.strip().splitlines())
    return tuple(ProRoute(method, path, title) for method, path, title in parts)


CURRENT: Final = _read(_CURRENT)
EARLIER: Final = _read(_EARLIER)


def form_of(path: str) -> tuple[str, ...]:
    """Return a path's segments in lower case, `{}` for each parameter. Slashes around it don't count."""
    return tuple("{}" if part.startswith("{") else part.lower() for part in path.strip("/").split("/"))


def specificity(form: Sequence[str]) -> tuple[bool, ...]:
    """Return what routes of one length are sorted by: the first whose literals match is the one that is meant."""
    return tuple(part == "{}" for part in form)


class Unserved:
    """The routes of PRO that are not served here. `served` are the methods and paths that are."""

    def __init__(self, served: Iterable[tuple[str, str]]) -> None:
        forms = {(method, *form_of(path)): None for method, path in served}
        missing = {route.form: route for route in (*CURRENT, *EARLIER) if route.form not in forms}
        self._by_length: dict[int, list[tuple[tuple[str, ...], ProRoute | None]]] = {}
        for form, route in sorted({**missing, **forms}.items(), key=lambda item: specificity(item[0])):
            self._by_length.setdefault(len(form), []).append((form, route))

    def at(self, method: str, path: str) -> ProRoute | None:
        """Return the route that a request means, or None where it means one that is served, or none of PRO's."""
        asked = (method, *path.strip("/").lower().split("/"))
        for form, route in self._by_length.get(len(asked), ()):
            if all(given and part in ("{}", given) for part, given in zip(form, asked, strict=True)):
                return route
        return None
