"""From the stream to the hub, through its ingress."""

import queue
import random
import threading
import time

import grpc

from exchange import change, refusal, sign

UNANSWERED_MAX = 64
HEARTBEAT_SECONDS = 2
SERVICE = "/dataexchange.change.v1.ChangeIngressService/"


def publish(settings, stream):
    """Never ends but with the process: whatever fails is tried again, from where the hub says it is."""
    with settings.to_hub() as channel:
        while True:
            try:
                publish_from(watermark(channel, stream), channel, settings, stream)
            except grpc.RpcError as error:
                print(f"the hub does not take batches: {refusal(error)}", flush=True)
            except StandStill as why:
                print(f"the hub does not take batches: {why}", flush=True)
            except Exception as error:
                print(f"publishing failed: {type(error).__name__}", flush=True)
            time.sleep(1 + random.random())


class StandStill(Exception):
    """What a person has to decide."""


def watermark(channel, stream):
    """How far the hub has applied the stream."""
    ask = channel.unary_unary(SERVICE + "GetStreamState", change.GetStreamStateRequest.SerializeToString, change.GetStreamStateResponse.FromString)
    state = ask(change.GetStreamStateRequest(), timeout=10)
    if state.stream_epoch and state.stream_epoch != stream.epoch:
        raise StandStill("it knows another epoch: its operator has to accept this one")
    if state.quarantined:
        raise StandStill("the stream is in quarantine: the hub's operator has to look")
    if state.watermark > stream.last:
        raise StandStill("it knows more than the stream: the folder was set back, begin with an empty one")
    return state.watermark


def publish_from(applied, channel, settings, stream):
    requests = queue.Queue()
    unanswered = threading.Semaphore(UNANSWERED_MAX)
    ended = threading.Event()
    sending = threading.Thread(target=send, args=(applied, requests, unanswered, ended, settings, stream), daemon=True)
    publish_all = channel.stream_stream(SERVICE + "Publish", change.PublishRequest.SerializeToString, change.PublishResponse.FromString)
    call = publish_all(iter(requests.get, None))
    sending.start()
    try:
        for answer in call:
            unanswered.release()
            if answer.result == change.BATCH_RESULT_QUARANTINED:
                raise StandStill(f"batch {answer.first_sequence} put the stream in quarantine: {answer.reason}, {answer.detail}")
            # A refused batch stays a gap until what it breaks is mended; the hub then asks for it with ReadChanges.
            if answer.reason:
                print(f"batch {answer.first_sequence} was refused: {answer.reason}, {answer.detail}", flush=True)
            if answer.watermark > applied:
                applied = answer.watermark
                print(f"the hub has applied {applied} changes of {stream.last}", flush=True)
    finally:
        ended.set()
        # As many as the thread asks for before it looks whether the call has ended.
        unanswered.release(UNANSWERED_MAX + 1)
        sending.join()
        call.cancel()


def send(sent, requests, unanswered, ended, settings, stream):
    """Until the call has ended. What fails here ends the call, and with it what waits for answers."""
    try:
        send_on(sent, requests, unanswered, ended, settings, stream)
    except Exception as error:
        print(f"sending failed: {type(error).__name__}", flush=True)
    finally:
        requests.put(None)


def send_on(sent, requests, unanswered, ended, settings, stream):
    def put(payload):
        unanswered.acquire()
        requests.put(change.PublishRequest(batch=sign(settings, payload)))

    idle_since = 0.0
    while not ended.is_set():
        for _, last, payload in stream.since(sent + 1, most=UNANSWERED_MAX):
            put(payload)
            sent, idle_since = last, time.monotonic()
        # The age of an answer counts from the last batch: without heartbeats what this department said grows stale.
        if time.monotonic() - idle_since > HEARTBEAT_SECONDS and (heartbeat := stream.heartbeat(sent)):
            put(heartbeat)
            idle_since = time.monotonic()
        ended.wait(0.1)
