"""Connections to SortedPRO: sent once, never for a call whose time is over."""

import threading
from collections.abc import Callable
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError


class _Call(threading.local):
    """The call that this thread makes."""

    is_over: Callable[[], bool] = staticmethod(lambda: False)


CALL = _Call()


class _TimelyHTTPConnection(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        _refuse_late_call(self)


class _TimelyHTTPSConnection(HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        _refuse_late_call(self)


def _refuse_late_call(connection: HTTPConnection) -> None:
    """Looking up a name takes as long as it takes: a call that was given up meanwhile must not be sent after all."""
    if CALL.is_over():
        connection.close()
        raise ConnectTimeoutError(connection, "the connection came about after the call's time")


class _TimelyHTTPPool(HTTPConnectionPool):
    ConnectionCls = _TimelyHTTPConnection


class _TimelyHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _TimelyHTTPSConnection


class OnceAdapter(HTTPAdapter):
    """Sends each request once, over a connection that is there in time."""

    def __init__(self, connections: int) -> None:
        """Keeps up to `connections` for reuse. urllib3's own retries would repeat a PUT."""
        super().__init__(pool_connections=1, pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Has the pools make connections of our kind."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _TimelyHTTPPool, "https": _TimelyHTTPSPool}
