"""Labels and customs documents: pure functions, data in and bytes out, the same bytes for the same data.

Import these where a document is asked for, not where a function starts: they load the drawing libraries, which are in
a layer of their own (`layers/documents`, `docs/decisions/0060-what-draws-documents.md`).

    from allocation.consignments.full_consignment import FullAddress, FullConsignment
    consignment = FullConsignment.model_validate(json.loads(text, parse_float=Decimal)).with_locations(locations)

`locations` maps each known `ShippingLocationReference` to its `FullAddress`; without it a label shows the reference
alone, and customs documents are refused for want of the sender's address.

    from allocation.documents.labels import CONTENT_TYPES, label_file
    label_file(consignment: FullConsignment, summary: AllocationSummary, label_format: str = "PDF") -> LabelFile

`{"File": base64, "ContentType": ...}` with a label for each package and leg; formats are the keys of `CONTENT_TYPES`
in any case, and others a `KeyError`. Raises `LabelDataError`.

    from allocation.documents.customs_documents import customs_documents
    customs_documents(
        consignment: FullConsignment, summary: AllocationSummary, on: date, gbp_rates: Mapping[str, Decimal] = {}
    ) -> CustomsDocuments

`{"CommercialInvoiceDocuments": [{"Key": file name, "Value": base64}], "CN22Documents": ..., "CN23Documents": ...}`,
all empty where the goods pass no customs. `on` is today, from the caller's clock. Raises `CustomsDataError`.

The shapes of both replies are in `allocation.documents.replies`, which loads nothing. Both errors are
`allocation.documents.errors.DocumentError`; its `problems` have a `target` (a path in PRO's names) and a `message`, and
fit PRO's error `Details`. That the consignment is allocated is for the caller to check: the summary is that of the
allocation.
"""
