"""What the hub asks of a department: AdapterService, for the hub's key only."""

from concurrent import futures
from contextlib import contextmanager

import grpc

import cards
from exchange import Refused, adapter, fail, sign

ITEMS_MAX = 256
THREADS = 8
UNAVAILABLE = adapter.FetchResult(unavailable="PROVIDER_FAILED")


class Service:
    def __init__(self, settings, stream):
        self._settings = settings
        self._stream = stream

    def describe(self, request):
        return adapter.DescribeResponse(
            department=self._settings.department, stream_epoch=self._stream.epoch, last_sequence=self._stream.last, first_sequence=1,
            attributes=[adapter.DescribedAttribute(name=name, located=value_of is None) for name, value_of in cards.ATTRIBUTES.items()])

    def read_changes(self, request):
        """The bytes as first made, signed as they leave."""
        if request.stream_epoch != self._stream.epoch:
            raise Refused(grpc.StatusCode.FAILED_PRECONDITION, "EPOCH_UNKNOWN")
        if request.from_sequence == 0:
            raise Refused(grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_INVALID")
        for _, _, payload in self._stream.since(request.from_sequence, request.to_sequence or self._stream.last):
            yield adapter.ReadChangesResponse(batch=sign(self._settings, payload))

    def fetch(self, request):
        """Answers every item; one that cannot be answered does not fail the rest."""
        if not 1 <= len(request.items) <= ITEMS_MAX:
            raise Refused(grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_INVALID")
        try:
            rows = cards.read(self._settings.data)
            return adapter.FetchResponse(results=[self._fetch_one(item, rows) for item in request.items])
        except Exception as error:
            print(f"the data cannot be read: {type(error).__name__}", flush=True)
            return adapter.FetchResponse(results=[UNAVAILABLE] * len(request.items))

    def _fetch_one(self, item, rows):
        try:
            return self._answer(item, rows)
        except Exception as error:
            # Of a text that is no number the exception says the text.
            print(f"a row cannot be read: {type(error).__name__}", flush=True)
            return UNAVAILABLE

    def _answer(self, item, rows):
        by_locator = item.subject.WhichOneof("ref") == "locator"
        card = cards.unseal(self._stream.locator_key, item.subject.locator) if by_locator else item.subject.identifier.value
        if item.attribute != "loans" or card is None:
            return UNAVAILABLE
        if card not in rows:
            return adapter.FetchResult(absent=True)
        value = cards.types.Value(integer=int(rows[card]["loans"]))
        return adapter.FetchResult(found=adapter.FetchedValue(value=value, as_of=cards.moment(rows[card]["since"])))

    @contextmanager
    def _guard(self, context):
        """For the hub only; and what goes wrong is told by its kind, since the library tells an exception's text to the caller and the log."""
        try:
            if not self._settings.is_hub(context):
                raise Refused(grpc.StatusCode.PERMISSION_DENIED, "HUB_ONLY")
            yield
        except Refused as refused:
            fail(context, *refused.args)
        except Exception as error:
            print(f"a call of the hub failed: {type(error).__name__}", flush=True)
            context.abort(grpc.StatusCode.INTERNAL, type(error).__name__)

    def one(self, handle):
        def guarded(request, context):
            with self._guard(context):
                return handle(request)

        return guarded

    def many(self, handle):
        def guarded(request, context):
            with self._guard(context):
                yield from handle(request)

        return guarded


def serve(settings, stream):
    service = Service(settings, stream)
    handlers = {
        "Describe": grpc.unary_unary_rpc_method_handler(service.one(service.describe), adapter.DescribeRequest.FromString, adapter.DescribeResponse.SerializeToString),
        "ReadChanges": grpc.unary_stream_rpc_method_handler(service.many(service.read_changes), adapter.ReadChangesRequest.FromString, adapter.ReadChangesResponse.SerializeToString),
        "Fetch": grpc.unary_unary_rpc_method_handler(service.one(service.fetch), adapter.FetchRequest.FromString, adapter.FetchResponse.SerializeToString),
    }
    server = grpc.server(futures.ThreadPoolExecutor(THREADS), options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("dataexchange.adapter.v1.AdapterService", handlers)])
    server.add_secure_port(settings.listen, settings.from_hub())
    server.start()
    print(f"{settings.department} answers on {settings.listen}", flush=True)
    return server
