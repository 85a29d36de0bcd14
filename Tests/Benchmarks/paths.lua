-- SPDX-License-Identifier: Apache-2.0
-- Has wrk ask for the paths of a file in turns, each thread from a place of its own, and prints one line of JSON in the end.
local threads = 0
function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

function init(arguments)
    paths = {}
    for path in io.lines(arguments[1]) do paths[#paths + 1] = wrk.format("GET", path) end
    turn = number * 97
end

function request()
    turn = turn + 1
    return paths[turn % #paths + 1]
end

function done(summary, latency)
    local errors = summary.errors
    print(string.format('{"rate": %.1f, "p50": %.3f, "p95": %.3f, "p99": %.3f, "failed": %d}', summary.requests / summary.duration * 1e6,
        latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000,
        errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
