"""What the hub asks of a department: AdapterService, for the hub's key only."""

from concurrent import futures

import grpc

import cards
from exchange import adapter, fail, sign

ITEMS_MAX = 256
THREADS = 8


class Service:
    def __init__(self, settings, stream):
        self._settings = settings
        self._stream = stream

    def describe(self, request, context):
        return adapter.DescribeResponse(
            department=self._settings.department, stream_epoch=self._stream.epoch, last_sequence=self._stream.last, first_sequence=1,
            attributes=[adapter.DescribedAttribute(name=name, located=value_of is None) for name, value_of in cards.ATTRIBUTES.items()])

    def read_changes(self, request, context):
        """The bytes as first made, signed as they leave."""
        if request.stream_epoch != self._stream.epoch:
            fail(context, grpc.StatusCode.FAILED_PRECONDITION, "EPOCH_UNKNOWN")
        if request.from_sequence == 0:
            fail(context, grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_INVALID")
        for _, _, payload in self._stream.since(request.from_sequence, request.to_sequence or self._stream.last):
            yield adapter.ReadChangesResponse(batch=sign(self._settings, payload))

    def fetch(self, request, context):
        """Answers every item; one that cannot be answered does not fail the rest."""
        if not 1 <= len(request.items) <= ITEMS_MAX:
            fail(context, grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_INVALID")
        rows = cards.read(self._settings.data)
        return adapter.FetchResponse(results=[self._fetch_one(item, rows) for item in request.items])

    def _fetch_one(self, item, rows):
        by_locator = item.subject.WhichOneof("ref") == "locator"
        card = cards.unseal(self._stream.locator_key, item.subject.locator) if by_locator else item.subject.identifier.value
        if item.attribute != "loans" or card is None:
            return adapter.FetchResult(unavailable="PROVIDER_FAILED")
        if card not in rows:
            return adapter.FetchResult(absent=True)
        value = cards.types.Value(integer=int(rows[card]["loans"]))
        return adapter.FetchResult(found=adapter.FetchedValue(value=value, as_of=cards.moment(rows[card]["since"])))

    def only_hub(self, handle):
        def guarded(request, context):
            if not self._settings.is_hub(context):
                fail(context, grpc.StatusCode.PERMISSION_DENIED, "HUB_ONLY")
            return handle(request, context)

        return guarded


def serve(settings, stream):
    service = Service(settings, stream)
    handlers = {
        "Describe": grpc.unary_unary_rpc_method_handler(service.only_hub(service.describe), adapter.DescribeRequest.FromString, adapter.DescribeResponse.SerializeToString),
        "ReadChanges": grpc.unary_stream_rpc_method_handler(service.only_hub(service.read_changes), adapter.ReadChangesRequest.FromString, adapter.ReadChangesResponse.SerializeToString),
        "Fetch": grpc.unary_unary_rpc_method_handler(service.only_hub(service.fetch), adapter.FetchRequest.FromString, adapter.FetchResponse.SerializeToString),
    }
    server = grpc.server(futures.ThreadPoolExecutor(THREADS), options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("dataexchange.adapter.v1.AdapterService", handlers)])
    server.add_secure_port(settings.listen, settings.from_hub())
    server.start()
    print(f"{settings.department} answers on {settings.listen}", flush=True)
    return server
