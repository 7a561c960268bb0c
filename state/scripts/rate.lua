-- Gives instants of a rate away, each once (state/rates.py, OwnRates). By the clock of this Redis, so that all agree.
-- KEYS: the line: the next instant that is free, how late those before may be used, until when that holds.
-- ARGV: instants a second; how many are wanted; then in microseconds: how late one may be used, the lead, how far
-- behind that they are given, how long the greatest lateness holds, the greatest lead, how long one who forgot waits.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local rate, wanted, needed, lead = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local horizon, kept, most, forgotten = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local first, late, till = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) (%d+) (%d+)$')
if first then
  first, late, till = tonumber(first), tonumber(late), tonumber(till)
else
  first, late, till = now + forgotten, needed, 0
end
-- Ahead by more than ever was given: the clock of this machine was set back.
first = math.min(first, now + math.max(forgotten, horizon + most) + (1000000 + late) / rate)
if needed >= late then
  late, till = needed, now + kept
elseif now > till then
  first, late = first + late - needed, needed
end
local step, ahead = (1000000 + late) / rate, horizon + lead
first = math.max(first, now + lead)
local room = now + ahead - first
local count = 0
if room >= 0 then
  count = math.min(wanted, math.floor(room / step) + 1)
end
local line = string.format('%.0f %.0f %.0f', math.ceil(first + count * step), late, till)
redis.call('SET', KEYS[1], line, 'PX', 3600000 + math.ceil(step / 1000))
return {count, string.format('%.0f', math.ceil(count > 0 and first - now or -room)), late}
