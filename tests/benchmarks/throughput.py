"""The row about a whole stack: orders a second from the queue to the topic, beside what the emulator can take.

The queue, the tables, the stream and the topic are those of the local stack. Its own pollers are switched off: ours
give batches to functions that run under Lambda's runtime client. The ceiling is the same pollers with the same calls
to AWS, recorded and sent as they are by a client that decides nothing.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any, Final

from rich.console import Console

from cli.output import Progress
from cli.paths import folder_of
from cli.stack.clients import HOST, Clients, endpoint
from cli.stack.deploy import Deployment, deployed
from tests.benchmarks.bench_run import Size, all_started, require_done
from tests.benchmarks.events import Event, Orders, changes, message
from tests.benchmarks.figures import Findings, Row, ratios, spread
from tests.benchmarks.functions import RESOURCES, Setting, product
from tests.benchmarks.lambda_process import Function
from tests.benchmarks.processor_share import WHOLE_PROCESSOR_MEGABYTES
from tests.benchmarks.replayed_calls import Recorded, Replay, references_in
from tests.benchmarks.stub import as_json
from tests.benchmarks.stubbed import StubProcess

_BATCH: Final = 10
_STREAM_BATCH: Final = 100
# How many functions take orders at once: the machine has two processors, and the emulator needs one.
_WORKERS: Final = 2
_PATIENCE_SECONDS: Final = 120.0

Answering = Callable[[Event], Any]


def measure_throughput(stub: StubProcess, size: Size, findings: Findings) -> None:
    """Measure orders a second through the stack, and through the stack without us, in turns."""
    found: dict[str, list[float]] = {"ours": [], "ceiling": []}
    with _silent_stack() as deployment:
        stack = _Stack(deployment)
        recorded = stack.recorded(stub)
        for number in range(size.throughput_rounds + 1):
            for name in found:
                rate = stack.rate(name, recorded, size.throughput_orders if number else size.throughput_orders // 5)
                if number:
                    found[name].append(rate)
    note = f"{spread(found['ours']).middle:.0f} to {spread(found['ceiling']).middle:.0f} a second."
    told = f"{note} Both need the emulator's processor, and ours the other one too."
    findings.rows += [
        Row(
            "orders a second, queue to topic, to the ceiling",
            ratios(found["ours"], found["ceiling"]),
            "x",
            0.8,
            "more",
            told,
        ),
        Row("orders a second, queue to topic", spread(found["ours"]), ""),
    ]


@contextmanager
def _silent_stack() -> Iterator[Deployment]:
    """Deploy a stack whose emulator polls nothing itself."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    progress = Progress(Console(stderr=True, quiet=True))
    with deployed(port, {}, folder_of(port), progress) as deployment:
        functions = deployment.clients.functions
        for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
            functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        yield deployment


