"""python3 lookup.py SETTINGS.json < request.json

Asks the hub; prints {"answer": ...} or {"refusal": ...}.
"""

import json
import sys

import grpc
from google.protobuf import json_format

import exchange

settings = exchange.Settings(sys.argv[1])
request = json_format.Parse(sys.stdin.read(), exchange.lookup.LookupRequest())

with settings.to_hub() as channel:
    ask = channel.unary_unary("/dataexchange.lookup.v1.LookupService/Lookup", exchange.lookup.LookupRequest.SerializeToString, exchange.lookup.LookupResponse.FromString)
    try:
        answer = ask(request, timeout=10)
        print(json.dumps({"answer": json_format.MessageToDict(answer, preserving_proto_field_name=True)}))
    except grpc.RpcError as error:
        print(json.dumps({"refusal": exchange.refusal(error)}))
        sys.exit(1)
