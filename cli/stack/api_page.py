"""A page to try the allocation API in a browser: Swagger UI and the OpenAPI document, in a bucket of the local AWS.

The page and the API have the same origin there, so a browser lets one call the other.
"""

import json
import mimetypes
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from cli.paths import ROOT
from cli.stack.clients import REGION, Clients, endpoint
from cli.stack.deploy import Stack

_BUCKET: Final = "allocation-api-page"
DOCUMENT: Final = ROOT / "docs" / "openapi.json"
ASSETS: Final = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Carrier allocation API</title>
  <link rel="icon" href="favicon-32x32.png">
  <link rel="stylesheet" href="swagger-ui.css">
  <style>#page .file { display: block; margin-bottom: 1em; max-width: min(100%, 640px); border: 1px solid; }</style>
</head>
<body>
  <div id="page"></div>
  <script src="swagger-ui-bundle.js"></script>
  <script>
    // A label is answered as base64 in JSON, which nobody can look at: it is shown above the answer, or can be saved.
    const fileOf = (answer) => {
      try {
        const {File, ContentType} = JSON.parse(answer);
        return File && ContentType ? {address: `data:${ContentType};base64,${File}`, kind: ContentType} : null;
      } catch { return null; }
    };
    const Files = ({React: {createElement}}) => ({wrapComponents: {responseBody: (Body) => (props) => {
      const file = fileOf(props.content), body = createElement(Body, props);
      if (!file) return body;
      const shown = file.kind.startsWith("image/")
        ? createElement("img", {className: "file", src: file.address, alt: "The file in the answer"})
        : createElement("a", {className: "file", href: file.address, download: "label"}, `Save the ${file.kind}`);
      return createElement("div", null, shown, body);
    }}});
    const page = SwaggerUIBundle({
      url: "openapi.json", dom_id: "#page", deepLinking: true, tryItOutEnabled: true, displayRequestDuration: true,
      plugins: [Files], onComplete: () => page.preauthorizeApiKey("key", KEY),
    });
  </script>
</body>
</html>
"""


def publish_page(clients: Clients, stack: Stack) -> str:
    """Put the page where it is served, and return its address. It has the stack's key: it is for this machine only."""
    clients.s3.create_bucket(Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    clients.s3.delete_public_access_block(Bucket=_BUCKET)
    clients.s3.put_bucket_policy(Bucket=_BUCKET, Policy=json.dumps(_readable_by_all()))
    for name, content in contents(stack).items():
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        clients.s3.put_object(Bucket=_BUCKET, Key=name, Body=content, ContentType=kind)
    return f"{endpoint(stack.port)}/{_BUCKET}/index.html"


def contents(stack: Stack) -> Mapping[str, bytes]:
    """Return the files of the page."""
    document = {**json.loads(DOCUMENT.read_text("utf-8")), "servers": [{"url": stack.api_url}]}
    return {
        **{name: (assets() / name).read_bytes() for name in ASSETS},
        "openapi.json": json.dumps(document).encode(),
        "index.html": _PAGE.replace("KEY", json.dumps(stack.api_key)).encode(),
    }


def assets() -> Path:
    """Return where the package has Swagger UI. Only its files are wanted, so it is not imported."""
    package = find_spec("flask_swagger_ui")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("flask_swagger_ui is not installed: `make .local/carrier/.synced` installs it")
    return Path(package.submodule_search_locations[0]) / "dist"


def _readable_by_all() -> dict[str, Any]:
    """Return the policy of a bucket that anyone may read."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{_BUCKET}/*"}
    return {"Version": "2012-10-17", "Statement": [statement]}
