"""What a department in Python needs: the messages, its certificate, and a P-256 signature."""

import hashlib
import json
import os
import sys
from pathlib import Path

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

# Where protoc has put the messages, as README.md says.
sys.path.insert(0, str(Path(__file__).parent / ".dx" / "messages"))

import rpc_status_pb2 as rpc  # noqa: E402
from dataexchange.adapter.v1 import adapter_pb2 as adapter  # noqa: E402, F401
from dataexchange.change.v1 import change_pb2 as change  # noqa: E402
from dataexchange.lookup.v1 import lookup_pb2 as lookup  # noqa: E402

DETAILS = "grpc-status-details-bin"

# This library cannot be told to speak TLS 1.3 only. It can be told the ciphers of TLS 1.2, and one for RSA alone fits no key of an exchange,
# which are all ECDSA: TLS 1.2 finds no cipher, and those of 1.3 are not in this list. Read when the first connection is made.
os.environ["GRPC_SSL_CIPHER_SUITES"] = "ECDHE-RSA-AES256-GCM-SHA384"


class Settings:
    """The settings of one department: a JSON file, its paths as of the folder that the program is started in."""

    def __init__(self, file):
        for name, value in json.loads(Path(file).read_text()).items():
            setattr(self, name, value)
        folder = Path(self.certificates)
        self.root = (folder / "root.pem").read_bytes()
        self.certificate = (folder / f"department-{self.department}.pem").read_bytes()
        self.key = (folder / f"department-{self.department}.key").read_bytes()
        # To be renewed with the hub's own.
        self.hub_pem = Path(self.hub_certificate).read_bytes()

    def to_hub(self):
        """A channel to the hub. This library compares host names only, and every department's certificate could carry one: so the hub's
        own certificate is the only one that is trusted."""
        credentials = grpc.ssl_channel_credentials(self.hub_pem, self.key, self.certificate)
        return grpc.secure_channel(self.hub, credentials, [("grpc.keepalive_time_ms", 20_000)])

    def from_hub(self):
        """Mutual TLS towards the hub."""
        return grpc.ssl_server_credentials([(self.key, self.certificate)], self.root, require_client_auth=True)

    def is_hub(self, context):
        """Whether the caller is the hub: its name, and the key of the certificate that is on file."""
        peer, known = (x509.load_pem_x509_certificate(pem) for pem in (context.auth_context()["x509_pem_cert"][0], self.hub_pem))
        names = peer.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return names.get_values_for_type(x509.UniformResourceIdentifier) == [self.hub_name] and key_id(peer.public_key()) == key_id(known.public_key())


def key_id(public_key):
    spki = public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()


def sign(settings, payload):
    """A signed batch: payload bytes, key id, and r||s over the domain prefix and the payload."""
    key = serialization.load_pem_private_key(settings.key, password=None)
    r, s = utils.decode_dss_signature(key.sign(b"dataexchange.change.v1\0" + payload, ec.ECDSA(hashes.SHA256())))
    return change.SignedChangeBatch(payload=payload, key_id=key_id(key.public_key()), signature=r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def refusal(error):
    """The rich error of a refused call: reason, advice and the fields at fault."""
    details = dict(error.trailing_metadata() or ()).get(DETAILS)
    if details is None:
        return {"code": error.code().value[0], "message": error.details()}
    info, bad = rpc.ErrorInfo(), rpc.BadRequest()
    for detail in rpc.Status.FromString(details).details:
        for message in (info, bad):
            if detail.type_url.endswith("/" + message.DESCRIPTOR.full_name):
                message.ParseFromString(detail.value)
    return {"code": error.code().value[0], "reason": info.reason, "domain": info.domain, "advice": info.metadata["advice"],
            "fields": [violation.field for violation in bad.field_violations]}


class Refused(Exception):
    """Status code and reason that end a call of the hub."""


def fail(context, code, reason):
    """Ends a call of the hub with a reason of docs/errors.md."""
    info = rpc.Detail(type_url="type.googleapis.com/google.rpc.ErrorInfo", value=rpc.ErrorInfo(reason=reason, domain="dataexchange").SerializeToString())
    status = rpc.Status(code=code.value[0], message=reason, details=[info])
    context.set_trailing_metadata([(DETAILS, status.SerializeToString())])
    context.abort(code, reason)
