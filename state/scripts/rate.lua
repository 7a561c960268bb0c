-- Gives instants of a rate away, each once (state/rates.py). By the clock of this Redis, so that all agree.
-- KEYS: the next instant that is free (microseconds).
-- ARGV: microseconds between two, how many are wanted, how far ahead they are given (microseconds).
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local step, wanted, horizon = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local first = tonumber(redis.call('GET', KEYS[1]) or now + horizon + 1)
-- Ahead by more than ever was given: the clock of this machine was set back.
first = math.max(now, math.min(first, now + horizon + step))
local count = 0
if first <= now + horizon then
  count = math.min(wanted, math.floor((now + horizon - first) / step) + 1)
end
redis.call('SET', KEYS[1], string.format('%.0f', first + count * step), 'PX', 3600000 + math.ceil(step / 1000))
if count == 0 then
  return {0, string.format('%.0f', first - now - horizon)}
end
return {count, string.format('%.0f', first - now)}
