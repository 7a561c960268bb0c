-- Fills the counts of budgets from what is durable, unless they are whole already (state/budgets.py).
-- KEYS: the mark of this refill, the sentinel, the counts, what holders keep unspent.
-- ARGV: a generation; then field and value of each count.
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
if redis.call('GET', KEYS[1]) ~= run then
  return 'refill'
end
redis.call('DEL', KEYS[1])
if string.match(redis.call('GET', KEYS[2]) or '', '^(%w+)|') == run then
  return 'whole'
end
redis.call('DEL', KEYS[3], KEYS[4])
for first = 2, #ARGV, 2 do
  redis.call('HSET', KEYS[3], ARGV[first], ARGV[first + 1])
end
redis.call('SET', KEYS[2], run .. '|' .. ARGV[1])
return 'whole'
