-- Gives instants of a rate away, each once (state/rates.py, OwnRates). By the clock of this Redis, so that all agree.
-- KEYS: the line: the next instant that is free, how late those before may be used, until when that holds.
-- ARGV: instants a second; how many are wanted; then in microseconds: how late one may be used, how far ahead they are
-- given, how long the greatest lateness holds, how long one who forgot gives none.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local rate, wanted, late = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local horizon, keep, forgotten = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local first, kept, till = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) (%d+) (%d+)$')
first, kept, till = tonumber(first or now + forgotten), tonumber(kept or late), tonumber(till or 0)
-- Ahead by more than ever was given: the clock of this machine was set back.
first = math.min(first, now + forgotten + (1000000 + kept) / rate)
if late >= kept then
  till = now + keep
elseif now > till then
  first = first + kept - late
else
  late = kept
end
first = math.max(first, now)
local step, room, count = (1000000 + late) / rate, now + horizon - first, 0
if room >= 0 then
  count = math.min(wanted, math.floor(room / step) + 1)
end
local line = string.format('%.0f %.0f %.0f', math.ceil(first + count * step), late, till)
redis.call('SET', KEYS[1], line, 'PX', 3600000 + math.ceil(step / 1000))
return {count, string.format('%.0f', math.ceil(count > 0 and first - now or -room)), late}
