#!/usr/bin/env bash
# The steps of action.yml, one a word: prepare, gate, comment, verdict. Only `verdict` fails the job.
set -euo pipefail

work="${RUNNER_TEMP:-/tmp}/bncheck"
tell() { echo "$1=$2" >> "$GITHUB_OUTPUT"; }

# Where environments and records are kept, and the name that the cache has for these subjects.
prepare() {
  mkdir -p "$work/cache"
  python3 -m pip install --quiet "$BNCHECK"
  tell cache "$work/cache"
  tell key "$(printf '%s' "$SUBJECTS" | sha256sum | cut -c1-12)"
}

gate() {
  mkdir -p "$work"
  export BNCHECK_CACHE="$work/cache"
  local code=0 subjects=() arguments=()
  read -r -a subjects <<< "$SUBJECTS"
  read -r -a arguments <<< "${ARGUMENTS:-}"
  bncheck gate "${subjects[@]}" --baseline "$BASELINE" \
    --record "$work/record.json" --summary "$work/summary.md" --report sarif="$work/findings.sarif" \
    "${arguments[@]}" 2> >(tee "$work/errors.txt" >&2) || code=$?
  if [ ! -s "$work/summary.md" ]; then
    { echo "### ! bncheck could not complete"; echo; sed 's/^/    /' "$work/errors.txt"; } > "$work/summary.md"
  fi
  cat "$work/summary.md" >> "$GITHUB_STEP_SUMMARY"
  tell code "$code"
  tell summary "$work/summary.md"
  if [ -s "$work/record.json" ]; then tell record "$work/record.json"; fi
  if [ -s "$work/findings.sarif" ]; then tell sarif "$work/findings.sarif"; fi
}

# One comment for these subjects: the one with our mark is written anew. A fork's token may not write: no failure.
comment() {
  local mark="<!-- bncheck $MARK -->" place="repos/$GITHUB_REPOSITORY/issues" id
  { echo "$mark"; cat "$SUMMARY"; } > "$work/comment.md"
  id=$(gh api --paginate "$place/$PULL/comments" \
    --jq ".[] | select(.body | startswith(\"$mark\")) | .id" | head -n 1) || id=""
  if [ -n "$id" ]; then
    gh api --method PATCH "$place/comments/$id" --field "body=@$work/comment.md" > /dev/null
  else
    gh api --method POST "$place/$PULL/comments" --field "body=@$work/comment.md" > /dev/null
  fi || echo "::warning::bncheck may not comment on this pull request: it needs pull-requests: write"
}

verdict() {
  case "${CODE:-2}" in
    0) ;;
    1) echo "::error::bncheck: batch normalisation moved; \`bncheck gate ... --update\` accepts it" ;;
    *) echo "::error::bncheck could not complete" ;;
  esac
  exit "${CODE:-2}"
}

"$1"
