#!/usr/bin/env bash
# Repairs a picture with curl: repair.sh SERVICE IMAGE MASK RESULT
#
# The service may ask for a key, which is read from COGD_KEY.
set -euo pipefail

[ $# = 4 ] || { echo "usage: $0 SERVICE IMAGE MASK RESULT" >&2; exit 2; }
service=$1 image=$2 mask=$3 result=$4
key=()
[ -z "${COGD_KEY:-}" ] || key=(-H "Authorization: Bearer $COGD_KEY")

# --fail-with-body: an error is a problem document (RFC 9457), which is worth reading.
if ! curl --silent --show-error --fail-with-body "${key[@]}" "$service/v1/inpaint" \
    -F "image=@$image" -F "mask=@$mask" --output "$result" --dump-header "$result.headers"; then
    cat "$result" >&2
    exit 1
fi
grep -i -E '^(x-engine|x-solver-iterations|x-mask-coverage|server-timing):' "$result.headers"
