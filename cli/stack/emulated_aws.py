"""Where MiniStack's enforcement of policies differs from AWS's, so that the template's roles are enforced as they are.

Both corrections are needed by `AUTH=true`, which denies a function whatever its role does not allow.
"""

from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any, Final

Application = Callable[..., Awaitable[None]]
FORWARDED_OVER_TLS: Final = (b"x-forwarded-proto", b"https")
BATCH_ACTIONS: Final = {
    "sns:PublishBatch": "sns:Publish",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:SendMessageBatch": "sqs:SendMessage",
}
"""Operations that AWS authorizes as another one (Service Authorization Reference, SNS and SQS)."""


def run_emulator() -> None:
    """Runs MiniStack until it ends."""
    actions: Any = import_module("ministack.core.iam_actions")
    actions.extract_iam_action = authorized_as_by_aws(actions.extract_iam_action)
    emulator: Any = import_module("ministack.app")
    emulator.app = loopback_as_tls(emulator.app)
    emulator.main()


def authorized_as_by_aws(extract: Callable[..., str | None]) -> Callable[..., str | None]:
    """MiniStack's finding of a request's action, with AWS's action for a batch operation."""

    def action(*arguments: Any, **named: Any) -> str | None:
        found = extract(*arguments, **named)
        return BATCH_ACTIONS.get(found, found) if found else found

    return action


def loopback_as_tls(application: Application) -> Application:
    """The ASGI application, for which every request came over TLS.

    The template's policies refuse what does not. Here nothing leaves the machine, and a certificate would have to be
    trusted by every SDK that is pointed at the stack.
    """

    async def call(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if "headers" in scope:
            scope = {**scope, "headers": [*scope["headers"], FORWARDED_OVER_TLS]}
        await application(scope, receive, send)

    return call
