-- The load that wrk makes: requests for one account, or for many in a Zipf distribution.
--
--     wrk -s load.lua URL -- METHOD TARGET NAMES SEED PAUSE
--
-- METHOD is POST (a JSON body), GET (a query string), or FILE (a GET of the target as it is).
-- NAMES is a pattern with the number of an account in it, then a colon and how many there are.
-- The account of rank k is asked for in proportion to 1/k; the order follows from the seed.
-- Before each request a connection pauses for PAUSE milliseconds on average; 0: not at all.
-- At the end one line of JSON is written.

local LENGTH = 65536 -- requests in the order that is gone through again and again

local function cumulated_weights(count)
    local sums, sum = {}, 0
    for rank = 1, count do
        sum = sum + 1 / rank
        sums[rank] = sum
    end
    return sums
end

local function rank_of(sums, value)
    local low, high = 1, #sums
    while low < high do
        local middle = math.floor((low + high) / 2)
        if sums[middle] < value then low = middle + 1 else high = middle end
    end
    return low
end

local makers = {
    POST = function(target, name)
        return wrk.format("POST", target, { ["Content-Type"] = "application/json" },
            string.format('{"username":"%s"}', name))
    end,
    GET = function(target, name) return wrk.format("GET", target .. "?username=" .. name) end,
    FILE = function(target) return wrk.format("GET", target) end,
}

local requests, order, place = {}, {}, 0

function init(arguments)
    local make, target = makers[arguments[1]], arguments[2]
    local pattern, count = arguments[3]:match("^(.*):(%d+)$")
    local sums = cumulated_weights(tonumber(count))
    for rank = 1, #sums do
        requests[rank] = make(target, string.format(pattern, rank))
    end
    math.randomseed(tonumber(arguments[4]))
    for i = 1, LENGTH do
        order[i] = rank_of(sums, math.random() * sums[#sums])
    end
    local pause = tonumber(arguments[5])
    if pause > 0 then
        -- wrk looks whether there is such a function.
        function delay() return math.random(0, 2 * pause) end
    end
end

function request()
    place = place % LENGTH + 1
    return requests[order[place]]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"requests": %d, "seconds": %.6f, "bytes": %d, "p50_us": %d, "p99_us": %d, '
            .. '"largest_us": %d, "refused": %d, "broken": %d}\n',
        summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50),
        latency:percentile(99), latency.max, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout))
end