class _Stack:
    """The deployed stack, and the functions that it would run."""

    def __init__(self, deployment: Deployment) -> None:
        self._clients: Clients = deployment.clients
        self._stack = deployment.stack
        self._streams = deployment.clients.make("dynamodbstreams")
        self._orders = Orders(seed=11)
        [self._stream] = [
            each["StreamArn"] for each in self._streams.list_streams(TableName=self._stack.allocations_table)["Streams"]
        ]

    def function(self, name: str, address: str) -> Function:
        """Return one of our functions as it is deployed, with a whole processor, over an AWS at an address."""
        outputs = {each["FunctionName"]: each for each in self._clients.functions.list_functions()["Functions"]}
        [found] = [each for key, each in outputs.items() if RESOURCES[name] in key]
        variables = {**found["Environment"]["Variables"], "AWS_ENDPOINT_URL": address}
        made = product(name, Setting(0))
        return replace(made, environment={**made.environment, **variables}, megabytes=WHOLE_PROCESSOR_MEGABYTES)

    def recorded(self, stub: StubProcess) -> Recorded:
        """Return the calls that our functions make, as the stub sees them."""
        address = Setting(stub.port).stub
        functions = {name: self.function(name, address) for name in ("orders", "publisher")}
        with all_started(functions) as processes:
            processes["orders"].invoke(self._orders.batch(_BATCH))
            stub.taken()
            batch = self._orders.batch(_BATCH)
            require_done("orders", processes["orders"].invoke(batch))
            written = stub.taken()
            records = [item for table, item in written.items if table == self._stack.allocations_table]
            processes["publisher"].invoke(changes(records))
            stub.taken()
            require_done("publisher", processes["publisher"].invoke(changes(records)))
            published = stub.taken()
        return Recorded(written.calls, published.calls, references_in(batch))

    def rate(self, name: str, recorded: Recorded, orders: int) -> float:
        """Return how many orders a second go from the queue to the topic."""
        self._send(orders)
        with ExitStack() as stack:
            if name == "ours":
                functions = {f"orders-{number}": self.function("orders", self._address) for number in range(_WORKERS)}
                functions["publisher"] = self.function("publisher", self._address)
                processes = stack.enter_context(all_started(functions))
                workers: list[Answering] = [
                    lambda event, key=key: processes[key].invoke(event).answer  # type: ignore[misc]
                    for key in functions
                ]
            else:
                workers = [Replay(self._address, recorded, recorded.orders) for _ in range(_WORKERS)]
                workers.append(Replay(self._address, recorded, recorded.changes))
            return _Run(self, orders, self._stream).rate(workers[:-1], workers[-1])

    @property
    def _address(self) -> str:
        return endpoint(self._stack.port)

    def _send(self, orders: int) -> None:
        for _ in range(0, orders, _BATCH):
            bodies = enumerate(self._orders.bodies(_BATCH))
            entries: Any = [{"Id": str(at), "MessageBody": body} for at, body in bodies]
            self._clients.sqs.send_message_batch(QueueUrl=self._stack.order_queue_url, Entries=entries)

    def take(self, answer: Answering) -> int:
        """Give a batch from the queue to a function, and delete it. Return how many orders it had."""
        url = self._stack.order_queue_url
        received = self._clients.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=_BATCH).get("Messages", [])
        if not received:
            return 0
        answered = answer({"Records": [message(each["Body"]) for each in received]})
        if answered.get("batchItemFailures"):
            raise ValueError(f"orders were returned: {answered}")
        entries: Any = [{"Id": str(at), "ReceiptHandle": each["ReceiptHandle"]} for at, each in enumerate(received)]
        self._clients.sqs.delete_message_batch(QueueUrl=url, Entries=entries)
        return len(received)

    def iterator(self) -> str:
        """Return where the stream's next changes begin."""
        [shard, *_] = self._streams.describe_stream(StreamArn=self._stream)["StreamDescription"]["Shards"]
        answer = self._streams.get_shard_iterator(
            StreamArn=self._stream, ShardId=shard["ShardId"], ShardIteratorType="LATEST"
        )
        return str(answer["ShardIterator"])

    def publish(self, iterator: str, answer: Answering) -> tuple[str, int]:
        """Give changes of the stream to a function. Return where the next begin, and how many there were."""
        read = self._streams.get_records(ShardIterator=iterator, Limit=_STREAM_BATCH)
        records = [as_json(each["dynamodb"]["NewImage"]) for each in read["Records"]]
        if records:
            answer(changes(records))
        return str(read["NextShardIterator"]), len(records)


class _Run:
    """One run: threads that poll, as Lambda's own pollers do, until all orders went through."""

    def __init__(self, stack: _Stack, orders: int, stream: str) -> None:
        self._stack = stack
        self._left = orders
        self._unpublished = orders
        self._lock = threading.Lock()
        self._failures: list[BaseException] = []
        self._stream = stream
        self._until = 0.0

    def rate(self, workers: Sequence[Answering], publisher: Answering) -> float:
        """Return the orders a second. Raises what a poller raised."""
        iterator, orders, began = self._stack.iterator(), self._left, time.perf_counter()
        self._until = time.monotonic() + _PATIENCE_SECONDS
        polls = [lambda each=each: self._take_orders(each) for each in workers]
        threads = [threading.Thread(target=self._guarded, args=(poll,)) for poll in polls]
        threads.append(threading.Thread(target=self._guarded, args=(lambda: self._publish(iterator, publisher),)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._failures:
            raise self._failures[0]
        return orders / (time.perf_counter() - began)

    def _guarded(self, poll: Callable[[], None]) -> None:
        try:
            poll()
        except Exception as failure:  # noqa: BLE001 - raised by who started the thread
            self._failures.append(failure)

    def _take_orders(self, answer: Answering) -> None:
        while self._left > 0 and self._goes_on():
            taken = self._stack.take(answer)
            with self._lock:
                self._left -= taken

    def _publish(self, iterator: str, answer: Answering) -> None:
        while self._unpublished > 0 and self._goes_on():
            iterator, published = self._stack.publish(iterator, answer)
            self._unpublished -= published

    def _goes_on(self) -> bool:
        if time.monotonic() > self._until:
            raise TimeoutError(f"{self._left} orders and {self._unpublished} events are left")
        return not self._failures
