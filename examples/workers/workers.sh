#!/bin/sh
# A tiny service to experiment on: workers that stay alive until somebody ends them.
#
#   workers.sh start N     start N workers, ending those of before
#   workers.sh count       print how many are alive
#   workers.sh kill N      end N of them with SIGKILL, as a crash would
#   workers.sh stop        end them all
#
# Each worker is a `sleep` in a session of its own; its process id is in a file.
set -eu

dir="${TMPDIR:-/tmp}/squall-workers-$(id -u)"

# A process id may be given to another program later: only a `sleep` is ours, and a dead one that
# nobody has taken note of yet (state Z) does not count.
is_worker() {
    grep -q '^Name:.sleep$' "/proc/$1/status" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
}

alive() {
    for file in "$dir"/*.pid; do
        [ -e "$file" ] || continue
        pid=$(cat "$file")
        if is_worker "$pid"; then
            echo "$pid"
        fi
    done
}

stop() {
    for pid in $(alive); do
        kill -KILL "$pid" 2>/dev/null || true
    done
    rm -rf "$dir"
}

case "${1:-}" in
start)
    stop
    mkdir -p "$dir"
    number=1
    while [ "$number" -le "$2" ]; do
        setsid sleep 600 </dev/null >/dev/null 2>&1 &
        echo "$!" >"$dir/$number.pid"
        number=$((number + 1))
    done
    # `setsid` becomes `sleep` a moment after it was started.
    while [ "$(alive | wc -l)" -lt "$2" ]; do :; done
    echo "$2 workers started"
    ;;
count)
    alive | wc -l | tr -d ' '
    ;;
kill)
    for pid in $(alive | head -n "$2"); do
        kill -KILL "$pid"
        while is_worker "$pid"; do :; done
        echo "killed $pid"
    done
    ;;
stop)
    stop
    ;;
*)
    echo "usage: workers.sh start N | count | kill N | stop" >&2
    exit 2
    ;;
esac
