-- Begins a refill. The mark (KEYS[1]) holds the run id, and is gone when Redis is emptied before the end.
-- ARGV: how long a refill may take (ms).
redis.call('SET', KEYS[1], string.match(redis.call('INFO', 'server'), 'run_id:(%w+)'), 'PX', ARGV[1])
return 'begun'
