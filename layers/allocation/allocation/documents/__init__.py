"""Labels and customs documents: pure functions, data in and bytes out, the same bytes for the same data.

Import these where a document is asked for, not where a function starts: they load the drawing libraries, which are in
a layer of their own (`layers/documents`, `docs/decisions/0060-what-draws-documents.md`).

    from allocation.consignments.full_consignment import FullAddress, FullConsignment
    consignment = FullConsignment.model_validate(json.loads(text, parse_float=Decimal)).with_locations(locations)

`locations` maps each known `ShippingLocationReference` to its `FullAddress`. Without it a label shows only the
reference, and customs documents are refused because the sender's address is missing.

    from allocation.documents.label_files import CONTENT_TYPES, label_file
    label_file(consignment: FullConsignment, summary: AllocationSummary, label_format: str, package=None) -> LabelFile

This gives `{"File": base64, "ContentType": ...}` with a label for each package and leg, or those of one package. The
formats are the keys of `CONTENT_TYPES`, in any case; another format is a `KeyError`. Raises `LabelDataError`.

    from allocation.documents.customs_documents import CustomsPapers
    CustomsPapers(
        consignment: FullConsignment, summary: AllocationSummary, on: date, gbp_rates: Mapping[str, Decimal]
    ).all() -> CustomsDocuments

This gives `{"CommercialInvoiceDocuments": [{"Key": file name, "Value": base64}], "CN22Documents": ...,
"CN23Documents": ...}`, all empty if the goods pass no customs. `on` is today, from the caller's clock. Raises
`CustomsDataError`. `form` and `commercial_invoice` give a single document. What has more pages than a reply can hold in
time is a `DocumentTooLargeError`.

`allocation.documents.results` has the shapes of both replies and the errors, and loads no drawing library. The errors
of data are a `DocumentError`. Its `problems` have a `target` (a path in PRO's names) and a `message`, and fit the
`Details` of PRO's errors. The caller checks that the consignment is allocated: the summary is that of the allocation.
"""
