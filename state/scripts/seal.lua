-- Ends a refill: where this Redis has run since the mark (KEYS[1]) was set, the sentinel (KEYS[2]) declares it whole.
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
if redis.call('GET', KEYS[1]) ~= run then
  return 'refill'
end
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], run)
return 'whole'
