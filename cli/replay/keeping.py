"""What a replay needs of a stack beside its records: the catalogue in use, and where results are kept."""

import json
from datetime import datetime

from allocation.aws.file_stores import CATALOGUE_KEY
from allocation.replay.parts import result_key
from allocation.replay.result import ReplayResult
from cli.errors import UsageError
from cli.operations.target import Target
from cli.paths import COMPILED_SAMPLE


def catalogue_in_use(stack: Target) -> str:
    """Return the compiled catalogue that a stack's functions use. Raises `UsageError` where SortedPRO decides."""
    if stack.reading.only_pro_references:
        raise UsageError(f"In {stack.name}, SortedPRO allocates: name the catalogue before, as --from current.yaml.")
    text = stack.catalogue() if stack.catalogue else None
    return COMPILED_SAMPLE.read_text("utf-8") if text is None else text


def keep_result(stack: Target, result: ReplayResult, now: datetime) -> str:
    """Keep a result in the stack's own bucket, named by its moment. Return where. Raises `UsageError`."""
    catalogues = stack.catalogues() if stack.catalogues else None
    if catalogues is None or catalogues.key != CATALOGUE_KEY:
        raise UsageError(f"{stack.name} has no bucket of its own for results: use --html or --json instead of --keep.")
    key = result_key(f"{now:%Y%m%dT%H%M%SZ}")
    body = json.dumps(result.document()).encode()
    catalogues.s3.put_object(Bucket=catalogues.bucket, Key=key, Body=body, ContentType="application/json")
    return f"s3://{catalogues.bucket}/{key}"
