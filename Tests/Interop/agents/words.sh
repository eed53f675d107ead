#!/bin/sh
# A command agent that knows nothing of events: what it prints is its answer.
cat > /dev/null
echo "first line"
echo "second line: größer"
