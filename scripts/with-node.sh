#!/bin/sh
# with-node.sh FILE [ARGUMENTS] - run FILE under a Node that fits this project, whatever Node the machine has.
# Where none fits, the pinned one is brought from npm into .node/ first (see find-node.sh).
set -eu
here=$(CDPATH='' cd -P -- "$(dirname -- "$0")" && pwd -P)
node=$(sh "$here/find-node.sh" --fetch) || exit 1
# As under the launcher: without the variable that costs some Nodes 37 ms a start. npm needs it where a proxy
# signs with its own certificate, so npm is never run through this file.
unset NODE_EXTRA_CA_CERTS
exec "$node" "$@"
