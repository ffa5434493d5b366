"""Reads karrio's rate sheets: an export of one in JSON or YAML, a `services.csv`, or a folder with several of those.

karrio need not be installed here. Its source has `services.csv` beside each carrier's code; its wheels leave it out.
"""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, Final

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from cli.catalogue.form_problems import problem_of_form
from cli.input_files import parsed_yaml

SERVICES_FILE: Final = "services.csv"
_WHOLE: Final = re.compile(r"[0-9]{1,3}")
# The columns of a CSV file that are the same in all rows of a service.
_OF_SERVICES: Final = (
    *("service_name", "currency", "weight_unit", "dimension_unit", "origin_country"),
    *("max_length", "max_width", "max_height"),
)


class KarrioSheetError(ValueError):
    """A file that is no rate sheet of karrio's. The text says what is wrong with it."""


def _number(value: object) -> Decimal | None:
    if value in (None, ""):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise ValueError("is no number") from None


def _days(value: object) -> int | None:
    """Return the most days of `3`, `3.0` or `3-5`."""
    numbers = _WHOLE.findall(str(value).partition(".")[0] if isinstance(value, float | Decimal) else str(value))
    return int(numbers[-1]) if numbers else None


def _texts(value: object) -> list[str]:
    """Return a list of texts, also of one that is written with commas."""
    items = value.split(",") if isinstance(value, str) else value or []
    return [str(item).strip() for item in items if str(item).strip()] if isinstance(items, Iterable) else []


_Number = Annotated[Decimal | None, BeforeValidator(_number)]
_Texts = Annotated[list[str], BeforeValidator(_texts)]


class _Part(BaseModel):
    """A part of a sheet. karrio's other fields are left unread."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)


class KarrioZone(_Part):
    """A price: where it holds, and between which weights. A sheet may keep the two apart, under `service_rates`."""

    id: str | None = None
    label: str = ""
    rate: _Number = None
    min_weight: _Number = None
    max_weight: _Number = None
    transit_days: Annotated[int | None, BeforeValidator(_days)] = None
    country_codes: _Texts = []
    postal_codes: _Texts = []
    cities: _Texts = []


class KarrioSurcharge(_Part):
    """What is added to every price of a service: an amount, or a percentage of the price."""

    id: str | None = None
    name: str = "Surcharge"
    amount: _Number = None
    surcharge_type: str = "fixed"
    active: bool = True


class KarrioService(_Part):
    """A service with its prices and limits, in units of its own."""

    id: str | None = None
    service_name: str = ""
    service_code: str
    active: bool = True
    currency: str | None = None
    zones: list[KarrioZone] = []
    surcharges: list[KarrioSurcharge] = []
    zone_ids: list[str] = []
    surcharge_ids: list[str] = []
    max_weight: _Number = None
    max_length: _Number = None
    max_width: _Number = None
    max_height: _Number = None
    weight_unit: str | None = None
    dimension_unit: str | None = None
    dim_factor: _Number = None
    use_volumetric: bool = False
    origin_countries: _Texts = []
    transit_days: Annotated[int | None, BeforeValidator(_days)] = None
    domicile: bool | None = None
    international: bool | None = None


class _ServiceRate(_Part):
    service_id: str
    zone_id: str
    rate: _Number = None
    min_weight: _Number = None
    max_weight: _Number = None
    transit_days: Annotated[int | None, BeforeValidator(_days)] = None


class KarrioSheet(_Part):
    """The services of one carrier."""

    name: str = ""
    carrier_name: str = ""
    origin_countries: _Texts = []
    zones: list[KarrioZone] = []
    surcharges: list[KarrioSurcharge] = []
    service_rates: list[_ServiceRate] = []
    services: list[KarrioService] = []

    def complete(self) -> "KarrioSheet":
        """Return the sheet with every service's prices and surcharges in the service itself."""
        return self.model_copy(update={"services": [self._complete(service) for service in self.services]})

    def _complete(self, service: KarrioService) -> KarrioService:
        zones = {zone.id: zone for zone in self.zones}
        rates = [
            zones[rate.zone_id].model_copy(update=rate.model_dump(exclude_none=True, exclude={"service_id", "zone_id"}))
            for rate in self.service_rates
            if rate.service_id == service.id and rate.zone_id in zones
        ]
        surcharges = [item for item in self.surcharges if item.id in service.surcharge_ids]
        return service.model_copy(
            update={
                "zones": service.zones or rates,
                "surcharges": service.surcharges or surcharges,
                "origin_countries": service.origin_countries or self.origin_countries,
            }
        )


