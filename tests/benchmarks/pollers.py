"""What Lambda does around functions, on the local stack: it takes batches of orders and of changes, and deletes them.

The queue, the tables, the stream and the topic are those of the local stack, whose own pollers are switched off.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from cli.stack.clients import Clients, endpoint
from cli.stack.deploy import Deployment
from tests.benchmarks.bench_run import all_started, require_done
from tests.benchmarks.events import Event, Orders, changes, message
from tests.benchmarks.functions import RESOURCES, Setting, product
from tests.benchmarks.lambda_process import Function, LambdaProcess, processor_seconds
from tests.benchmarks.processor_share import WHOLE_PROCESSOR_MEGABYTES
from tests.benchmarks.replayed_calls import Recorded, Replay, references_in
from tests.benchmarks.stub import as_json
from tests.benchmarks.stubbed import StubProcess

_BATCH: Final = 10
_STREAM_BATCH: Final = 100
# How many functions take orders at once: enough to keep the emulator busy while they wait.
WORKERS: Final = 4
_PATIENCE_SECONDS: Final = 120.0

Answering = Callable[[Event], Any]


@dataclass(frozen=True, slots=True)
class Took:
    """How long orders took from the queue to the topic, and the processor's time of the emulator and of functions."""

    orders: int
    seconds: float
    emulator_seconds: float
    functions_seconds: float

    @property
    def rate(self) -> float:
        """Orders a second."""
        return self.orders / self.seconds


class PolledStack:
    """The deployed stack, and the functions that it would run."""

    def __init__(self, deployment: Deployment) -> None:
        self._clients: Clients = deployment.clients
        self._stack = deployment.stack
        self._emulator = deployment.emulator.process.pid
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

    def took(self, name: str, recorded: Recorded, orders: int) -> Took:
        """Return how long orders take from the queue to the topic."""
        self._send(orders)
        with ExitStack() as stack:
            processes: Mapping[str, LambdaProcess] = {}
            if name == "ours":
                functions = {f"orders-{number}": self.function("orders", self._address) for number in range(WORKERS)}
                functions["publisher"] = self.function("publisher", self._address)
                processes = stack.enter_context(all_started(functions))
                workers: list[Answering] = [partial(_answer, process) for process in processes.values()]
            else:
                workers = [Replay(self._address, recorded, recorded.orders) for _ in range(WORKERS)]
                workers.append(Replay(self._address, recorded, recorded.changes))
            ours = [process.process.pid for process in processes.values()]
            emulator, functions_used = processor_seconds(self._emulator), sum(map(processor_seconds, ours))
            began = time.perf_counter()
            _Run(self, orders).work(workers[:-1], workers[-1])
            return Took(
                orders,
                time.perf_counter() - began,
                processor_seconds(self._emulator) - emulator,
                sum(map(processor_seconds, ours)) - functions_used,
            )

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


def _answer(process: LambdaProcess, event: Event) -> Any:
    return process.invoke(event).answer


class _Run:
    """One run: threads that poll, as Lambda's own pollers do, until all orders went through."""

    def __init__(self, stack: PolledStack, orders: int) -> None:
        self._stack = stack
        self._left = orders
        self._unpublished = orders
        self._lock = threading.Lock()
        self._failures: list[BaseException] = []
        self._until = time.monotonic() + _PATIENCE_SECONDS

    def work(self, workers: Sequence[Answering], publisher: Answering) -> None:
        """Poll until all orders went through. Raises what a poller raised."""
        iterator = self._stack.iterator()
        polls = [lambda each=each: self._take_orders(each) for each in workers]
        threads = [threading.Thread(target=self._guarded, args=(poll,)) for poll in polls]
        threads.append(threading.Thread(target=self._guarded, args=(lambda: self._publish(iterator, publisher),)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._failures:
            raise self._failures[0]

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
