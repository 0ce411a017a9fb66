#!/usr/bin/env bash
# Brings a department into the running demo: a certificate, and a proposal of its rows of the catalogue that two persons decide on.
# Usage, from the root of the repository: samples/join.sh DEPARTMENT FOLDER
# FOLDER/catalogue/SECTION.yaml holds the rows that are added to a section; @today and @year-end in them become the days of a grant.
set -euo pipefail
department="${1:?department}" folder="${2:?folder}"
dx() { dotnet run --project src/DataExchange.Cli -c Release --no-build -- "$@"; }

# Its key, and the hub's key id, which its adapter insists on.
dx dev certificates --out .dx/certificates --trust-domain demo.dataexchange.example --hub hub-1 --department "$department" >.dx/certificates.txt
sed -n 's/^hub hub-1  key \([0-9a-f]*\) .*/\1/p' .dx/certificates.txt >.dx/hub.key-id
[ -s .dx/hub.key-id ] || { cat .dx/certificates.txt >&2; exit 1; }

# The catalogue as it is, and the department's rows in their sections.
rows=()
for section in "$folder"/catalogue/*.yaml; do
  rows+=(-e "/^$(basename "$section" .yaml):/r $section")
done
sed "${rows[@]}" .dx/catalogue.yaml | sed -e "s/@today/$(date -u +%F)/" -e "s/@year-end/$(date -u -d '+364 days' +%F)/" >.dx/catalogue.next.yaml

# One person proposes it, a second one approves exactly that.
dx dev token ann --role manage --out .dx/ann.token
dx dev token ben --role manage --out .dx/ben.token
dx catalogue apply .dx/catalogue.next.yaml --reason "$department joins" --token-file .dx/ann.token >.dx/proposal.txt
read -r id hash < <(sed -n 's/^proposal \(p-[^ ]*\) open, hash \([0-9a-f]*\)$/\1 \2/p' .dx/proposal.txt) || { cat .dx/proposal.txt >&2; exit 1; }
dx catalogue approve "$id" --hash "$hash" --token-file .dx/ben.token | tail -1
mv .dx/catalogue.next.yaml .dx/catalogue.yaml
