"""SortedPRO as its client sees it: `tests.fakes.pro_state` with the faults and the time of the simulated world."""

import json
from random import Random

from allocation.adapters.pro_client import MAXIMUM_REPLY_BYTES, NoReplyError, NotSentError, Reply
from tests.fakes.pro_faults import BEFORE_ONLY, BOTH_SIDES, KINDS, STATUSES, Fault, Wire
from tests.fakes.pro_server import work
from tests.fakes.pro_state import ProState
from tests.simulation.world import World

REFUSED = "refused"
BEFORE = tuple(kind for kind in (*BOTH_SIDES, REFUSED) if kind not in ("huge", "drip"))
AFTER = tuple(kind for kind in (*STATUSES, *KINDS) if kind not in (*BEFORE_ONLY, "huge", "drip", "closed_later"))
RETRY_AFTER = (None, 0, 1, 30, 3600)


class WireError(Exception):
    """A call that went wrong, with what went over the wire instead of the answer."""

    def __init__(self, kind: str, wire: Wire) -> None:
        super().__init__(kind)
        self.kind = kind
        self.wire = wire


class SimulatedPro:
    """Stands where `ProClient` stands. Its state does the work at the moment that the world chooses."""

    base_url = "https://apisandbox.electioapp.com"
    connections = 1

    def __init__(self, world: World) -> None:
        self._world = world
        self.state = ProState(self.base_url)

    def call(self, method: str, path: str, body: bytes, seconds: float) -> Reply:
        """One exchange; raises as `ProClient.call` does."""
        if self._world.now < self._world.plan.outage_seconds:
            self._world.sleep(0.1)
            raise NotSentError("no connection: outage")
        done: list[Wire] = []

        def answer() -> Wire:
            done.append(work(self.state, method, path, json.loads(body or b"null")))
            return done[-1]

        def error(after: bool) -> Exception:
            draw = Random(f"{self._world.plan.seed}/{self._world.calls}/pro")
            kind = draw.choice(AFTER if after and done else BEFORE)
            wire = done[-1] if after and done else Wire(500, b"{}")
            return WireError(kind, Fault(kind).strike(wire) if kind != REFUSED else wire)

        try:
            return self._reply(self._world.call(f"{method} {path}", answer, error, seconds), seconds)
        except WireError as error_on_the_wire:
            if error_on_the_wire.kind == REFUSED:
                raise NotSentError("no connection") from error_on_the_wire
            return self._reply(error_on_the_wire.wire, seconds)

    def _reply(self, wire: Wire, seconds: float) -> Reply:
        if wire.ending in ("hang", "drip"):
            self._world.sleep(seconds)
            raise NoReplyError("hung", timed_out=True)
        if wire.ending in ("reset", "cut") or len(wire.body) > MAXIMUM_REPLY_BYTES:
            raise NoReplyError("reset", timed_out=False)
        wish = self._world.random.choice(RETRY_AFTER) if wire.status in (429, 503) else None
        return Reply(wire.status, wire.body, wish)
