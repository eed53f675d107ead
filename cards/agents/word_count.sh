#!/bin/sh
# Reads the text of a message, prints some numbers about it. A file, because the text is read more than once.
set -eu
text=$(mktemp)
trap 'rm -f "$text"' EXIT
cat > "$text"

echo "Lines: $(($(wc -l < "$text")))"
echo "Words: $(($(wc -w < "$text")))"
echo "Characters: $(($(wc -m < "$text") - 1))"

if ! grep -q '[[:alnum:]]' "$text"; then
  echo "There are no words in this message." >&2
  exit 65 # the gateway rejects the task
fi
echo
echo "Most frequent words:"
tr '[:upper:]' '[:lower:]' < "$text" | tr -cs '[:alnum:]' '\n' | sed '/^$/d' | sort | uniq -c | sort -k1,1nr -k2 |
  head -n 5 | while read -r count word; do
  echo "  $word ($count)"
done
