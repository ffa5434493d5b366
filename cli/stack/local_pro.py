"""SortedPRO for a stack on this machine: an account at a URL, or the packaged imitation."""

import re
import secrets
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from allocation.domain.mode import AllocationMode, ModeName, ReferencedMode
from cli.errors import UsageError
from cli.imitation.consignments import GROUPS, SERVICES
from cli.stack.clients import HOST, Clients

# The secret that a local stack has the subscription key in.
SECRET_NAME: Final = "sortedpro-subscription-key"  # noqa: S105 - its name

_SANDBOX: Final = "https://apisandbox.electioapp.com"
# What the imitation has, by the mode that names it.
_KNOWN: Final[Mapping[ReferencedMode, Collection[str]]] = {
    ModeName.SERVICE_GROUP: GROUPS,
    ModeName.CARRIER_SERVICE: SERVICES,
}
# As the template has it for `ProBaseUrl`.
_URL: Final = re.compile(r"(https://[A-Za-z0-9.-]+|http://127\.0\.0\.1)(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?")


@dataclass(frozen=True, slots=True)
class LocalPro:
    """The SortedPRO that a stack calls. `listening` is the socket of the imitation, None for an account's.

    It `creates` the consignments of orders that are not its own, where it is to.
    """

    url: str
    key: str = field(repr=False)
    listening: socket.socket | None = None
    creates: bool = False

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of `template.yaml` that lead to it."""
        creating = {"CreateInPro": "on", "ProDetails": "on"} if self.creates else {}
        return {"Allocator": "pro", "ProBaseUrl": self.url, "ProSecretName": SECRET_NAME, **creating}

    @property
    def shown(self) -> Mapping[str, str]:
        """What a person needs to call the imitation. The key of an account is written nowhere."""
        return {"PRO_URL": self.url, "PRO_KEY": self.key} if self.listening else {}

    def keep_key(self, clients: Clients) -> None:
        """Put the key where the functions look for it."""
        clients.secretsmanager.create_secret(Name=SECRET_NAME, SecretString=self.key)


def account(url: str, key: str) -> LocalPro:
    """Return SortedPRO itself, or whatever serves its API at the URL. Raises `UsageError` for what can't be used."""
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError("--pro-key is not a subscription key: give its plain letters and digits, without blanks.")
    if not _URL.fullmatch(url):
        raise UsageError(
            f"--pro-url {url!r} can't be used: give an https URL as {_SANDBOX}, without a user, a query or a fragment. "
            f"http is accepted only for {HOST}."
        )
    return LocalPro(url.rstrip("/"), key)


def imitation(mode: AllocationMode) -> LocalPro:
    """Return an imitation that listens already, on a port of its own. It answers when the emulator serves it.

    Raises `UsageError` for a group or a carrier service that it does not have.
    """
    if mode.reference is not None and mode.reference not in (known := _KNOWN[mode.name]):
        kind = mode.name.replace("_", " ")
        raise UsageError(
            f"The imitation of SortedPRO has no {kind} {mode.reference!r}. It has {', '.join(sorted(known))}."
        )
    listening = socket.create_server((HOST, 0))
    return LocalPro(f"http://{HOST}:{listening.getsockname()[1]}", secrets.token_urlsafe(24), listening)
