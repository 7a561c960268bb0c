-- Moves the shares that holders have of budgets, all in one step (state/budgets.py, Want and SharedCount.move).
-- KEYS: the sentinel, the counts, what holders keep unspent.
-- ARGV: for each want: name, holder, have, want, limit, free.
-- Counts: `NAME` is all that was ever drawn, `NAME|HOLDER` the part of one holder. Gives the generation, then share and
-- all that was drawn of each want.
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local mark, generation = string.match(redis.call('GET', KEYS[1]) or '', '^(%w+)|(%w+)$')
if mark ~= run then
  return 'refill'
end

local function number(field)
  return tonumber(redis.call('HGET', KEYS[2], field) or '0')
end

local function whole(value)
  return string.format('%.0f', value)
end

local answers = {generation}
for first = 1, #ARGV, 6 do
  local name, own = ARGV[first], ARGV[first] .. '|' .. ARGV[first + 1]
  local have, want, limit = tonumber(ARGV[first + 2]), tonumber(ARGV[first + 3]), tonumber(ARGV[first + 4])
  local share, drawn = number(own), number(name)
  local found, before = share, drawn
  if share < have then
    drawn, share = drawn + have - share, have
  end
  if share == have then
    local more = want - have
    if more > 0 then
      more = math.max(0, math.min(more, limit - drawn))
    end
    share, drawn = share + more, drawn + more
  end
  if share ~= found or drawn ~= before then
    redis.call('HSET', KEYS[2], own, whole(share), name, whole(drawn))
  end
  redis.call('HSET', KEYS[3], name, ARGV[first + 4], own, ARGV[first + 5])
  answers[#answers + 1] = whole(share)
  answers[#answers + 1] = whole(drawn)
end
return answers
