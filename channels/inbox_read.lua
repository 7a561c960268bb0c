-- Marks a message as read, at first, where it lies in the inbox: in one step, or a mark for an inbox that an erasure or
-- its age took away meanwhile would stay behind without an end.
-- KEYS: the messages (hash), their order (sorted set). ARGV: id, now (ms). Gives 1 where it is there, 0 where it is not.
if not redis.call('ZSCORE', KEYS[2], ARGV[1]) then
  return 0
end
redis.call('HSETNX', KEYS[1], ARGV[1] .. ':read', ARGV[2])
return 1
