"""The JSON Schema of catalogues, for editors and other tools: `docs/catalogue/catalogue.json`."""

from typing import Any

from cli.catalogue.document import CatalogueDocument


def catalogue_schema() -> dict[str, Any]:
    """The schema of the document that people write; quantities and places are checked further by `catalogue-check`."""
    schema = CatalogueDocument.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Catalogue"}
