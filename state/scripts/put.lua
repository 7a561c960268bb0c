-- Writes entries by rank (state/ledger.py, RANKS and outranks).
-- KEYS: the guard (the sentinel, or the mark of a refill under way), which holds the run id; then the key of each entry.
-- ARGV: how long an entry is kept (ms); then status, at, code of each entry.
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
if redis.call('GET', KEYS[1]) ~= run then
  return 'refill'
end

local ranks = {sent = 3, failed = 2, refused = 2, unresolved = 2}

local function outranks(status, at, old)
  local old_status, old_at = string.match(old, '^(%a+)|(%d+)|')
  local rank, before = ranks[status] or 1, ranks[old_status] or 1
  if rank ~= before then
    return rank > before
  end
  if rank > 1 or tonumber(at) < tonumber(old_at) then
    return false
  end
  return tonumber(at) > tonumber(old_at) or old_status ~= 'withdrawn'
end

for index = 2, #KEYS do
  local from = 2 + (index - 2) * 3
  local status, at, code = ARGV[from], ARGV[from + 1], ARGV[from + 2]
  local old = redis.call('GET', KEYS[index])
  if not old or outranks(status, at, old) then
    redis.call('SET', KEYS[index], status .. '|' .. at .. '|' .. code, 'PX', ARGV[1])
  end
end
return 'written'
