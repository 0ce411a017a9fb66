#!/usr/bin/env bash
# Installs what the tests need beside the .NET SDK, on Debian and Ubuntu; elsewhere says what is missing.
# Starts no service: the tests run their own servers as processes on loopback.
set -euo pipefail

missing=()
[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || missing+=(rabbitmq-server)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
[ -x /usr/sbin/mariadbd ] || missing+=(mariadb-server)
command -v strace >/dev/null || missing+=(strace)
command -v setpriv >/dev/null || missing+=(util-linux)
command -v node >/dev/null || missing+=(nodejs)
command -v softhsm2-util >/dev/null || missing+=(softhsm2)
command -v npm >/dev/null || missing+=(npm)
command -v sqlite3 >/dev/null || missing+=(sqlite3)
command -v curl >/dev/null || missing+=(curl)
# For samples/08-python.
/usr/bin/python3 -c 'import grpc' 2>/dev/null || missing+=(python3-grpcio)
/usr/bin/python3 -c 'import google.protobuf' 2>/dev/null || missing+=(python3-protobuf)
/usr/bin/python3 -c 'import cryptography' 2>/dev/null || missing+=(python3-cryptography)
command -v protoc >/dev/null || missing+=(protobuf-compiler)
[ -f /usr/include/google/protobuf/timestamp.proto ] || missing+=(libprotobuf-dev)

# The packages of the Node sample and of what checks documents; a second time does nothing.
install_node_packages() {
  local here folder
  here=$(dirname "${BASH_SOURCE[0]}")
  for folder in "$here/../samples/07-node" "$here/documents"; do
    [ -d "$folder/node_modules" ] || npm ci --silent --ignore-scripts --prefix "$folder"
  done
}

if ! command -v dotnet >/dev/null; then
  echo 'missing: the .NET 10 SDK' >&2
  exit 1
fi
[ ${#missing[@]} -gt 0 ] || { install_node_packages; exit 0; }

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  as_root=(sudo -n)
fi
if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
  echo "missing: ${missing[*]}; tests that need them will fail" >&2
  exit 0
fi

echo "installing ${missing[*]}"
# Packages ask policy-rc.d whether they may start their service; 101 means no.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
fi
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
install_node_packages
