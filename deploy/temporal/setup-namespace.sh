#!/bin/sh
# Makes the namespace of the conversations and its search attributes. Safe to run on every start.
set -eu

namespace="${TEMPORAL_NAMESPACE:-default}"

# The port is open before the server answers.
tries=0
until temporal operator cluster health >/dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -ge 60 ]; then
    echo "The Temporal server at $TEMPORAL_ADDRESS did not become healthy within 60 s." >&2
    exit 1
  fi
  sleep 1
done

# Retention counts from the end of a run: conversations that go on are kept for ever.
temporal operator namespace describe "$namespace" >/dev/null 2>&1 ||
  temporal operator namespace create --retention "${TEMPORAL_RETENTION:-168h}" "$namespace"

# One that is there already is left alone.
temporal operator search-attribute create --namespace "$namespace" \
  --name Wallet --type Keyword \
  --name ConversationState --type Keyword \
  --name Model --type Keyword \
  --name NeedsHuman --type Bool \
  --name LastTurnAt --type Datetime
