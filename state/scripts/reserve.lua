-- May these actions leave? One answer each, `status|at|code`, all in one step (state/ledger.py, Ask and Ledger.reserve).
-- KEYS: the sentinel; then for each ask its action, void, erasure and consent.
-- ARGV: now, how long an entry is kept (ms); then for each ask: token, decided_at, consent, overtake_at, verdict, code.
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
if redis.call('GET', KEYS[1]) ~= run then
  return 'refill'
end

local settled = {sent = true, failed = true, refused = true, unresolved = true}
local now, kept = ARGV[1], ARGV[2]
local answers = {}

local function parse(value)
  if not value then
    return nil
  end
  return string.match(value, '^(%a+)|(%d+)|(.*)$')
end

local function withdrawn(value, decided_at)
  local status, at = parse(value)
  return status == 'withdrawn' and tonumber(decided_at) <= tonumber(at)
end

for index = 1, (#KEYS - 1) / 4 do
  local first = 2 + (index - 1) * 4
  local values = redis.call('MGET', KEYS[first], KEYS[first + 1], KEYS[first + 2], KEYS[first + 3])
  local from = 3 + (index - 1) * 6
  local token, decided_at, consent, overtake_at = ARGV[from], ARGV[from + 1], ARGV[from + 2], ARGV[from + 3]
  local status, at, code = parse(values[1])
  local answer
  if settled[status] then
    answer = values[1]
  elseif status == 'reserved' and code ~= token and tonumber(at) > tonumber(overtake_at) then
    answer = 'held|' .. at .. '|'
  else
    local entry
    if values[3] then
      entry = 'refused|' .. now .. '|erased'
    elseif values[2] then
      entry = 'refused|' .. now .. '|void'
    elseif consent == '1' and withdrawn(values[4], decided_at) then
      entry = 'refused|' .. now .. '|consent'
    elseif ARGV[from + 4] ~= '' then
      entry = ARGV[from + 4] .. '|' .. now .. '|' .. ARGV[from + 5]
    end
    answer = entry or ('reserved|' .. now .. '|')
    redis.call('SET', KEYS[first], entry or ('reserved|' .. now .. '|' .. token), 'PX', kept)
  end
  answers[index] = answer
end
return answers