def read_sheets(source: Path) -> list[KarrioSheet]:
    """Return the sheets of a file, or of every `services.csv` below a folder, in the order of their paths.

    Raises `KarrioSheetError`, and `OSError` for what can't be read.
    """
    if not source.is_dir():
        return [sheet.complete() for sheet in _read_file(source)]
    found = sorted(source.rglob(SERVICES_FILE))
    if not found:
        raise KarrioSheetError(f"has no {SERVICES_FILE} below it")
    return [sheet.complete() for path in found for sheet in _read_file(path)]


def _read_file(path: Path) -> list[KarrioSheet]:
    text = path.read_text("utf-8-sig")
    try:
        if path.suffix.lower() == ".csv":
            return _sheets_of_rows(list(csv.DictReader(text.splitlines())), path.parent.name)
        return [KarrioSheet.model_validate(item) for item in _written_sheets(parsed_yaml(text), path.stem)]
    except (ValidationError, yaml.YAMLError) as error:
        raise KarrioSheetError(_first_mistake(error)) from error


def _written_sheets(content: object, name: str) -> Sequence[object]:
    """Return the sheets of an export: one, a list of them, or a list of services."""
    if isinstance(content, Mapping) and "services" in content:
        return [content]
    if not isinstance(content, list) or not content:
        raise KarrioSheetError("has no services")
    if all(isinstance(item, Mapping) and "services" in item for item in content):
        return content
    return [{"carrier_name": name, "services": content}]


def _sheets_of_rows(rows: Sequence[Mapping[str, str]], folder: str) -> list[KarrioSheet]:
    """Return one sheet for each carrier of the rows; the carrier is the folder's where no column names it."""
    if not rows or "service_code" not in rows[0]:
        raise KarrioSheetError("has no column service_code")
    carriers: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows:
        services = carriers.setdefault(row.get("carrier_name") or folder, {})
        service = services.setdefault(row["service_code"], _service_of_row(row))
        service["zones"].append(_zone_of_row(row))
        for flag in ("domicile", "international"):
            if row.get(flag):
                service[flag] = service.get(flag, False) or row[flag].lower() == "true"
    return [
        KarrioSheet.model_validate({"carrier_name": name, "services": list(services.values())})
        for name, services in carriers.items()
    ]


def _service_of_row(row: Mapping[str, str]) -> dict[str, Any]:
    kept = {name: row[name] for name in _OF_SERVICES if row.get(name)}
    return {
        "service_code": row["service_code"],
        "origin_countries": kept.pop("origin_country", ""),
        "zones": [],
        **kept,
    }


def _zone_of_row(row: Mapping[str, str]) -> dict[str, Any]:
    names = ("country_codes", "postal_codes", "min_weight", "max_weight", "transit_days")
    return {
        "label": row.get("zone_label", ""),
        "rate": row.get("rate") or row.get("base_rate"),
        **{name: row[name] for name in names if row.get(name)},
    }


def _first_mistake(error: ValidationError | yaml.YAMLError) -> str:
    if not isinstance(error, ValidationError):
        mark = getattr(error, "problem_mark", None)
        return f"is not YAML or JSON{f' (line {mark.line + 1}, column {mark.column + 1})' if mark else ''}"
    return str(problem_of_form(error.errors()[0]))
