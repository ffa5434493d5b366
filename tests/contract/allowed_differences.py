"""In what our reply to an example of PRO's help differs from the page, by page: the place, the kind and why.

Everything else of a reply is the same, value by value.
"""

from tests.support.documented import Allowed, Kind


def catalogue(*patterns: str) -> list[Allowed]:
    return [Allowed(pattern, Kind.CATALOGUE) for pattern in patterns]


def moments(*patterns: str) -> list[Allowed]:
    return [Allowed(pattern, Kind.MOMENT) for pattern in patterns]


def unset(why: str, *patterns: str) -> list[Allowed]:
    return [Allowed(pattern, Kind.UNSET, why) for pattern in patterns]


def structure(why: str, *patterns: str) -> list[Allowed]:
    return [Allowed(pattern, Kind.STRUCTURE, why) for pattern in patterns]


def rows(*patterns: str) -> list[Allowed]:
    return [Allowed(pattern, Kind.ROWS) for pattern in patterns]


TYPED = "PRO's type has it; the example leaves it out"
OLDER = "the example shows the names of an earlier version"
OTHER_SHOP = "the example is of a consignment that no page shows how to create"
NO_SUCH = "the sample has no such value"
LOCATION = [
    *unset(NO_SUCH, "$.*CompanyName", "$.*SpecialInstructions"),
    *catalogue("$.*Postcode", "$.*Region"),
]
CONTACT = [*unset(NO_SUCH, "$.Addresses.Contact.*"), *catalogue("$.Addresses.Contact.*")]
LEG = catalogue("$.*TrackingReferences", "$.*Description")
CARRIER = catalogue("$.*CarrierName", "$.*CarrierReference")
SERVICE = catalogue("$.CarrierServiceName", "$.CarrierServiceReference")
DOCUMENTS = [
    *structure(TYPED, "$.CN23Documents is not documented"),
    *catalogue("$.*Documents.Key"),
    Allowed("$.*Documents.Value", Kind.FILE),
]
OPTIONS = [
    *rows("$.DeliveryOptions"),
    *moments("$.*CutOff", "$.*EstimatedDeliveryDate.Date"),
    *catalogue(
        *("$.*Carrier", "$.*CarrierService", "$.*CarrierServiceReference", "$.*ServiceDirection", "$.*Price.*"),
        *("$.*DeliveryWindow.Start", "$.*DeliveryWindow.End", "$.*DayOfWeek", "$.*Guaranteed"),
    ),
]
QUOTES = [
    *rows("$*.Quotes", "$*UnqualifiedServices", "$*.Surcharges"),
    *moments("$.*Date"),
    *catalogue(
        *("$.*Price.Net", "$.*Price.Gross", "$.*UnqualifiedServices.*", "$.*MpdCarrierService"),
        *("$.*MpdCarrierServiceReference", "$.*Requestor"),
    ),
]
LEGS = [
    *catalogue("$.*.Legs.CarrierService.*", "$.*Price.VatAmount"),
    *unset(NO_SUCH, "$.*.Legs.CarrierAccountReference"),
    *unset(TYPED, "$.*.Legs.CarrierService.CarrierName"),
]
OLDER_QUOTES = [
    *QUOTES,
    *LEGS,
    *structure(OLDER, "$.*Price.???Rate *", "$.*Address.* is not documented", "$.*IsoCode.* is missing"),
    *structure(OLDER, "$.*.Legs.* is not documented"),
    *structure(TYPED, "$.*CarrierReference is not documented", "$.*ServiceDirection is not documented"),
    *unset(NO_SUCH, "$.*OriginAddress.SpecialInstructions"),
    *catalogue("$.*OriginAddress.Postcode", "$.*OriginAddress.Region"),
]
PICKUPS = [
    *rows("$.Locations.DeliveryOptions"),
    *moments("$.*CutOff", "$.*EstimatedDeliveryDate.Date"),
    *catalogue(
        *("$.*Carrier", "$.*CarrierService", "$.*CarrierServiceReference", "$.*Price.Net", "$.*Price.Gross"),
        *("$.*Price.VatAmount", "$.*DeliveryWindow.Start", "$.*DeliveryWindow.End", "$.*Guaranteed"),
        "$.Locations.OpeningTimes.*.UtcOffset",
    ),
    *structure(OLDER, "$.*Price.???Rate *", "$.*IsoCode.* is missing"),
    *structure(TYPED, "$.*LatLong is not documented"),
]
ALLOWED: dict[str, list[Allowed]] = {
    # Its window is the catalogue's, in winter; the example's day is another.
    "help/getting_pickup_options.md: Get Pickup Options": [
        *PICKUPS,
        *catalogue("$.Locations.DeliveryOptions.DeliveryWindow.UtcOffset"),
    ],
    "includes/_get_pickup_options.md: Pickup Options": [*PICKUPS, *catalogue("$.*DayOfWeek")],
    "help/tracking_consignments_using_react.md: Example Consignment": [
        *catalogue("$.*TrackingReferences"),
        *CARRIER,
        *moments("$.*Date", "$.DateCreated"),
        *catalogue(
            *("$.Allocation.MpdCarrierService*", "$.Allocation.Price.*", "$.*Currency.Name"),
            "$.Packages.Items.Reference",
        ),
        *unset(
            "no text is kept as none",
            *("$.Addresses.AddressLine?", "$.Addresses.CompanyName", "$.Addresses.Contact.*", "$.Addresses.Region"),
            *("$.Addresses.SpecialInstructions", "$.Allocation.CarrierServiceGroupReference"),
        ),
        *unset(
            OTHER_SHOP,
            *("$.Allocation.Price.Currency.Name", "$.Allocation.Price.TaxRate.Reference", "$.ShippingDate"),
            *("$.ConsignmentLegs.CarrierServiceReference", "$.Packages.ConsignmentLegs.CarrierName"),
        ),
        *structure(TYPED, "$.CustomsDocumentation is not documented", "$.Packages.MetaData is not documented"),
        *structure(OTHER_SHOP, "$.Packages.Items.* is missing"),
    ],
    "help/allocating_consignments.md: Allocation Summary": LEG,
    "includes/_allocating.md: Allocation Summary": LEG,
    "includes/_allocate_with_quote.md: Allocate with Quote": [*LEG, *CARRIER, *SERVICE],
    "help/getting_consignment_data.md: Get Consignment": [*moments("$.DateCreated"), *LOCATION, *CONTACT],
    "help/getting_consignment_data.md: Get Consignment Status": moments("$.ExpectedDeliveryDate"),
    "help/getting_consignment_data.md: Search Consignments": [
        *moments("$.*DateCreated", "$.*ShippingDate", "$.*AllocationDate", "$.*EstimatedDeliveryDate"),
        *catalogue("$.*MpdCarrierServiceReference", "$.*MpdCarrierServiceName", "$.*IsLate", "$.*LabelsPrinted"),
        *catalogue("$.*Value.Amount", "$.*Weight.Value", "$.*DestinationAddressLine1"),
        *unset(TYPED, "$.*Value.Currency.Name", "$.*MpdCarrierReference", "$.*MpdCarrierServiceGroupReference"),
        *unset(OTHER_SHOP, "$.*Delivery*", "$.*Destination*", "$.*Message", "$.*Printed", "$.*ProvidedByCustomer"),
    ],
    "help/getting_customs_docs_and_invoices.md: Get Customs Documents": DOCUMENTS,
    "includes/_get_customs_docs.md: Get Customs Documents": DOCUMENTS,
    "help/getting_delivery_options.md: Get Delivery Options": OPTIONS,
    "includes/_getting_delivery_options.md: Delivery Options": OPTIONS,
    "help/getting_delivery_options.md: Delivery Options Summary": [
        *rows("$.DeliveryOptions"),
        *moments("$.DeliveryOptions"),
        *unset("the sample has services with a time slot", "$.TimeSlots"),
    ],
    "help/getting_delivery_options.md: Get Existing Delivery Options": [
        *structure(OLDER, "$.ConsignmentDetail.Weight.*", "$.DeliveryOption.Price.???Rate *"),
        *structure(OLDER, "$.DeliveryOption.CarrierServiceTypes *", "$.DeliveryOption.ServiceDirection *"),
        *rows("$.ConsignmentDetail.Addresses"),
        *catalogue("$.ConsignmentDetail.Value.Amount"),
        *moments("$.ConsignmentDetail.DateCreated"),
        *unset(TYPED, "$.DeliveryOption.OperationalCutOff"),
        *moments("$.*CutOff", "$.*EstimatedDeliveryDate.Date"),
        *catalogue("$.*Carrier", "$.*CarrierService", "$.*CarrierServiceReference", "$.*Price.*"),
        *catalogue("$.*DeliveryWindow.*", "$.*DayOfWeek"),
    ],
    "help/getting_labels.md: Label Object": [Allowed("$.File", Kind.FILE)],
    "includes/_get_labels_in_format.md: Get Labels in Format": [Allowed("$.File", Kind.FILE)],
    "help/getting_quotes.md: Get Quote": [
        *QUOTES,
        *LEGS,
        *LOCATION,
        *catalogue("$.Quotes.CarrierReference", "$.Quotes.ServiceDirection"),
    ],
    "help/getting_quotes.md: Get Service Group Quotes": [
        *QUOTES,
        *rows("$", "$.*Legs"),
        *catalogue("$.Reference", "$.Name", "$.*CarrierReference", "$.*TaxRate.Reference", "$.*IsElectioService"),
        *catalogue("$.*ConsignmentReference", "$.*ConsignmentReferenceProvidedByCustomer"),
        *catalogue("$.*DestinationAddress.IsCached", "$.*DestinationAddress.Country.Name"),
        *unset(NO_SUCH, "$.Message", "$.CheapestQuote", "$.*CarrierAccountOwner"),
        *unset("a quote tells no contact", "$.*DestinationAddress.Contact"),
        *structure(TYPED, "$.*Price.Currency.Name is not documented", "$.*Address.* is not documented"),
        *structure(OLDER, "$.*Price.???Amount is *", "$.*DestinationAddress.Cache*"),
        *structure("not every group of the sample has a service that fits", "$.Quotes"),
    ],
    "help/getting_quotes_for_an_existing_consignment.md: Quotes": OLDER_QUOTES,
    "includes/_get_quotes_by_con_ref.md: Get Quotes by Consignment Reference": OLDER_QUOTES,
    "help/managing_existing_orders.md: Get Order": [
        *moments("$.DateCreated"),
        *unset("the example's origin is blank", "$.Addresses.Postcode", "$.Addresses.Contact", "$.*RegionCode"),
    ],
    "help/manifesting_consignments.md: Get Customer Manifests": [
        *moments("$.Created"),
        *catalogue("$.CarrierName", "$.ManifestFileStorageContainer"),
        *unset(TYPED, "$.ShippingLocationName"),
    ],
    "help/manifesting_consignments.md: Manifest From Query": structure(TYPED, "$.FailedConsignments is *"),
    "includes/_manifest_consignments_from_query.md: Manifest Consignments From Query": structure(
        TYPED, "$.FailedConsignments is *"
    ),
    "help/selecting_options.md: Select Option": [*LEG, *SERVICE],
    "includes/_select_option.md: Select Option": [*LEG, *SERVICE],
    "help/using_pros_tracking_api.md: Get Events Per Package": catalogue("$.TrackedPackages.Events.CarrierServiceName"),
    "help/using_pros_tracking_api.md: Get Tracking Events": catalogue("$.TrackedPackages.Legs.CarrierServiceName"),
}
