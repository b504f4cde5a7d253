#!/bin/sh
# Makes the namespace of the conversations and its search attributes. Safe to run on every start.
set -eu

namespace="${TEMPORAL_NAMESPACE:-default}"

# Repeats a command once a second for a minute: the port is open before the server answers, and a new
# namespace is known to the whole server only some seconds later. Compose gives a job no second chance.
insist() {
  tries=0
  until "$@" >/tmp/answer 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -ge 60 ]; then
      cat /tmp/answer >&2
      echo "Gave up after 60 tries: $*" >&2
      exit 1
    fi
    sleep 1
  done
  cat /tmp/answer
}

insist temporal operator cluster health

# Retention counts from the end of a run: conversations that go on are kept for ever.
temporal operator namespace describe --namespace "$namespace" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$namespace" --retention "${TEMPORAL_RETENTION:-168h}"

# Those that are there already are left alone.
insist temporal operator search-attribute create --namespace "$namespace" \
  --name Wallet --type Keyword \
  --name ConversationState --type Keyword \
  --name Model --type Keyword \
  --name NeedsHuman --type Bool \
  --name LastTurnAt --type Datetime
